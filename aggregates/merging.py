"""Two cards that are one client's: who joins whom, what counts then, and how they are taken apart."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from aggregates.client_errors import TooManyContactPointsError
from aggregates.client_merge import (
    ClientIsMergedError,
    ClientsAreOfTwoKindsError,
    IsOfAPartError,
    MergeNeedsChoiceError,
    TooManyPartsError,
)
from aggregates.client_state import MOST_CONTACT_POINTS, NAME, TAX_ID, name_of, trait_of
from aggregates.merge_state import MergeState, Numbers
from events.client_merge import (
    ClientMergedInto,
    ClientPartAdvanced,
    ClientsMerged,
    ClientUnmerged,
    ClientUnmergedFrom,
    Joined,
    JoinedNotice,
    JoinedPoint,
    Source,
    Taken,
)
from events.registration import Registration
from events.values import ContactPoint, ProfileFact, RegistrationNumber

MOST_PARTS = 50
"""So many clients join one: every decision on it has all of them in memory."""

UNKNOWN = "not known"


class WithMerges(MergeState):
    """A client that others join, and leave."""

    def check_accepts(self) -> None:
        """Raise ClientIsMergedError where another one answers for this client."""
        if self.survivor_id is not None:
            raise ClientIsMergedError(client_id=self.id, survivor_id=self.survivor_id)

    def check_own_numbers(self) -> None:
        """Raise IsOfAPartError where the numbers that count were brought by another client."""
        part_id = self.giver(Taken.TAX_ID)
        if part_id != self.id:
            raise IsOfAPartError(client_id=self.id, part_id=part_id)

    def check_not_of_a_part(self, organisation_id: UUID) -> None:
        """Raise IsOfAPartError where a client that joined this one acts for an organisation."""
        for part_id, part in self.parts.items():
            if organisation_id in part.organisation_ids:
                raise IsOfAPartError(client_id=self.id, part_id=part_id)

    def giver(self, taken: Taken) -> UUID:
        """Return of whom is what counts: a client that joined, or this one."""
        return next((part_id for part_id, part in reversed(self.parts.items()) if taken in part.takes), self.id)

    def conflicts_with(self, other: "WithMerges") -> dict[Taken, bool]:
        """Return of what there would be two, and one is to be chosen; false: where the one that stands may stay."""
        conflicts = {}
        if self.name != other.name:
            conflicts[Taken.NAME] = False
        ours, theirs = self._recognised_by, other._recognised_by
        if ours is not None and theirs is not None and ours != theirs:
            conflicts[Taken.TAX_ID] = True
        if self.owner_id is not None and other.owner_id is not None and self.owner_id != other.owner_id:
            conflicts[Taken.OWNER] = True
        return conflicts

    @property
    def _recognised_by(self) -> Numbers | None:
        return None if self.tax_id is None or self.is_tax_id_wrong else self.numbers

    def taken_from(self, other: "WithMerges", chosen: Mapping[Taken, bool]) -> frozenset[Taken]:
        """Return of what it is the other's that counts, given what was chosen (true: the other's).

        What this one lacks it takes. Raises MergeNeedsChoiceError.
        """
        conflicts = self.conflicts_with(other)
        open_choices = [each for each, is_needed in conflicts.items() if is_needed and each not in chosen]
        if open_choices:
            raise MergeNeedsChoiceError(missing=[f"{each.value}_of" for each in open_choices])
        taken = {each for each in conflicts if chosen.get(each)}
        if self.owner_id is None and other.owner_id is not None:
            taken.add(Taken.OWNER)
        if self._recognised_by is None and other._recognised_by is not None:
            taken.add(Taken.TAX_ID)
        return frozenset(taken)

    def check_may_join(self, other: "WithMerges") -> None:
        """Raise where two clients cannot be one: of two kinds, put away, or with more than a card takes."""
        if self.kind is not other.kind:
            raise ClientsAreOfTwoKindsError(client_id=other.id, survivor_id=self.id)
        if len(self.parts) + len(other.parts) + 1 > MOST_PARTS:
            raise TooManyPartsError(client_id=self.id, most=MOST_PARTS)
        if len(self.points.keys() | other.points.keys()) > MOST_CONTACT_POINTS:
            raise TooManyContactPointsError(client_id=self.id, most=MOST_CONTACT_POINTS)

    def absorb(
        self, other: "WithMerges", parts: Collection["WithMerges"], taken: Collection[Taken], *, reason: str
    ) -> None:
        """Record that another client, with the `parts` that have joined it, is this one; and that they are it."""
        givers = {each: other.giver(each) for each in taken}
        before, after = self.owner_id, other.owner_id if Taken.OWNER in taken else self.owner_id
        for each in (other, *parts):
            takes = tuple(one for one in Taken if givers.get(one) == each.id)
            owners = {"from_owner_id": before, "to_owner_id": after} if Taken.OWNER in takes else {}
            into_id = self.id if each is other else each.merged_into
            self.trigger_event(
                ClientsMerged,
                merged_id=each.id,
                into_id=into_id,
                reason=reason,
                takes=takes,
                lifecycle=each.own_lifecycle or each.lifecycle,
                joined=each.brings(other.parts[each.id].points if each is not other else None),
                **owners,
            )
            each.trigger_event(ClientMergedInto, survivor_id=self.id, into_id=into_id, reason=reason)

    def brings(self, left: Iterable[ContactPoint] | None) -> Joined:
        """Return what the client's own card brings; of the ways to reach it those that are `left`, if that is said."""
        numbers = self.own_numbers or self.numbers
        own = {key: point for key, point in self.points.items() if key not in self.lent}
        kept = own.values() if left is None else [point for point in own.values() if point in set(left)]
        told = {NAME, *([TAX_ID] if numbers.tax_id else []), *(each.value for each in RegistrationNumber)}
        registration = Registration(country=numbers.country, kpp=numbers.kpp, ogrn=numbers.ogrn)
        return Joined(
            name=self.own_name or self.name or "-",
            sources=tuple(self._source(name) for name in sorted(told) if name in self.entered),
            points=tuple(
                JoinedPoint(point=point, source=self._known_from(name_of(point.kind, point.key))) for point in kept
            ),
            tax_id=numbers.tax_id,
            is_tax_id_wrong=numbers.is_wrong,
            registration=None if registration == Registration() else registration,
            profile=tuple(
                ProfileFact(
                    field=field,
                    value=value,
                    source=self._known_from(trait_of(field)) or UNKNOWN,
                    confidence=confidence,
                )
                for field, (value, confidence) in self.profile.items()
            ),
            data_notices=tuple(
                JoinedNotice(text_version=version, channel=channel, given_at=at, actor=actor)
                for version, channel, at, actor in sorted(self.data_notices, key=lambda each: (each[2], each))
            ),
            parent_id=self.parent_id,
            organisation_ids=tuple(self.affiliations),
        )

    def _known_from(self, name: str) -> str | None:
        entered = self.entered.get(name)
        return None if entered is None else entered.source

    def _source(self, name: str) -> Source:
        entered = self.entered[name]
        return Source(what=name, source=entered.source, confidence=entered.confidence)

    def with_what_joined(self, part_id: UUID) -> list[UUID]:
        """Return a client that joined, and all who had joined it before, in the order in which they came."""
        leaving = [part_id]
        for each, part in self.parts.items():
            if part.into_id in leaving and each not in leaving:
                leaving.append(each)
        return leaving

    def let_go(self, part_ids: Iterable[UUID], *, reason: str) -> None:
        """Record that clients who joined this one did not turn out to be it."""
        for part_id in part_ids:
            if part_id not in self.parts:
                continue
            before = self.owner_id
            owner_id = self._owner_without(part_id)
            owners = {} if owner_id == before else {"from_owner_id": before, "to_owner_id": owner_id}
            self.trigger_event(ClientUnmerged, merged_id=part_id, reason=reason, **owners)

    def _owner_without(self, part_id: UUID) -> UUID | None:
        takers = [each for key, each in self.parts.items() if key != part_id and Taken.OWNER in each.takes]
        if takers:
            return takers[-1].owner_id
        return self.owner_id if self.own_ownership is None else self.own_ownership.owner_id

    def leave(
        self, survivor_id: UUID, remains_in: UUID | None, *, reason: str, duplicate_reason: str | None = None
    ) -> None:
        """Record that this client is one by itself again, or `remains_in` whom it had joined."""
        self.trigger_event(
            ClientUnmergedFrom,
            survivor_id=survivor_id,
            remains_in=remains_in,
            reason=reason,
            duplicate_reason=duplicate_reason,
        )

    def note_advance(self, part: "WithMerges") -> None:
        """Record how far the relationship with a client that joined this one has come since."""
        known = self.parts.get(part.id)
        state = part.own_lifecycle or part.lifecycle
        if known is not None and known.lifecycle is not state:
            self.trigger_event(ClientPartAdvanced, merged_id=part.id, to_state=state)
