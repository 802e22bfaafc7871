"""What is known of a client whom others turned out to be, or who turned out to be another: the fold of these facts.

What a card has one of, and the ways to reach the client, are those that count now; beside them stands what was the
client's own, so that who leaves takes along what they brought.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from aggregates.base import Aggregate, Identity, applies
from aggregates.client_state import ClientState, compared, numbers_held
from events import client as facts
from events import client_merge as merging
from events.client_merge import Joined, Taken, progress
from events.registration import HOME_COUNTRY, RUSSIAN
from events.values import ContactKind, ContactPoint, Lifecycle


class Numbers(NamedTuple):
    """By which numbers the state knows a client."""

    tax_id: str | None = None
    is_wrong: bool = False
    country: str = HOME_COUNTRY
    kpp: str | None = None
    ogrn: str | None = None

    @property
    def held(self) -> list[Identity]:
        """The identities that they are; who held them already may hold them with whomever there is."""
        return [] if self.tax_id is None or self.is_wrong else numbers_held(self.tax_id, self.country, self.kpp, None)


class Ownership(NamedTuple):
    """Whose a client is, and whose it was."""

    owner_id: UUID | None
    owned_since: datetime | None
    owner_changed_at: datetime | None
    former_owner_id: UUID | None


class Part(NamedTuple):
    """What a client brought who joined another one, as far as it still counts there; `into_id`: whom it joined."""

    into_id: UUID
    name: str
    takes: tuple[Taken, ...]
    points: tuple[ContactPoint, ...]
    numbers: Numbers
    lifecycle: Lifecycle
    owner_id: UUID | None
    since: datetime
    organisation_ids: tuple[UUID, ...]

    def without(self, taken: Taken) -> "Part":
        """Return it where one of the things of which there is one is not from it any more."""
        return self._replace(takes=tuple(each for each in self.takes if each is not taken))


NOTHING = Joined(name="-")
"""What somebody brought who was forgotten."""


class MergeState(ClientState):
    """A client with those who joined it (`parts`), or who joined another one (`survivor_id` answers for it)."""

    survivor_id: UUID | None
    merged_into: UUID | None
    parted_from: UUID | None
    parts: dict[UUID, Part]
    lent: dict[tuple[ContactKind, str], UUID]
    own_name: str | None
    own_numbers: Numbers | None
    own_ownership: Ownership | None
    own_lifecycle: Lifecycle | None

    def start(self) -> None:
        super().start()
        self.survivor_id = self.merged_into = self.parted_from = None
        self.parts = {}
        self.lent = {}
        self.own_name = self.own_numbers = self.own_ownership = self.own_lifecycle = None

    @property
    def numbers(self) -> Numbers:
        """By which numbers the state knows the client, as it counts now."""
        return Numbers(self.tax_id, self.is_tax_id_wrong, self.tax_country, self.kpp, self.ogrn)

    def identities(self) -> frozenset[Identity]:
        """Return what the client holds, with what those brought who joined; who joined another holds nothing."""
        if self.survivor_id is not None:
            return frozenset()
        held = super().identities()
        if not self.parts or self.is_archived:
            return held
        lent = {each for part in self.parts.values() for each in part.numbers.held}
        lent.update(() if self.own_numbers is None else self.own_numbers.held)
        brought = {(kind.value, compared(kind, key)) for kind, key in self.lent} | {each[:2] for each in lent}
        own = {Identity(*each[:2], None) if each[:2] in brought else each for each in held}
        known = {each[:2] for each in own}
        return frozenset(own | {each for each in lent if each[:2] not in known})

    def lends(self, kind: str, to: Aggregate) -> bool:
        """Return whether another one may have what this one has; who leaves takes along what they brought."""
        return super().lends(kind, to) or (isinstance(to, MergeState) and to.parted_from == self.id)

    # --- who joins and who leaves ----------------------------------------------------------------------------------

    @applies(merging.ClientMergedInto)
    def _merged_into(self, event: merging.ClientMergedInto) -> None:
        self.survivor_id, self.merged_into = event.survivor_id, event.into_id

    @applies(merging.ClientUnmergedFrom)
    def _unmerged_from(self, event: merging.ClientUnmergedFrom) -> None:
        self.survivor_id, self.parted_from = event.remains_in, event.survivor_id
        if event.remains_in is None:
            self.merged_into = None
        if event.duplicate_reason is not None:
            self._allow_duplicates((kind.value, key) for kind, key in self.points)
            self._allow_duplicates([("tax_id", self.tax_id or "")])

    @applies(merging.ClientsMerged)
    def _merged(self, event: merging.ClientsMerged) -> None:
        joined = event.joined or NOTHING
        registration = joined.registration or RUSSIAN
        part = self.parts[event.merged_id] = Part(
            event.into_id,
            joined.name,
            event.takes,
            tuple(each.point for each in joined.points),
            Numbers(joined.tax_id, joined.is_tax_id_wrong, registration.country, registration.kpp, registration.ogrn),
            event.lifecycle,
            event.to_owner_id,
            event.occurred_at,
            joined.organisation_ids,
        )
        self._lend(event.merged_id, part)
        self._settle()

    @applies(merging.ClientUnmerged)
    def _unmerged(self, event: merging.ClientUnmerged) -> None:
        if self.parts.pop(event.merged_id, None) is None:
            return
        for key in [key for key, lender in self.lent.items() if lender == event.merged_id]:
            del self.points[key], self.lent[key]
        for part_id, part in self.parts.items():
            self._lend(part_id, part)
        self._settle()

    @applies(merging.ClientPartAdvanced)
    def _part_advanced(self, event: merging.ClientPartAdvanced) -> None:
        part = self.parts.get(event.merged_id)
        if part is not None:
            self.parts[event.merged_id] = part._replace(lifecycle=event.to_state)
            self._settle()

    def _lend(self, part_id: UUID, part: Part) -> None:
        for point in part.points:
            key = point.kind, point.key
            if key not in self.points:
                self.points[key], self.lent[key] = point, part_id

    def _settle(self) -> None:
        """Let count, of what there is one, what the last part brought from whom it was taken, else what is own."""
        name = self._last(Taken.NAME)
        if name is not None or self.own_name is not None:
            own_name = self.name if self.own_name is None else self.own_name
            self.name = own_name if name is None else name.name
            self.own_name = None if name is None else own_name
        number = self._last(Taken.TAX_ID)
        if number is not None or self.own_numbers is not None:
            own_numbers = self.own_numbers or self.numbers
            counts = own_numbers if number is None else number.numbers
            self.tax_id, self.is_tax_id_wrong, self.tax_country, self.kpp, self.ogrn = counts
            self.own_numbers = None if number is None else own_numbers
        self._settle_owner()
        own = self.lifecycle if self.own_lifecycle is None else self.own_lifecycle
        self.lifecycle = max((own, *(part.lifecycle for part in self.parts.values())), key=progress)
        self.own_lifecycle = own if self.parts else None

    def _settle_owner(self) -> None:
        part = self._last(Taken.OWNER)
        if part is None and self.own_ownership is None:
            return
        own = self.own_ownership or Ownership(
            self.owner_id, self.owned_since, self.owner_changed_at, self.former_owner_id
        )
        counts = own
        if part is not None:
            changed_at = max(part.since, own.owner_changed_at or part.since)
            counts = Ownership(part.owner_id, part.since, changed_at, own.owner_id or own.former_owner_id)
        self.owner_id, self.owned_since, self.owner_changed_at, self.former_owner_id = counts
        self.own_ownership = None if part is None else own

    def _last(self, taken: Taken) -> Part | None:
        return next((part for part in reversed(self.parts.values()) if taken in part.takes), None)

    # --- what is said of the client itself since -------------------------------------------------------------------

    def _take_back(self, taken: Taken) -> None:
        """Let count what is said of the client itself from here on."""
        for part_id, part in self.parts.items():
            if taken in part.takes:
                self.parts[part_id] = part.without(taken)

    @applies(facts.ClientRenamed)
    def _renamed(self, event: facts.ClientRenamed) -> None:
        self._take_back(Taken.NAME)
        self.own_name = None
        super()._renamed(event)

    def _owned_by(self, owner_id: UUID | None, since: datetime) -> None:
        self._take_back(Taken.OWNER)
        self.own_ownership = None
        super()._owned_by(owner_id, since)

    @applies(facts.LifecycleAdvanced)
    def _advanced(self, event: facts.LifecycleAdvanced) -> None:
        super()._advanced(event)
        if self.parts:
            self.own_lifecycle = event.to_state
            for part_id, part in self.parts.items():
                if event.to_state is Lifecycle.LOST:
                    self.parts[part_id] = part._replace(lifecycle=Lifecycle.LOST)
            self._settle()

    @applies(facts.ContactPointCorrected)
    def _point_corrected(self, event: facts.ContactPointCorrected) -> None:
        super()._point_corrected(event)
        self._forget((event.from_point.kind, event.from_point.key))

    @applies(facts.ContactPointRemoved)
    def _point_removed(self, event: facts.ContactPointRemoved) -> None:
        super()._point_removed(event)
        self._forget((event.point.kind, event.point.key))

    def _forget(self, key: tuple[ContactKind, str]) -> None:
        """Nobody is reached this way any more, whoever brought it."""
        self.lent.pop(key, None)
        for part_id, part in self.parts.items():
            left = tuple(point for point in part.points if (point.kind, point.key) != key)
            self.parts[part_id] = part._replace(points=left)
