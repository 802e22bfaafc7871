"""What is shown of money boxes, and histories of them: made by hand, by chance, and put into a log."""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import psycopg

from events.base import Event
from infra.log.envelope import AnyEvent
from infra.projector.projection import Key, Projection
from tests.toy.events import EVENT_TYPES, BoxBroken, BoxLookedAt, BoxOpened, CoinDropped, Colour

NAMESPACE = UUID("6b1f5c1e-3f6c-4c8b-9a51-0f6b2a1c7d11")
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def decode(fact: AnyEvent) -> Event:
    """Read a toy event; the coin marked `unreadable` cannot be read."""
    event = decode_all(fact)
    if isinstance(event, CoinDropped) and event.unreadable:
        raise ValueError("unreadable")
    return event


def decode_all(fact: AnyEvent) -> Event:
    """Read a toy event, the unreadable coin too: what a corrected upcaster would do."""
    return EVENT_TYPES[fact.envelope.topic].from_json(fact.body, fact.envelope)


def decoder() -> Any:
    """Return what reads toy events, in whichever process."""
    return decode


class BoxRow(NamedTuple):
    box_id: UUID
    colour: Colour | None
    total: Decimal
    coins: int
    labels: list[str]
    notes: tuple[dict[str, str], ...]
    first_day: date | None
    last_at: datetime | None
    is_full: bool = False


boxes = Projection("boxes", BoxRow, ("box_id",), Path(__file__).with_name("boxes.sql"))


@boxes.on(BoxOpened)
def opened(_: BoxRow | None, event: BoxOpened, key: Key) -> BoxRow:
    return BoxRow(key[0], event.colour, Decimal(0), 0, ["new"], (), event.envelope.occurred_at.date(), None)


@boxes.on(CoinDropped)
def dropped(row: BoxRow | None, event: CoinDropped, key: Key) -> BoxRow:
    row = row or BoxRow(key[0], None, Decimal(0), 0, [], (), None, None)
    if event.poison:
        raise ZeroDivisionError
    notes = row.notes if event.note is None else ({"text": event.note},)
    total = row.total + event.amount
    return row._replace(total=total, coins=row.coins + 1, notes=notes, last_at=event.envelope.occurred_at)


def _dropped_after_all(row: BoxRow | None, event: CoinDropped, key: Key) -> BoxRow:
    return dropped(row, event.model_copy(update={"poison": False}).under(event.envelope), key)


@boxes.on(BoxLookedAt)
def looked_at(row: BoxRow | None, _: BoxLookedAt, __: Key) -> BoxRow | None:
    return row


@boxes.on(BoxBroken)
def broken(_: BoxRow | None, __: BoxBroken, ___: Key) -> None:
    return None


mended = replace(boxes, folds={**boxes.folds, CoinDropped: (boxes.folds[CoinDropped][0], _dropped_after_all)})
"""The boxes with their fold corrected: no coin is poison."""


class DayRow(NamedTuple):
    colour: str
    day: date
    coins: int = 0


def _colour_and_day(event: CoinDropped) -> Iterable[Key]:
    if event.colour is not None:
        yield event.colour.value, event.envelope.occurred_at.date()


days = Projection("days", DayRow, ("colour", "day"), Path(__file__).with_name("days.sql"), partition_by="none")


@days.on(CoinDropped, keys=_colour_and_day)
def counted(row: DayRow | None, _: CoinDropped, key: Key) -> DayRow:
    row = row or DayRow(*key)
    return row._replace(coins=row.coins + 1)


class DropRow(NamedTuple):
    box_id: UUID
    event_position: int
    parties: tuple[UUID, ...]


drops = Projection(
    "drops",
    DropRow,
    ("box_id", "event_position"),
    Path(__file__).with_name("drops.sql"),
    is_append_only=True,
    needs_parties=True,
)


@drops.on(CoinDropped, keys=lambda event: ((event.stream_id, event.position),))
def listed(_: DropRow | None, event: CoinDropped, key: Key) -> DropRow:
    return DropRow(key[0], key[1], event.envelope.parties)


class Said(NamedTuple):
    """A fact to be recorded: about which box, what, and the body."""

    box: str
    topic: str
    payload: dict[str, Any]


def box_id(box: str) -> UUID:
    """Return the id of the box of this name."""
    return uuid5(NAMESPACE, box)


def opening(box: str, colour: str = "red") -> Said:
    return Said(box, "box.opened", {"colour": colour})


def coin(box: str, amount: str = "1", **more: Any) -> Said:
    return Said(box, "box.coin_dropped", {"amount": amount, **more})


def breaking(box: str) -> Said:
    return Said(box, "box.broken", {})


def looking(box: str) -> Said:
    return Said(box, "box.looked_at", {})


def record(url: str, facts: Sequence[Said], *, salt: str = "") -> int:
    """Put facts at the end of the log as its owner does, and return the position of the last one."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(1)")
        row = connection.execute("SELECT coalesce(max(position), 0) FROM letopis.event").fetchone()
        assert row is not None
        start: int = row[0]
        with connection.cursor().copy(
            "COPY letopis.event (position, event_id, stream_id, version, topic, schema_version, subject_id,"
            " occurred_at, recorded_at, actor, command_id, correlation_id, parties, body) FROM STDIN"
        ) as copy:
            for position, fact in enumerate(facts, start + 1):
                event_id, stream = uuid5(NAMESPACE, f"{salt}{position}"), box_id(fact.box)
                moment = BEGINNING + timedelta(hours=position)
                body = json.dumps(fact.payload)
                copy.write_row(
                    # The position is version enough: rising in each stream.
                    (position, event_id, stream, position, fact.topic, 1, stream)  # noqa: RUF005 - two lines, two halves
                    + (moment, moment, "toy", event_id, event_id, [stream], body)
                )
        connection.execute(
            "INSERT INTO letopis.event_party (party_id, position)"
            " SELECT subject_id, position FROM letopis.event WHERE position > %s",
            (start,),
        )
        return start + len(facts)


def random_history(seed: int, length: int, boxes_at_most: int = 20) -> list[Said]:
    """Return a history in which boxes are opened, filled, looked at and broken in any order at all."""
    chance = random.Random(seed)
    history: list[Said] = []
    for _ in range(length):
        box = f"box {chance.randrange(boxes_at_most)}"
        history.append(
            chance.choices(
                [
                    opening(box, chance.choice(["red", "blue"])),
                    coin(box, str(chance.randrange(1, 500) / Decimal(100)), note=f"№ {chance.random()}"),
                    coin(box, "2", colour=chance.choice(["red", "blue"])),
                    looking(box),
                    breaking(box),
                ],
                [2, 5, 5, 2, 1],
            )[0]
        )
    return history
