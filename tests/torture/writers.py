"""Writers that behave badly on purpose, and know for certain only what the log acknowledged."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import psycopg

from infra.log.append import Appended, append, send
from infra.log.envelope import NEVER, Envelope, RecordedEvent
from infra.log.eventlog import Decided, Head
from infra.log.ids import new_id
from infra.postgres.connection import OwnConnection
from tests.infra.log.decided import SOME_DAY
from tests.torture.ledger import Ledger
from tests.torture.plan import DEADLY, Manner, Plan, Planned, Step

_HEADS = """
SELECT stream_id, head.version, head.event_id
FROM unnest(%s::uuid[]) AS wanted (stream_id)
CROSS JOIN LATERAL (
    SELECT e.version, e.event_id
    FROM letopis.event AS e
    WHERE e.stream_id = wanted.stream_id
    ORDER BY e.version DESC
    LIMIT 1
) AS head
"""
PAUSE_AFTER_FAILURE = 0.05
Connection = psycopg.Connection[Any]


class OrphanedError(Exception):
    """Whoever started this writer is gone: nobody will look at what it does."""


class NotStoredError(Exception):
    """The batch was taken back on purpose; it has to be brought again."""


def decide(commands: Iterable[Planned], heads: dict[UUID, Head]) -> list[Decided]:
    """Return the commands as decided on the heads, each on what those before it in the batch leave behind."""
    batch = []
    for command in commands:
        before = heads.get(command.stream_id, Head())
        facts = [_fact(command, before.version + n, topic) for n, topic in enumerate(command.topics, 1)]
        last = facts[-1].envelope
        batch.append(
            Decided(
                command_id=command.command_id,
                content_hash=command.command_id.bytes,
                stream_id=command.stream_id,
                version=last.version,
                expectations=[(command.stream_id, before)],
                facts=facts,
            )
        )
        heads[command.stream_id] = Head(last.version, last.event_id)
    return batch


def _fact(command: Planned, version: int, topic: str) -> RecordedEvent:
    envelope = Envelope(
        position=0,
        event_id=new_id(),
        stream_id=command.stream_id,
        version=version,
        topic=topic,
        schema_version=1,
        subject_id=command.stream_id,
        occurred_at=SOME_DAY,
        recorded_at=NEVER,
        actor="writer",
        command_id=command.command_id,
        correlation_id=command.command_id,
        causation_id=None,
        parties=(command.stream_id,),
    )
    return RecordedEvent(envelope, "{}")


def read_heads(connection: Connection, streams: Iterable[UUID]) -> dict[UUID, Head]:
    """Return the heads of those streams that have one."""
    rows = connection.execute(_HEADS, [list(set(streams))])
    return {stream_id: Head(version, event_id) for stream_id, version, event_id in rows}


class Writer:
    """Brings planned batches to the log through the real append function, until each command is acknowledged."""

    def __init__(self, url: str, ledger: Ledger, sleep: Callable[[float], None] = time.sleep) -> None:
        self._borrow = OwnConnection(url)
        self._ledger = ledger
        self._sleep = sleep

    def carry_out(self, step: Step) -> None:
        """Bring one batch to the log: in its manner first, plainly after that; returns when all is acknowledged."""
        manner = step.manner
        if manner in DEADLY and step.number in self._ledger.deaths:
            manner = Manner.PLAIN
        while waiting := [one for one in step.commands if one.command_id not in self._ledger.acknowledged]:
            try:
                self._bring(step, manner, waiting)
            except (psycopg.Error, NotStoredError) as failure:
                if isinstance(failure, psycopg.OperationalError):
                    self._borrow.close()
                give_up_without_parent()
                self._sleep(PAUSE_AFTER_FAILURE)
            manner = Manner.PLAIN

    def _bring(self, step: Step, manner: Manner, waiting: Sequence[Planned]) -> None:
        if manner in DEADLY:
            self._ledger.note_death(step.number)
        with self._borrow() as connection:
            batch = decide(waiting, read_heads(connection, [one.stream_id for one in waiting]))
            outcomes = self._in_manner(manner, step.pause, connection, batch)
        for decided, outcome in zip(batch, outcomes, strict=True):
            if outcome.status in {"stored", "replayed"}:
                self._ledger.acknowledge(decided.command_id)

    def _in_manner(self, manner: Manner, pause: float, connection: Connection, batch: list[Decided]) -> list[Appended]:
        match manner:
            case Manner.HUNG_UP | Manner.KILLED_SENT:
                send_only(connection, batch)
                if manner is Manner.KILLED_SENT:
                    die()
                connection.close()
                raise NotStoredError
            case Manner.KILLED_STORED:
                append(connection, batch)
                die()
            case Manner.PLAIN:
                return append(connection, batch)
        return self._in_transaction(manner, pause, connection, batch)

    def _in_transaction(
        self, manner: Manner, pause: float, connection: Connection, batch: list[Decided]
    ) -> list[Appended]:
        with connection.transaction():
            if manner is Manner.OLD_SNAPSHOT:
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                connection.execute("SELECT max(position) FROM letopis.event")
                self._sleep(pause)
            if manner is Manner.SAVEPOINT:
                with connection.transaction(force_rollback=True):
                    append(connection, batch)
            outcomes = append(connection, batch)
            self._sleep(pause)
            if manner is Manner.KILLED_OPEN:
                die()
            if manner is Manner.ROLLED_BACK:
                raise NotStoredError
        return outcomes

    def close(self) -> None:
        """Leave."""
        self._borrow.close()
        self._ledger.close()


def send_only(connection: Connection, batch: list[Decided]) -> None:
    """Send a batch to the log and read no answer: whether it is stored is anybody's guess."""
    send(connection, batch)


def die() -> NoReturn:
    """End this process as a crash would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def give_up_without_parent() -> None:
    """Raise OrphanedError when the process that started this one is gone."""
    parent = parent_process()
    if parent is not None and not parent.is_alive():
        raise OrphanedError


def write(name: str, plan: Plan, url: str, folder: Path) -> None:
    """Be one writer: carry out its steps, from where an earlier life of it was killed."""
    writer = Writer(url, Ledger(folder / f"{name}.ledger"))
    with suppress(OrphanedError):
        for step in plan.steps_of(name):
            writer.carry_out(step)
    writer.close()
