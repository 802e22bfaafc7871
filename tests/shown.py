"""What a read model shows after some facts, looked at from all sides: any disagreement is a fault of its folds.

The facts are played at once, one by one, twice, with a neighbour's facts between them, as a rebuild reads them, and
each by itself, as if nothing before had ever been heard of.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from events.base import Event
from infra.log.envelope import Envelope
from infra.projector.folding import Rows
from infra.projector.projection import Key, Projection
from tests.played import play_events

UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ANOTHER_COMPANY = 0xFFFF << 48
"""What turns each id of a story into that of somebody who has nothing to do with it."""


def shown(view: Projection[Any], facts: Iterable[Event]) -> dict[Key, Any]:
    """Return the rows by key; whichever way the facts come, they are the same."""
    told = [event for event in facts if event.TOPIC in view.topics]
    rows: Rows = {}
    play_events(view, rows, told)
    expected = rows_of(rows)
    assert play_events(view, rows, told) == set(), "a fact played twice changed something"
    assert in_pieces(view, told) == expected, "one by one they show something else than at once"
    assert rows_of_all(view, map(as_rebuilt(view), told)) == expected, "a rebuild reads too little of a fact"
    neighbours = [neighbour(event) for event in told]
    mixed = [each for pair in zip(neighbours, told, strict=True) for each in pair]
    theirs = rows_of_all(view, neighbours)
    assert not theirs.keys() & expected.keys(), "two who have nothing to do with each other share a row"
    assert rows_of_all(view, mixed) == expected | theirs, "the neighbour changed, or changed something"
    for event in told:
        rows_of_all(view, [event])
    return expected


def rows_of(rows: Rows) -> dict[Key, Any]:
    return {key: there.row for key, there in rows.items() if there.row is not None}


def rows_of_all(view: Projection[Any], events: Iterable[Any]) -> dict[Key, Any]:
    rows: Rows = {}
    play_events(view, rows, events)
    return rows_of(rows)


def in_pieces(view: Projection[Any], events: Sequence[Event]) -> dict[Key, Any]:
    """Play the facts one by one; no row that was there before may be changed in place."""
    rows: Rows = {}
    seen: list[tuple[Any, str]] = []
    for event in events:
        play_events(view, rows, [event])
        seen.extend((there.row, repr(there.row)) for there in rows.values())
    assert [repr(row) for row, _ in seen] == [then for _, then in seen], "a fold changed a row in place"
    return rows_of(rows)


def as_rebuilt(view: Projection[Any]) -> Any:
    """Return what reads of a fact just the fields of which the read model says that it looks at them."""

    def read(event: Event) -> Event:
        part = view.parts.get(event.TOPIC)
        return part.from_json(event.model_dump_json(exclude_none=True), event.envelope) if part else event

    return read


def neighbour(event: Event) -> Event:
    """Return the same fact about somebody else: every id in it and around it is another one."""
    there = event.envelope
    assert isinstance(there, Envelope)
    envelope = there._replace(
        stream_id=_other(there.stream_id),
        subject_id=_other(there.subject_id),
        parties=tuple(map(_other, there.parties)),
    )
    body = UUIDS.sub(lambda found: str(_other(UUID(found[0]))), event.model_dump_json(exclude_none=True))
    return type(event).from_json(body, envelope)


def _other(one: UUID) -> UUID:
    return UUID(int=one.int ^ ANOTHER_COMPANY)
