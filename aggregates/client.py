"""The client: who they are, how they are reached, and the one manager who owns them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aggregates.client_errors import (
    ClientHasNoOwnerError,
    ClientIsArchivedError,
    ClientIsOwnedError,
    ContactPointExistsError,
    ContactPointIsUnknownError,
    ContactPointNeededError,
    CorrectionNeedsRightError,
    LastContactPointError,
    LifecycleRunsForwardError,
    NotAnOrganisationError,
    NotAPersonError,
    OwnershipOutOfOrderError,
    ParentIsBelowError,
    ReasonNeededError,
    TooManyContactPointsError,
)
from aggregates.client_state import AT_ONCE, MOST_CONTACT_POINTS
from aggregates.data_notice import WithDataNotices
from aggregates.note import WithNotes
from aggregates.staff import StaffMember
from aggregates.taking_back import WithTakingBack
from aggregates.tax_id import UNREGISTERED, Registered, kept_numbers, right_numbers
from events import client as facts
from events.base import Event
from events.values import (
    AffiliationRole,
    ClientKind,
    Confidence,
    ContactKind,
    ContactPoint,
    Lifecycle,
    OwnershipCause,
    ProfileFact,
    ProfileField,
)

CYCLE = tuple(Lifecycle)
BOUGHT = "a deal was won"
"""Why a client who bought is a customer."""
OWN_CORRECTIONS = timedelta(hours=24)
"""So long whoever entered a value puts their own slip of the pen right; from then on an operator does."""


class Client(WithNotes, WithDataNotices, WithTakingBack):
    """A person or an organisation the company deals with."""

    NOTE_FACTS = (facts.ClientNoted, facts.ClientNoteEdited, facts.ClientNoteWithdrawn)
    ENTRY_REVERTED = facts.ClientEntryReverted

    def check_present(self) -> None:
        """Raise ClientIsArchivedError when the card is put away."""
        if self.is_archived:
            raise ClientIsArchivedError(client_id=self.id)

    def register(
        self,
        *,
        kind: ClientKind,
        name: str,
        source: str,
        contact_points: Sequence[ContactPoint] = (),
        numbers: Registered = UNREGISTERED,
        profile: Sequence[ProfileFact] = (),
        external_id: str | None = None,
        date_unknown: bool = False,
        duplicate_reason: str | None = None,
        is_history: bool = False,
    ) -> None:
        """Record the first entry; old records may come without a contact point, and with a wrong tax number."""
        points = {(point.kind, point.key): point for point in contact_points}
        if not points and not is_history:
            raise ContactPointNeededError
        known = {}
        if numbers is not UNREGISTERED:
            known = (kept_numbers if is_history else right_numbers)(numbers, kind).as_told()
        self.trigger_event(
            facts.ClientRegistered,
            kind=kind,
            name=name,
            contact_points=tuple(points.values()),
            **known,
            profile=tuple(profile),
            source=source,
            external_id=external_id,
            date_unknown=date_unknown,
            duplicate_reason=duplicate_reason,
        )

    def check_own_entry(self, name: str, actor: str, now: datetime) -> None:
        """Raise CorrectionNeedsRightError unless who asks entered the value of this name a short while ago."""
        entered = self.entered.get(name)
        own = entered if entered is not None and entered.by == actor else None
        if own is None or now - own.at > OWN_CORRECTIONS:
            since = None if own is None else own.at
            hours = OWN_CORRECTIONS // timedelta(hours=1)
            raise CorrectionNeedsRightError(client_id=self.id, hours=hours, since=since)

    def rename(self, name: str, *, source: str, confidence: Confidence = Confidence.STATED) -> None:
        """Record another name; the present one records nothing."""
        if name == self.name:
            return
        self.check_present()
        was = self.name if self.own_name in {None, name} else self.own_name
        self.trigger_event(facts.ClientRenamed, from_name=was, to_name=name, source=source, confidence=confidence)

    def add_contact_point(self, point: ContactPoint, *, source: str, duplicate_reason: str | None = None) -> None:
        """Record one more way to reach the client; a known one records nothing, another spelling of it is refused."""
        known = self.known_as(point.kind, point.value, point.key)
        if known is not None:
            if known.model_copy(update={"key": point.key}) == point:
                return
            raise ContactPointExistsError(kind=point.kind)
        if len(self.points) >= MOST_CONTACT_POINTS:
            raise TooManyContactPointsError(client_id=self.id, most=MOST_CONTACT_POINTS)
        self.trigger_event(facts.ContactPointAdded, point=point, source=source, duplicate_reason=duplicate_reason)

    def correct_contact_point(self, kind: ContactKind, key: str, point: ContactPoint, *, source: str) -> None:
        """Record how a contact point should have been taken down; nothing changed records nothing."""
        known = self._point(kind, key)
        if known == point:
            return
        if self.known_as(point.kind, point.value, point.key) not in {None, known}:
            raise ContactPointExistsError(kind=point.kind)
        self.trigger_event(facts.ContactPointCorrected, from_point=known, to_point=point, source=source)

    def remove_contact_point(self, kind: ContactKind, key: str, *, reason: str | None = None) -> None:
        """Record that the client is not reached this way any more; an unknown one records nothing."""
        if (kind, key) not in self.points:
            return
        if len(self.points) == 1:
            raise LastContactPointError(client_id=self.id)
        self.trigger_event(facts.ContactPointRemoved, point=self.points[kind, key], reason=reason)

    def _point(self, kind: ContactKind, key: str) -> ContactPoint:
        try:
            return self.points[kind, key]
        except KeyError:
            raise ContactPointIsUnknownError(kind=kind) from None

    def correct_profile(
        self, field: ProfileField, value: str | None, *, source: str, confidence: Confidence = Confidence.STATED
    ) -> None:
        """Record what is true of a trait; None: nothing is known. Nothing changed records nothing."""
        known, sureness = self.profile.get(field, (None, confidence))
        if (value, confidence) == (known, sureness) or value is known is None:
            return
        self.check_present()
        self.trigger_event(
            facts.ProfileCorrected, field=field, from_value=known, to_value=value, source=source, confidence=confidence
        )

    def affiliate(self, organisation: "Client", role: AffiliationRole) -> None:
        """Record that this person acts for an organisation; the same role again records nothing."""
        if self.affiliations.get(organisation.id) == role:
            return
        self.check_present()
        if self.kind is not ClientKind.PERSON:
            raise NotAPersonError(client_id=self.id)
        organisation.check_organisation()
        self.trigger_event(facts.ClientAffiliated, organisation_id=organisation.id, role=role)

    def check_organisation(self) -> None:
        """Raise unless this is an organisation whose card is in use."""
        if self.kind is not ClientKind.ORGANISATION:
            raise NotAnOrganisationError(client_id=self.id)
        self.check_present()

    def end_affiliation(self, organisation_id: UUID, *, reason: str | None = None) -> None:
        """Record that this person no longer acts for an organisation; who does not records nothing."""
        if organisation_id not in self.affiliations:
            self.check_not_of_a_part(organisation_id)
            return
        self.trigger_event(facts.AffiliationEnded, organisation_id=organisation_id, reason=reason)

    def declare_subsidiary_of(self, parent: "Client", *, is_below: bool) -> None:
        """Record to which organisation this one belongs; refused where that one `is_below`, it itself included."""
        if parent.id == self.parent_id:
            return
        self.check_organisation()
        parent.check_organisation()
        self.check_parent(parent.id, is_below=is_below)
        self.trigger_event(facts.SubsidiaryDeclared, parent_id=parent.id)

    def check_parent(self, parent_id: UUID, *, is_below: bool) -> None:
        """Raise ParentIsBelowError where an organisation `is_below` this one, or this one itself."""
        if is_below:
            raise ParentIsBelowError(client_id=self.id, parent_id=parent_id)

    def recall_parent(self, parent_id: UUID) -> None:
        """Record from old records to which organisation this one belongs, whether or not that one is entered yet."""
        if parent_id == self.parent_id:
            return
        self.trigger_event(facts.SubsidiaryDeclared, parent_id=parent_id)

    def check_claimable(self, seller_id: UUID | None, owner: StaffMember | None, branch: str | None = None) -> None:
        """Raise unless the client is free or the seller's own; `owner`, and their branch, are to be named."""
        self.check_present()
        if self.owner_id is not None and self.owner_id != seller_id:
            raise ClientIsOwnedError(
                client_id=self.id,
                owner_id=self.owner_id,
                owner_name=owner.name if owner else None,
                branch=branch,
                since=self.owned_since,
            )

    def claim(self, seller: StaffMember, *, cause: OwnershipCause) -> None:
        """Record that a free client got its owner; the owner's own claim records nothing."""
        if self.owner_id == seller.id:
            return
        self.check_claimable(seller.id, None)
        self._change_owner(facts.ClientClaimed, owner_id=seller.id, cause=cause)

    def was_owned_after(self, moment: datetime) -> bool:
        """Whether the owner changed after a moment: nobody becomes one as of then."""
        return self.owner_changed_at is not None and moment < self.owner_changed_at

    def check_owner_in_order(self) -> datetime:
        """Return when a change of the owner happens; raises OwnershipOutOfOrderError when there was a later one.

        Of two that race, the one that is decided last may have been received first: it happens with the other.
        """
        assert self.occasion is not None, "an aggregate decides only on an occasion"  # noqa: S101
        moment, since = self.occasion.occurred_at, self.owner_changed_at
        if since is not None and moment < since - AT_ONCE:
            raise OwnershipOutOfOrderError(client_id=self.id, since=since, occurred_at=moment)
        return max(moment, since or moment)

    def _change_owner(self, event_type: type[Event], **told: Any) -> None:
        with self.occurring_at(self.check_owner_in_order()):
            self.trigger_event(event_type, **told)

    def transfer(self, to: StaffMember, *, cause: OwnershipCause, reason: str) -> None:
        """Record that the client was given to another owner; the present owner records nothing."""
        if self.owner_id == to.id:
            return
        if self.owner_id is None:
            raise ClientHasNoOwnerError(client_id=self.id)
        to.check_sells()
        self._change_owner(
            facts.ClientTransferred, from_owner_id=self.owner_id, to_owner_id=to.id, cause=cause, reason=reason
        )

    def pass_on(self, owner: StaffMember, heir: StaffMember | None) -> None:
        """Record that an owner who left, or sells no more, is followed by another, or by nobody."""
        cause = OwnershipCause.ROLE if owner.is_active else OwnershipCause.DEPARTURE
        reason = "the owner does not sell any more" if owner.is_active else "the owner departed"
        if heir is None:
            self.release(cause=cause, reason=reason)
        else:
            self.transfer(heir, cause=cause, reason=reason)

    def release(self, *, cause: OwnershipCause, reason: str) -> None:
        """Record that the client has no owner any more; a free one records nothing."""
        if self.owner_id is None:
            return
        self._change_owner(facts.ClientReleased, from_owner_id=self.owner_id, cause=cause, reason=reason)

    def advance_to(self, state: Lifecycle, *, reason: str | None = None) -> None:
        """Record the next state of the relationship; the present one records nothing."""
        if state == self.lifecycle:
            return
        self.check_present()
        if self.lifecycle is not Lifecycle.LOST and CYCLE.index(state) < CYCLE.index(self.lifecycle):
            raise LifecycleRunsForwardError(from_state=self.lifecycle, to_state=state)
        if Lifecycle.LOST in (state, self.lifecycle) and reason is None:
            raise ReasonNeededError(to_state=state)
        was = self.lifecycle if self.own_lifecycle in {None, state} else self.own_lifecycle
        self.trigger_event(facts.LifecycleAdvanced, from_state=was, to_state=state, reason=reason)

    def become_customer(self) -> None:
        """Record that who bought is a customer; who is one, or whose card is put away, records nothing.

        It is so of the client itself, whatever those were who joined it.
        """
        own = self.own_lifecycle or self.lifecycle
        if self.is_archived or own in {Lifecycle.CUSTOMER, Lifecycle.REGULAR}:
            return
        state = Lifecycle.CUSTOMER
        self.trigger_event(facts.LifecycleAdvanced, from_state=own, to_state=state, reason=BOUGHT)

    def archive(self, *, reason: str) -> None:
        """Record that the card was put away; an archived one records nothing."""
        if self.is_archived:
            return
        self.trigger_event(facts.ClientArchived, reason=reason)

    def restore(self, *, reason: str) -> None:
        """Record that the card was taken out of the archive; one in use records nothing."""
        if not self.is_archived:
            return
        self.trigger_event(facts.ClientRestored, reason=reason)
