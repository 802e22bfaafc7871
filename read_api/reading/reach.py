"""Whose clients, deals and activities a caller may see, and how that is sent with a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from struct import Struct
from typing import Any
from uuid import UUID

from psycopg import adapters
from psycopg.adapt import Dumper
from psycopg.pq import Format

_UUID, _UUIDS = adapters.types["uuid"].oid, adapters.types["uuid"].array_oid
_HEAD, _DIMENSION, _LENGTH = Struct("!iiI"), Struct("!ii"), (16).to_bytes(4, "big")
"""How an array begins in PostgreSQL's binary form, and what stands before each of its elements."""
_NULL = (-1).to_bytes(4, "big", signed=True)


class Sight(Enum):
    """How a statement is asked: of everything, or of what the caller may see.

    EVEN is what most callers see: of each kind of thing the same people's, with the texts.
    """

    WHOLE = "whole"
    EVEN = "even"
    UNEVEN = "uneven"


@dataclass(frozen=True)
class Reach:
    """Whose clients, deals and activities a caller may see: ids of staff, or None where that is everybody.

    Clients who are nobody's are seen by all who see anybody's. `texts`: whether they may read what people wrote.
    """

    clients: Sequence[UUID] | None = None
    deals: Sequence[UUID] | None = None
    activities: Sequence[UUID] | None = None
    texts: bool = True

    @cached_property
    def sight(self) -> Sight:
        """How a statement is asked by who sees this."""
        if self == EVERYTHING:
            return Sight.WHOLE
        is_even = self.clients and self.texts and self.clients == self.deals == self.activities
        return Sight.EVEN if is_even else Sight.UNEVEN

    @cached_property
    def people(self) -> tuple[frozenset[UUID] | None, ...]:
        """Whose clients, deals and activities, as sets: for who looks up one thing after another."""
        return tuple(each if each is None else frozenset(each) for each in (self.clients, self.deals, self.activities))

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """What the conditions of a statement take as parameters, besides the owners of a look-up."""
        if self.sight is Sight.EVEN:
            # In order, for PostgreSQL puts them in order whenever it walks along an index by them.
            people = sorted(self.clients or ())
            return {"sees_clients": People.of(people), "sees_clients_and_nobodys": People.of([*people, STAND_IN])}
        return {
            "sees_clients": People.of(self.clients),
            "sees_deals": People.of(self.deals),
            "sees_activities": People.of(self.activities),
            "sees_texts": self.texts,
            "sees_deals_with_clients": _is_within(self.clients, self.deals),
            "sees_activities_with_clients": _is_within(self.clients, self.activities),
        }

    @cached_property
    def owners(self) -> "People | None":
        """The owners whose clients are looked up one by one, as many as `few` says; None: these are too many."""
        size = 0 if self.clients is None else few(self.clients)
        return People.of([*(self.clients or ()), *[None] * size][:size]) if size else None


EVERYTHING = Reach()

STAND_IN = UUID(int=2**128 - 1)
"""In place of the owner of a client who is nobody's, in the index client_card_by_name: it comes after everybody."""

OWNERS = (1, 2, 4, 8, 16, 32)
"""For so many owners at most rows are looked up one by one; of more a walk along the order meets some soon."""


def few(people: Sequence[UUID]) -> int:
    """Return by how many owners rows are looked up: as many as these, or some more; 0: these are too many."""
    return next((size for size in OWNERS if len(people) <= size), 0)


@dataclass(frozen=True)
class People:
    """Ids of staff as PostgreSQL takes an array: put together once, they are sent as they are with every question."""

    array: bytes

    @classmethod
    def of(cls, staff: Sequence[UUID | None] | None) -> "People | None":
        """Return these people, among them nobody as often as there is a None; None for everybody."""
        if staff is None:
            return None
        dimensions = _HEAD.pack(bool(staff), None in staff, _UUID) + (_DIMENSION.pack(len(staff), 1) if staff else b"")
        return cls(dimensions + b"".join(_NULL if each is None else _LENGTH + each.bytes for each in staff))


class _Sent(Dumper):
    format = Format.BINARY
    oid = _UUIDS

    def dump(self, obj: People) -> bytes:
        return obj.array


adapters.register_dumper(People, _Sent)


def _is_within(some: Sequence[UUID] | None, others: Sequence[UUID] | None) -> bool:
    """Tell whether who is in the first reach is in the second one as well."""
    return others is None or (some is not None and set(some) <= set(others))
