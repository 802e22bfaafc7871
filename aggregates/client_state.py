"""What is known of a client: the fold of the client's facts, without any rule."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from aggregates.base import Aggregate, Identity, applies
from events import client as facts
from events.base import Event
from events.registration import HOME_COUNTRY
from events.values import (
    AffiliationRole,
    Channel,
    ClientKind,
    Confidence,
    ContactKind,
    ContactPoint,
    Lifecycle,
    ProfileField,
    RegistrationNumber,
)
from infra.mailboxes import one_mailbox, tax_number

IDENTIFYING = frozenset({ContactKind.PHONE, ContactKind.EMAIL})
TAX_ID = "tax_id"
NAME = "name"
MOST_CONTACT_POINTS = 50
"""So many ways to reach one client: each of a card's reads and decisions carries all of them."""
AT_ONCE = timedelta(minutes=1)
"""So far may the clocks of two processes, or two commands that race, be apart."""


class Entered(NamedTuple):
    """By whom a value was entered, and when it was said to be; of one that they corrected, the first time.

    And from where, and how surely, it is known as it is now.
    """

    by: str
    at: datetime
    source: str | None = None
    confidence: Confidence = Confidence.STATED


def name_of(kind: ContactKind, key: str) -> str:
    """Return under which name it is kept by whom a contact point was entered."""
    return f"{kind.value}:{key}"


def trait_of(field: ProfileField) -> str:
    """Return under which name it is kept by whom a trait was entered."""
    return f"profile:{field.value}"


def compared(kind: ContactKind, key: str) -> str:
    """Return what a key is compared by today, however long ago it was made: what facts say stays."""
    return one_mailbox(key) if kind is ContactKind.EMAIL else key


def numbers_held(tax_id: str, country: str, kpp: str | None, share: tuple[UUID, ...] | None) -> list[Identity]:
    """Return the identities that a tax number is: of a branch it is one together with the КПП as well."""
    key = tax_number(tax_id, country)
    keys = [key] if kpp is None else [key, f"{key}/{kpp}"]
    return [Identity(TAX_ID, each, share) for each in keys]


