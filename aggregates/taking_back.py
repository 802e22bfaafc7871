"""What an import said of a client who was there is taken back: what was known before counts again, as it was known.

That happened when the import said it, so these facts are recorded at that moment. No rule of those who correct a card
holds here: what was, was.
"""

from typing import ClassVar
from uuid import UUID

from aggregates.entry import WithEntry
from aggregates.registration import WithRegistration
from events import client as facts
from events.base import Event
from events.client_merge import (
    ClientMergedInto,
    ClientPartAdvanced,
    ClientsMerged,
    ClientUnmerged,
    ClientUnmergedFrom,
)
from events.values import Confidence, ContactKind, Lifecycle, OwnershipCause, ProfileField


class WithTakingBack(WithEntry, WithRegistration):
    """A client of whom an import said something that is not so."""

    PASSING: ClassVar[frozenset[type[Event]]] = frozenset(
        {ClientsMerged, ClientMergedInto, ClientUnmerged, ClientUnmergedFrom, ClientPartAdvanced}
    )

    def put_back_name(self, name: str, *, source: str | None, confidence: Confidence) -> None:
        """Record the name before; the present one records nothing."""
        if name != self.name:
            told = {"from_name": self.name, "to_name": name, "source": source, "confidence": confidence}
            self.trigger_event(facts.ClientRenamed, **told)

    def put_back_trait(self, field: ProfileField, value: str | None, *, source: str, confidence: Confidence) -> None:
        """Record what was known of a trait before, or that nothing was; what is known records nothing."""
        known = self.profile.get(field)
        if known == (None if value is None else (value, confidence)):
            return
        told = {"from_value": known and known[0], "to_value": value, "source": source, "confidence": confidence}
        self.trigger_event(facts.ProfileCorrected, field=field, **told)

    def put_back_tax_id(
        self, tax_id: str | None, *, country: str, is_wrong: bool, source: str, confidence: Confidence
    ) -> None:
        """Record the tax number before, a wrong one as it was written; the present one records nothing."""
        if (tax_id, is_wrong) == (self.tax_id, self.is_tax_id_wrong):
            return
        self.trigger_event(
            facts.TaxIdCorrected,
            from_tax_id=self.tax_id,
            to_tax_id=tax_id,
            source=source,
            confidence=confidence,
            from_country=self.tax_country,
            to_country=country,
            is_tax_id_wrong=is_wrong,
        )

    def take_back_point(self, kind: ContactKind, key: str, *, reason: str) -> None:
        """Record that the client is not reached this way, were it the only one; an unknown one records nothing."""
        point = self.points.get((kind, key))
        if point is not None:
            self.trigger_event(facts.ContactPointRemoved, point=point, reason=reason)

    def put_back_owner(self, owner_id: UUID | None, *, reason: str) -> None:
        """Record whose the client was before, or that it was nobody's; the present owner records nothing."""
        if owner_id == self.owner_id:
            return
        told = {"from_owner_id": self.owner_id, "cause": OwnershipCause.REVERT, "reason": reason}
        if owner_id is None:
            self.trigger_event(facts.ClientReleased, **told)
        elif self.owner_id is None:
            self.trigger_event(facts.ClientClaimed, owner_id=owner_id, cause=OwnershipCause.REVERT)
        else:
            self.trigger_event(facts.ClientTransferred, to_owner_id=owner_id, **told)

    def put_back_lifecycle(self, state: Lifecycle, *, reason: str) -> None:
        """Record how far the relationship had come before; the present state records nothing."""
        if state is not self.lifecycle:
            self.trigger_event(facts.LifecycleAdvanced, from_state=self.lifecycle, to_state=state, reason=reason)
