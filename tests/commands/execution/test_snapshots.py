"""Long streams are loaded from a snapshot and the facts after it; without one, or with a false one, from all facts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Event as Signal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from aggregates.client import Client
from aggregates.deal import Deal
from aggregates.snapshot import to_state, topic_of
from commands import registry
from commands.base import Actor, Command
from commands.client import RegisterClient, RenameClient
from commands.contact_point import AddContactPoint, ContactPointGiven, CorrectContactPoint
from commands.execution import snapshots
from commands.execution.batch import BatchRunner
from commands.execution.decision import Encryption, Request
from commands.execution.executor import Executor
from commands.execution.pending import Accepted, Answer, PendingCommand
from commands.execution.snapshots import Snapshots
from commands.execution.store import LogStore
from commands.execution.streams import LONG, Entry, Streams, WrongKindError
from events.registry import EVENT_TYPES, UPCASTERS
from events.values import ClientKind, ContactKind
from infra.log.crypto import Keyring
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import LogKeys, read_streams
from infra.log.ids import new_id
from infra.log.mapper import Mapper
from infra.log.snapshots import newest_snapshots
from infra.postgres.connection import OwnConnection
from tests.database import MASTER, Database

assert registry.COMMANDS
ADMIN = Actor("01910000-0000-7000-8000-000000000001", "admin")


@dataclass
class Writer:
    """A write side as after a start; it counts the facts it reads."""

    url: str
    is_shortened: bool = True
    facts_read: int = 0
    streams: Streams = field(init=False)
    runner: BatchRunner = field(init=False)

    def __post_init__(self) -> None:
        self.connections = OwnConnection(self.url), OwnConnection(self.url)
        reading, writing = self.connections
        mapper = Mapper(EVENT_TYPES, UPCASTERS, Keyring(MASTER, LogKeys(reading)))
        encryption = Encryption(body=mapper.to_body, new_key=mapper.keyring.unsaved, keyed_hash=MASTER.keyed_hash)
        snapshots = Snapshots(reading, mapper.keyring) if self.is_shortened else None
        self.streams = Streams(self._read, mapper.to_event, snapshots)
        self.runner = BatchRunner(reading, self.streams, encryption, mapper.keyring, LogStore(writing))

    def _read(self, after: Mapping[UUID, int], limit: int | None = None, /) -> Sequence[RecordedEvent]:
        with self.connections[0]() as connection:
            facts = read_streams(connection, after, limit)
        self.facts_read += len(facts)
        return facts

    def close(self) -> None:
        for connection in self.connections:
            connection.close()

    def load(self, client_id: UUID) -> Entry:
        """Load a client and see that it is what its facts alone make of it."""
        entry = self.streams.get(Client, client_id)
        with writer(self.url, is_shortened=False) as other:
            whole = other.streams.get(Client, client_id)
        whole.aggregate.occasion = entry.aggregate.occasion
        assert vars(entry.aggregate) == vars(whole.aggregate)
        assert (entry.head, entry.identities) == (whole.head, whole.identities)
        return entry


@contextmanager
def writer(url: str, **options: Any) -> Iterator[Writer]:
    with closing(Writer(url, **options)) as made:
        yield made


@pytest.fixture
def at(database: Database) -> Iterator[Writer]:
    with writer(database.writer_url) as made:
        yield made


def asked(command: Command) -> Request:
    return Request.of(command, ADMIN, MASTER.keyed_hash)


def client_of(at: Writer, facts: int, *, mail: str = "first@romashka.example") -> UUID:
    """Return a client of so many facts, one of whose contact points was corrected."""
    client_id = new_id()
    point, corrected = (ContactPointGiven(kind=ContactKind.EMAIL, value=value) for value in (f"x{mail}", mail))
    commands: list[Command] = [
        RegisterClient(client_id=client_id, kind=ClientKind.PERSON, name="Olga", contact_points=(point,)),
        CorrectContactPoint(client_id=client_id, from_point=point, to_point=corrected),
    ]
    commands += names(client_id, 3, facts)
    for answer in at.runner.run([asked(command) for command in commands]):
        assert isinstance(answer, Accepted), answer
    at.runner.rest()
    return client_id


def names(client_id: UUID, first: int, last: int) -> list[Command]:
    return [RenameClient(client_id=client_id, name=f"Olga {number}") for number in range(first, last + 1)]


def kept(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT stream_id, version, topic FROM letopis.snapshot ORDER BY 1, 2").fetchall()


def owner(database: Database, statement: str) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(statement.encode())


def test_a_long_stream_is_loaded_from_its_snapshot_and_the_facts_after_it(at: Writer) -> None:
    client_id = client_of(at, LONG + 20)
    assert kept(at.url) == [(client_id, LONG + 20, topic_of(Client))]
    at.runner.run([asked(command) for command in names(client_id, 1, 3)])
    with writer(at.url) as other:
        entry = other.load(client_id)
        assert (entry.kept, entry.head.version) == (LONG + 20, LONG + 23)
        assert other.facts_read == LONG + 3
        (answer,) = other.runner.run([asked(RenameClient(client_id=client_id, name="Maria"))])
        assert isinstance(answer, Accepted)
        assert answer.version == LONG + 24


def test_a_short_stream_has_no_snapshot_and_asks_for_none(at: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    client_id = client_of(at, LONG - 1)
    assert kept(at.url) == []
    with writer(at.url) as other:
        monkeypatch.setattr(Snapshots, "newest", None)
        other.load(client_id)


def test_the_next_snapshot_is_taken_when_the_stream_has_grown_again_and_replaces_the_last(at: Writer) -> None:
    client_id = client_of(at, LONG)
    for first, last, expected in ((1, LONG - 1, LONG), (0, 0, 2 * LONG), (1, LONG, 3 * LONG)):
        at.runner.run([asked(command) for command in names(client_id, first, last)])
        at.runner.rest()
        assert [version for _, version, _ in kept(at.url)] == [expected]


def test_a_long_load_leaves_a_snapshot_for_the_next_one(at: Writer, database: Database) -> None:
    client_id = client_of(at, 2 * LONG)
    owner(database, "DELETE FROM letopis.snapshot")
    with writer(at.url) as other:
        other.load(client_id)
        assert other.facts_read == 2 * LONG
        other.runner.rest()
    with writer(at.url) as third:
        third.load(client_id)
        assert third.facts_read == LONG


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE letopis.snapshot SET event_id = gen_random_uuid()",
        "UPDATE letopis.snapshot SET version = version - 1",
        "UPDATE letopis.snapshot SET topic = 'client@other code'",
        "UPDATE letopis.snapshot SET state = set_byte(state, 20, get_byte(state, 20) # 1)",
        "UPDATE letopis.snapshot SET subject_id = gen_random_uuid()",
        "DELETE FROM letopis.snapshot",
        "DROP TABLE letopis.snapshot",
    ],
)
def test_a_snapshot_that_is_false_or_unreadable_or_gone_changes_nothing(
    at: Writer, database: Database, harm: str
) -> None:
    client_id = client_of(at, LONG + 20)
    owner(database, harm)
    with writer(at.url) as other:
        assert other.load(client_id).head.version == LONG + 20
        assert other.facts_read == LONG + 20
        answers = other.runner.run([asked(command) for command in names(client_id, 1, LONG)])
        assert all(isinstance(answer, Accepted) for answer in answers)
        other.runner.rest()
        other.load(client_id)


def test_a_snapshot_of_one_stream_is_not_believed_of_another(at: Writer, database: Database) -> None:
    one, other = (client_of(at, LONG + 20, mail=f"{name}@romashka.example") for name in ("one", "other"))
    owner(
        database,
        "UPDATE letopis.snapshot AS mine SET state = yours.state, subject_id = yours.subject_id"
        " FROM letopis.snapshot AS yours WHERE yours.stream_id <> mine.stream_id",
    )
    with writer(at.url) as third:
        for client_id in (one, other):
            third.load(client_id)


def test_a_snapshot_is_found_without_reading_the_stream(at: Writer, database: Database) -> None:
    client_id = client_of(at, 4 * LONG)
    # As it is in a large log: the planner believes that every stream is short.
    owner(database, "ALTER TABLE letopis.event ALTER stream_id SET (n_distinct = -0.3)")
    owner(database, "ANALYZE letopis.event, letopis.snapshot")

    def facts_fetched() -> int:
        connection.execute("SELECT pg_stat_force_next_flush()")
        statement = "SELECT idx_tup_fetch FROM pg_stat_user_tables WHERE relid = 'letopis.event'::regclass"
        ((fetched,),) = connection.execute(statement).fetchall()
        return int(fetched)

    with closing(OwnConnection(at.url)) as borrow, borrow() as connection:
        before = facts_fetched()
        assert len(newest_snapshots(connection, {client_id: topic_of(Client)})) == 1
        assert facts_fetched() - before == 1


def test_what_other_code_has_kept_is_not_read(at: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "topic_of", lambda kind: f"{kind.KIND}@other code")
        patch.setattr(snapshots, "to_state", lambda client: to_state(client).replace(b"Olga", b"Vera"))
        client_id = client_of(at, LONG + 20)
    assert len(kept(at.url)) == 1
    with writer(at.url) as other:
        other.load(client_id)


def test_only_what_the_log_has_is_kept(at: Writer) -> None:
    client_id = client_of(at, LONG - 1)
    first, second = (PendingCommand(asked(command)) for command in names(client_id, 1, 2))
    at.runner.decide([first])
    at.runner.advance()
    with writer(at.url) as other:
        other.runner.run([asked(RenameClient(client_id=client_id, name="Maria"))])
    at.runner.decide([second])
    at.runner.advance()
    # The first fact beyond is stored, and in memory it is followed by one that is still on its way.
    assert (first.answer is not None, second.answer) == (True, None)
    at.runner.rest()
    assert kept(at.url) == []
    while not at.runner.is_idle:
        at.runner.advance()
    at.runner.rest()
    assert [version for _, version, _ in kept(at.url)] == [LONG + 2]
    with writer(at.url) as other:
        other.load(client_id)


def test_a_refused_command_is_undone_on_a_long_stream_as_well(at: Writer) -> None:
    client_id, _ = client_of(at, LONG + 20), client_of(at, 3, mail="taken@romashka.example")
    entry = at.streams.get(Client, client_id)
    before, at.facts_read = entry.head, 0
    at.streams.restore(entry)
    assert (entry.head, at.facts_read) == (before, LONG)
    point = ContactPointGiven(kind=ContactKind.EMAIL, value="taken@romashka.example")
    (answer,) = at.runner.run([asked(AddContactPoint(client_id=client_id, point=point))])
    assert isinstance(answer, Exception)
    assert at.load(client_id).head == before


def test_of_a_long_stream_of_another_kind_only_the_beginning_is_read(at: Writer) -> None:
    client_id = client_of(at, 2 * LONG)
    with writer(at.url) as other:
        with pytest.raises(WrongKindError):
            other.streams.get(Deal, client_id)
        assert other.facts_read <= 2 * LONG
        other.load(client_id)


def test_what_is_kept_of_a_person_cannot_be_read_without_their_key(at: Writer, database: Database) -> None:
    client_id = client_of(at, LONG + 20)
    (state,) = _states(database)
    assert b"Olga" not in state
    owner(database, "DELETE FROM letopis.subject_key")
    with writer(at.url) as other:
        shortcut = other.streams._snapshots
        assert shortcut is not None
        assert shortcut.newest([Client(client_id)]) == []
        # Nor does anybody who still has them in memory keep anything of them again.
        owner(database, "DELETE FROM letopis.snapshot")
        entry = at.streams.get(Client, client_id)
        shortcut.keep([(entry.aggregate, entry.head)])
    assert _states(database) == []


def _states(database: Database) -> list[bytes]:
    with psycopg.connect(database.owner_url) as connection:
        return [state for (state,) in connection.execute("SELECT state FROM letopis.snapshot")]


def test_the_executor_takes_snapshots_when_it_has_nothing_else_to_do(at: Writer) -> None:
    executor = Executor(at.runner, at.connections, on_stored=lambda _: None, limit=1_000)
    executor.start()
    try:
        client_id = new_id()
        point = ContactPointGiven(kind=ContactKind.EMAIL, value="first@romashka.example")
        first = RegisterClient(client_id=client_id, kind=ClientKind.PERSON, name="Olga", contact_points=(point,))
        done, given = Signal(), list[Answer]()

        def deliver(answers: list[Answer]) -> None:
            given.extend(answers)
            done.set()

        executor.submit([asked(command) for command in (first, *names(client_id, 2, LONG))], deliver)
        done.wait()
        assert all(isinstance(answer, Accepted) for answer in given)
    finally:
        executor.stop()
    assert [version for _, version, _ in kept(at.url)] == [LONG]
