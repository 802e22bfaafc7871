"""The append by itself: in bulk, against a COPY of the same rows; and on a long log, against one on a short log."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from statistics import median
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import psycopg

from infra.log.append import append
from infra.log.envelope import NEVER, Envelope, RecordedEvent
from infra.log.eventlog import Decided, Head
from infra.log.ids import new_id
from tests.bench.ground import QUICK_ROUNDS, Ground, Place
from tests.bench.measuring import Race

BULK = 1_000
"""Commands in one call, as in an import."""

BODY = '{"kind":"organisation","source":"bench","sealed":"' + "c2VhbGVk" * 35 + '"}'
"""As long as that of a registered client."""

HASH = bytes(32)

T = TypeVar("T")

COPIES = ("event", "event_party", "receipt")
_LIKE: LiteralString = "CREATE SCHEMA copied;" + "".join(
    f"CREATE TABLE copied.{name} (LIKE letopis.{name} INCLUDING ALL);" for name in COPIES
)
_EVENT: LiteralString = (
    "position, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at, recorded_at, actor,"
    " command_id, correlation_id, causation_id"
)


def command(stream_id: UUID, head: Head = Head()) -> Decided:  # noqa: B008 - an immutable tuple
    """Return a decided command that records one fact on a stream at its head."""
    command_id = new_id()
    envelope = Envelope(
        position=0,
        event_id=new_id(),
        stream_id=stream_id,
        version=head.version + 1,
        topic="client.registered",
        schema_version=1,
        subject_id=stream_id,
        occurred_at=datetime.now(UTC),
        recorded_at=NEVER,
        actor="import:bench",
        command_id=command_id,
        correlation_id=command_id,
        causation_id=None,
        parties=(stream_id,),
    )
    return Decided(command_id, HASH, stream_id, head.version + 1, [(stream_id, head)], [RecordedEvent(envelope, BODY)])


@dataclass
class _Copier:
    """Copies the rows that an append of commands would make into tables of the same columns and indexes."""

    connection: psycopg.Connection[Any]
    position: int = 0

    def lines(self, batch: Sequence[Decided]) -> dict[LiteralString, str]:
        """Return the text to be copied into each table."""
        now = datetime.now(UTC)
        events, parties, receipts = [], [], []
        for decided in batch:
            for envelope, body in decided.facts:
                self.position += 1
                stored = envelope._replace(position=self.position, recorded_at=now)
                cells = ["\\N" if cell is None else str(cell) for cell in stored[:13]]
                events.append("\t".join([*cells, body, f"{{{envelope.subject_id}}}"]))
                parties.append(f"{envelope.subject_id}\t{self.position}")
            receipts.append(
                f"{decided.command_id}\t\\\\x{decided.content_hash.hex()}\t{decided.stream_id}\t{decided.version}"
                f"\t{self.position}\t{now}\t{len(decided.facts)}"
            )
        return {
            f"COPY copied.event ({_EVENT}, body, parties) FROM STDIN": _text(events),
            "COPY copied.event_party (party_id, position) FROM STDIN": _text(parties),
            "COPY copied.receipt (command_id, content_hash, stream_id, version, position, recorded_at, event_count)"
            " FROM STDIN": _text(receipts),
        }

    def copy(self, lines: Mapping[LiteralString, str]) -> None:
        """Copy all of it, in one transaction."""
        with self.connection.transaction():
            for statement, text in lines.items():
                with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
                    copy.write(text)


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


@contextmanager
def append_bulk(ground: Ground) -> Iterator[Race]:
    """A thousand commands appended in one call reach 60 % of a COPY of the same rows into tables with the same indexes.

    Ours looks up every head, receipt and identity under the log's lock, and writes facts, parties and receipts; making
    the wire form of the records is in its time, making the text of COPY is not. The COPY is one transaction into the
    same three tables, empty at the beginning as the log is. `events_alone` is a COPY into the one table of events.
    """
    with (
        ground.place("bulk") as place,
        psycopg.connect(place.urls.writer, autocommit=True) as writer,
        psycopg.connect(place.urls.owner, autocommit=True) as owner,
    ):
        owner.execute(_LIKE)
        copier = _Copier(owner)
        alone: list[float] = []

        def ours() -> float:
            return _rate(ground.seconds, _new_commands, lambda batch: append(writer, batch))

        def baseline() -> float:
            alone.append(_rate(ground.seconds / 2, lambda: _only_events(copier), copier.copy))
            return _rate(ground.seconds, lambda: copier.lines(_new_commands()), copier.copy)

        ours(), baseline()
        alone.clear()
        name = f"COPY of events, parties and receipts, {BULK} at a time"
        yield Race(ours, baseline, name, "events/s", lambda: {"events_alone": round(median(alone))})


def _new_commands() -> list[Decided]:
    return [command(new_id()) for _ in range(BULK)]


def _only_events(copier: _Copier) -> dict[LiteralString, str]:
    lines = copier.lines(_new_commands())
    first = next(iter(lines))
    return {first: lines[first]}


def _rate(seconds: float, make: Callable[[], T], step: Callable[[T], object], size: int = BULK) -> float:
    """Return how many a second a step takes care of, `size` at a time, when what it needs is made already."""
    spent, done = 0.0, 0
    while spent < seconds:
        made = make()
        began = time.perf_counter()
        step(made)
        spent += time.perf_counter() - began
        done += size
    return done / spent


# --- a long log ------------------------------------------------------------------------------------------------------

LONG_LOG, QUICK_LONG_LOG, SHORT_LOG = 5_000_000, 500_000, 10_000
FACTS_OF_A_STREAM = 10
FILL_STEP = 500_000
CALLERS = 32
"""Commands in one call, as when so many callers are at work."""

STATED = ("shared_buffers", "max_wal_size", "fsync", "synchronous_commit", "full_page_writes")

# Ids are time-ordered, as ours are; a stream has ten facts, one after the other.
_FILL: tuple[LiteralString, ...] = (
    """
    WITH stream AS (
        SELECT uuidv7() AS id, n
        FROM generate_series(%(first)s::bigint, %(last)s::bigint, %(facts)s::bigint) AS n
    ), made AS (
        INSERT INTO letopis.event (
            position, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at, recorded_at, actor,
            command_id, correlation_id, causation_id, parties, body)
        SELECT
            n + step, uuidv7(), id, step + 1, 'client.registered', 1, id, now(), now(), 'bench', uuidv7(), id, NULL,
            ARRAY[id], %(body)s::json
        FROM stream
        CROSS JOIN generate_series(0, %(facts)s::bigint - 1) AS step
        RETURNING position, stream_id, version, command_id
    ), concerned AS (
        INSERT INTO letopis.event_party (party_id, position)
        SELECT stream_id, position
        FROM made
    )
    INSERT INTO letopis.receipt (command_id, content_hash, stream_id, version, position, event_count, recorded_at)
    SELECT command_id, %(hash)s, stream_id, version, position, 1, now()
    FROM made
    """,
    "VACUUM (ANALYZE) letopis.event, letopis.event_party, letopis.receipt",
    "CHECKPOINT",
)


def _fill(place: Place, count: int) -> None:
    """Make a log of so many facts, as its owner, who alone can."""
    fill, *settle = _FILL
    with psycopg.connect(place.urls.owner, autocommit=True) as owner:
        for first in range(1, count + 1, FILL_STEP):
            last = min(first + FILL_STEP - 1, count)
            values = {"first": first, "last": last, "facts": FACTS_OF_A_STREAM, "body": BODY, "hash": HASH}
            owner.execute(fill, values)
        for statement in settle:
            owner.execute(statement)


@dataclass
class _Log:
    """A log of some length, and who appends to it: half of the facts begin a stream, half continue an old one."""

    connection: psycopg.Connection[Any]
    length: int
    chance: Random

    def commands(self) -> list[Decided]:
        old = self._heads([self.chance.randrange(self.length // FACTS_OF_A_STREAM) for _ in range(CALLERS // 2)])
        return [command(new_id()) for _ in range(CALLERS - len(old))] + [command(*each) for each in old.items()]

    def _heads(self, streams: Sequence[int]) -> dict[UUID, Head]:
        rows = self.connection.execute(
            """
            SELECT head.stream_id, head.version, head.event_id, head.position
            FROM letopis.event AS first
            CROSS JOIN LATERAL (
                SELECT e.stream_id, e.version, e.event_id, e.position
                FROM letopis.event AS e
                WHERE e.stream_id = first.stream_id
                ORDER BY e.version DESC
                LIMIT 1
            ) AS head
            WHERE first.position = ANY (%s)
            """,
            [[number * FACTS_OF_A_STREAM + 1 for number in streams]],
        )
        return {stream_id: Head(*head) for stream_id, *head in rows}

    def rate(self, seconds: float) -> float:
        """Return facts appended a second."""
        return _rate(seconds, self.commands, self._append, CALLERS)

    def _append(self, batch: list[Decided]) -> None:
        assert all(outcome.status == "stored" for outcome in append(self.connection, batch))


@contextmanager
def append_at_5m(ground: Ground) -> Iterator[Race]:
    """Appending to a log of 5,000,000 facts costs within 10 % of what it costs on a log of 10,000.

    Both logs are on the one server, with the settings it ships with (stated beside the result), and take the same calls
    of 32 commands in turns; half of those continue a stream chosen by chance among all of the log, so that its pages
    are cold. The logs are filled by the owner with one statement, which no role of the service may do. `--quick` makes
    the long one of 500,000.
    """
    length = LONG_LOG if ground.rounds > QUICK_ROUNDS else QUICK_LONG_LOG
    with ExitStack() as stack:
        logs = []
        for name, count in (("long", length), ("short", SHORT_LOG)):
            place = stack.enter_context(ground.place(f"append_{name}"))
            _fill(place, count)
            connection = stack.enter_context(psycopg.connect(place.urls.writer, autocommit=True))
            logs.append(_Log(connection, count, Random(count)))
        long, short = logs
        long.rate(ground.seconds), short.rate(ground.seconds)

        def extras() -> dict[str, Any]:
            shown = [short.connection.execute(f"SHOW {name}").fetchone() for name in STATED]
            settings = {name: value[0] for name, value in zip(STATED, shown, strict=True) if value}
            return {"facts": f"{length:,} against {SHORT_LOG:,}", **settings}

        yield Race(
            ours=lambda: long.rate(ground.seconds),
            baseline=lambda: short.rate(ground.seconds),
            baseline_name=f"ours, on a log of {SHORT_LOG:,}",
            unit="events/s",
            extras=extras,
        )
