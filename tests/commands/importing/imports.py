"""What the tests of the importer share: a write side on the real database, and a naive reading of the log."""

import json
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from commands import registry
from commands.execution.batch import BatchRunner
from commands.execution.decision import Encryption
from commands.execution.pending import PendingCommand
from commands.execution.store import LogStore
from commands.execution.streams import ReadStreams, Streams
from commands.importing.mapping import Mapping, make_mapping
from commands.importing.rehearsal import rehearsing_runner
from commands.importing.run import Runner, WriteDoor
from events.registry import EVENT_TYPES, UPCASTERS
from infra.log.crypto import Keyring
from infra.log.encrypted import ENCRYPTED_MEMBER
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import LogKeys, read_streams
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from tests.database import MASTER, Database

assert registry.COMMANDS


@dataclass
class Desk:
    """Somebody who imports into one database, and looks into its log afterwards."""

    url: str
    connection: OwnConnection = field(init=False)
    mapper: Mapper = field(init=False)

    def __post_init__(self) -> None:
        self.connection = OwnConnection(self.url)
        self.mapper = Mapper(EVENT_TYPES, UPCASTERS, Keyring(MASTER, LogKeys(self.connection)))

    def _read(self) -> ReadStreams:
        def read(after: Any, limit: int | None = None, /) -> list[RecordedEvent]:
            with self.connection() as connection:
                return list(read_streams(connection, after, limit))

        return read

    @property
    def _encryption(self) -> Encryption:
        return Encryption(body=self.mapper.to_body, new_key=self.mapper.keyring.unsaved, keyed_hash=MASTER.keyed_hash)

    def door(self) -> WriteDoor:
        """A fresh write side, as after a restart."""
        streams = Streams(self._read(), self.mapper.to_event)
        store = LogStore(OwnConnection(self.url))
        return WriteDoor(
            BatchRunner(self.connection, streams, self._encryption, self.mapper.keyring, store),
            MASTER.keyed_hash,
            borrow=OwnConnection(self.url),
            decode=self.mapper.to_event,
        )

    def dry_door(self) -> WriteDoor:
        """A write side that stores nothing."""
        runner = rehearsing_runner(self.connection, self._read(), MASTER)
        return WriteDoor(runner, MASTER.keyed_hash, borrow=OwnConnection(self.url), decode=self.mapper.to_event)

    def rows(self, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement finds."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement, values).fetchall()

    def size(self) -> int:
        """How many facts the log holds."""
        return int(self.rows("SELECT count(*) FROM letopis.event")[0][0])

    def bodies(self, topic: str) -> list[dict[str, Any]]:
        """The raw bodies of one topic in order, personal parts opened, with stream, occurred_at and actor beside."""
        found = []
        for stream_id, subject_id, event_id, at, actor, body in self.rows(
            "SELECT stream_id, subject_id, event_id, occurred_at, actor, body::text FROM letopis.event"
            " WHERE topic = %s ORDER BY position",
            topic,
        ):
            found.append({"_stream": stream_id, "_at": at, "_actor": actor, **self._opened(subject_id, event_id, body)})
        return found

    def _opened(self, subject_id: UUID, event_id: UUID, body: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(body)
        if ENCRYPTED_MEMBER in body:
            encrypted = b64decode(content.pop("sealed"))
            content |= json.loads(self.mapper.keyring.decrypt(subject_id, encrypted, event_id.bytes))
        return content


def desk_at(database: Database) -> Desk:
    """Somebody who imports into this database."""
    return Desk(database.writer_url)


def mapping(target: str, fields: dict[str, Any], **rest: Any) -> Mapping:
    """A mapping of the source `old-crm`."""
    return make_mapping({"source": "old-crm", "target": target, "fields": fields, **rest})


def written(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "rows.csv") -> Path:
    """A CSV file with this text."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


class _Dying:
    """A runner that dies after so many batches."""

    def __init__(self, runner: Runner, batches: int) -> None:
        self._runner = runner
        self._left = batches

    @property
    def is_idle(self) -> bool:
        return self._runner.is_idle

    def recall(self, turns: Sequence[PendingCommand]) -> list[PendingCommand]:
        return self._runner.recall(turns)

    def decide(self, turns: Sequence[PendingCommand]) -> None:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        self._runner.decide(turns)

    def advance(self, *, wait: bool = True) -> list[PendingCommand]:
        return self._runner.advance(wait=wait)


class Counting(_Dying):
    """A runner that counts the commands it is asked for, and those it decides."""

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner, 1_000_000)
        self.asked = self.decided = 0

    def recall(self, turns: Sequence[PendingCommand]) -> list[PendingCommand]:
        self.asked += len(turns)
        return super().recall(turns)

    def decide(self, turns: Sequence[PendingCommand]) -> None:
        self.decided += len(turns)
        super().decide(turns)


def failing_after(door: WriteDoor, batches: int) -> WriteDoor:
    """A write side that dies after so many batches."""
    return replace(door, runner=_Dying(door.runner, batches))