class ClientState(Aggregate):
    """What the facts say about a client now."""

    KIND, LENDS = "client", True

    kind: ClientKind
    name: str
    points: dict[tuple[ContactKind, str], ContactPoint]
    tax_id: str | None
    is_tax_id_wrong: bool
    tax_country: str
    kpp: str | None
    ogrn: str | None
    profile: dict[ProfileField, tuple[str, Confidence]]
    affiliations: dict[UUID, AffiliationRole]
    parent_id: UUID | None
    owner_id: UUID | None
    owned_since: datetime | None
    owner_changed_at: datetime | None
    former_owner_id: UUID | None
    lifecycle: Lifecycle
    is_archived: bool
    allowed_duplicates: set[tuple[str, str]]
    entered: dict[str, Entered]
    data_notices: set[tuple[str, Channel, datetime, str]]

    def start(self) -> None:
        self.kind = ClientKind.PERSON
        self.name = ""
        self.points = {}
        self.tax_id = None
        self.is_tax_id_wrong = False
        self.tax_country = HOME_COUNTRY
        self.kpp = self.ogrn = None
        self.profile = {}
        self.affiliations = {}
        self.parent_id = self.owner_id = self.owned_since = self.owner_changed_at = self.former_owner_id = None
        self.lifecycle = Lifecycle.PROSPECT
        self.is_archived = False
        self.allowed_duplicates = set()
        self.entered = {}
        self.data_notices = set()

    def identities(self) -> frozenset[Identity]:
        """Return the phones, e-mails and tax number held; an archived client holds none, and nobody what is doubted.

        A contact person may have the numbers of the organisations acted for; an allowed duplicate any number.
        """
        if self.is_archived:
            return frozenset()
        organisations, duplicates = tuple(self.affiliations), self.allowed_duplicates
        held = [
            Identity(
                kind.value,
                compared(kind, key),
                None if duplicates and (kind.value, key) in duplicates else organisations,
            )
            for (kind, key), point in self.points.items()
            if kind in IDENTIFYING and point.doubt is None
        ]
        if self.tax_id is not None and not self.is_tax_id_wrong:
            share = None if (TAX_ID, self.tax_id) in duplicates else ()
            held += numbers_held(self.tax_id, self.tax_country, self.kpp, share)
        return frozenset(held)

    def known_as(self, kind: ContactKind, value: str, key: str | None = None) -> ContactPoint | None:
        """Return the contact point that was typed so, or that has this key of today; None: there is none."""
        known = None if key is None else self.points.get((kind, key))
        return known or next(
            (
                point
                for point in self.points.values()
                if point.kind is kind and (point.value == value or compared(kind, point.key) == key)
            ),
            None,
        )

    def lends(self, kind: str, to: Aggregate) -> bool:
        """Return whether another one may have what this one has.

        An organisation may have the numbers of who acts for it; one branch has the tax number of another, with a КПП of
        its own.
        """
        if kind == TAX_ID:
            return isinstance(to, ClientState) and None not in {self.kpp, to.kpp} and self.kpp != to.kpp
        return to.id in self.affiliations

    def may_lend(self, kind: str, holder_ids: Iterable[UUID]) -> bool:
        """Return whether, of what is known without them, one of these may have what this one has."""
        return self.kpp is not None if kind == TAX_ID else any(each in self.affiliations for each in holder_ids)

    @applies(facts.ClientRegistered)
    def _registered(self, event: facts.ClientRegistered) -> None:
        self.kind, self.name, self.tax_id = event.kind, event.name, event.tax_id
        self.is_tax_id_wrong = event.is_tax_id_wrong
        if event.registration is not None:
            told = event.registration
            self.tax_country, self.kpp, self.ogrn = told.country, told.kpp, told.ogrn
        self.profile = {fact.field: (fact.value, fact.confidence) for fact in event.profile}
        self.entered = {NAME: Entered(event.actor, event.occurred_at, event.source)}
        for trait in event.profile:
            known = Entered(event.actor, event.occurred_at, trait.source, trait.confidence)
            self.entered[trait_of(trait.field)] = known
        if event.tax_id is not None:
            self._enter(TAX_ID, event)
        if self.kpp is not None:
            self._enter(RegistrationNumber.KPP, event)
        if self.ogrn is not None:
            self._enter(RegistrationNumber.OGRN, event)
        for point in event.contact_points:
            self._hold(point, event)
        if event.duplicate_reason is not None:
            self._allow_duplicates((point.kind.value, point.key) for point in event.contact_points)
            self._allow_duplicates([(TAX_ID, event.tax_id or "")])

    def _hold(self, point: ContactPoint, event: Event, instead_of: ContactPoint | None = None) -> None:
        self.points[point.kind, point.key] = point
        former = None if instead_of is None else name_of(instead_of.kind, instead_of.key)
        self._enter(name_of(point.kind, point.key), event, former)

    def _enter(self, name: str, event: Event, instead_of: str | None = None) -> None:
        """Keep by whom a value was entered; who corrects their own does not begin anew."""
        before = None if instead_of is None else self.entered.pop(instead_of, None)
        is_own = before is not None and before.by == event.actor
        since = before.at if before and is_own else event.occurred_at
        sureness = getattr(event, "confidence", Confidence.STATED)
        self.entered[name] = Entered(event.actor, since, getattr(event, "source", None), sureness)

    def _allow_duplicates(self, identities: Iterable[tuple[str, str]]) -> None:
        self.allowed_duplicates.update(identities)

    @applies(facts.ClientRenamed)
    def _renamed(self, event: facts.ClientRenamed) -> None:
        self.name = event.to_name
        self._enter(NAME, event, NAME)

    @applies(facts.ContactPointAdded)
    def _point_added(self, event: facts.ContactPointAdded) -> None:
        self._hold(event.point, event)
        if event.duplicate_reason is not None:
            self._allow_duplicates([(event.point.kind.value, event.point.key)])

    @applies(facts.ContactPointCorrected)
    def _point_corrected(self, event: facts.ContactPointCorrected) -> None:
        del self.points[event.from_point.kind, event.from_point.key]
        if event.from_point.key != event.to_point.key:
            self.allowed_duplicates.discard((event.from_point.kind.value, event.from_point.key))
        self._hold(event.to_point, event, event.from_point)

    @applies(facts.ContactPointRemoved)
    def _point_removed(self, event: facts.ContactPointRemoved) -> None:
        del self.points[event.point.kind, event.point.key]
        self.entered.pop(name_of(event.point.kind, event.point.key), None)
        self.allowed_duplicates.discard((event.point.kind.value, event.point.key))

    @applies(facts.TaxIdCorrected)
    def _tax_id_corrected(self, event: facts.TaxIdCorrected) -> None:
        self.tax_id, self.is_tax_id_wrong, self.tax_country = event.to_tax_id, event.is_tax_id_wrong, event.to_country
        self._enter(TAX_ID, event, TAX_ID)

    @applies(facts.RegistrationNumberCorrected)
    def _registration_number_corrected(self, event: facts.RegistrationNumberCorrected) -> None:
        setattr(self, event.number, event.to_value)
        self._enter(event.number, event, event.number)

    @applies(facts.ProfileCorrected)
    def _profile_corrected(self, event: facts.ProfileCorrected) -> None:
        if event.to_value is None:
            self.profile.pop(event.field, None)
            self.entered.pop(trait_of(event.field), None)
        else:
            self.profile[event.field] = (event.to_value, event.confidence)
            self._enter(trait_of(event.field), event)

    @applies(facts.ClientAffiliated)
    def _affiliated(self, event: facts.ClientAffiliated) -> None:
        self.affiliations[event.organisation_id] = event.role

    @applies(facts.AffiliationEnded)
    def _affiliation_ended(self, event: facts.AffiliationEnded) -> None:
        self.affiliations.pop(event.organisation_id, None)

    @applies(facts.SubsidiaryDeclared)
    def _subsidiary_declared(self, event: facts.SubsidiaryDeclared) -> None:
        self.parent_id = event.parent_id

    @applies(facts.ClientClaimed)
    def _claimed(self, event: facts.ClientClaimed) -> None:
        self._owned_by(event.owner_id, event.occurred_at)

    @applies(facts.ClientTransferred)
    def _transferred(self, event: facts.ClientTransferred) -> None:
        self._owned_by(event.to_owner_id, event.occurred_at)

    @applies(facts.ClientReleased)
    def _released(self, event: facts.ClientReleased) -> None:
        self._owned_by(None, event.occurred_at)

    def _owned_by(self, owner_id: UUID | None, since: datetime) -> None:
        self.former_owner_id = self.owner_id or self.former_owner_id
        self.owner_id, self.owned_since = owner_id, None if owner_id is None else since
        # What lies in a log may be out of order; the latest counts.
        self.owner_changed_at = max(since, self.owner_changed_at or since)

    @applies(facts.LifecycleAdvanced)
    def _advanced(self, event: facts.LifecycleAdvanced) -> None:
        self.lifecycle = event.to_state

    @applies(facts.ClientArchived)
    def _archived(self, _: facts.ClientArchived) -> None:
        self.is_archived = True

    @applies(facts.ClientRestored)
    def _restored(self, _: facts.ClientRestored) -> None:
        self.is_archived = False

    @applies(facts.DataNoticeGiven)
    def _told_of_confidentiality(self, event: facts.DataNoticeGiven) -> None:
        self.data_notices.add((event.text_version, event.channel, event.occurred_at, event.actor))
