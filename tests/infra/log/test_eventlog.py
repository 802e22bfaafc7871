"""The log stores what was decided on the truth, leaves out the rest, and lets nobody change what is stored."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infra.log.append import LeftOutError, append
from infra.log.eventlog import Head, read_receipts, read_streams
from tests.database import Database
from tests.infra.log.decided import decided, gives_back, head_after, takes

Connection = psycopg.Connection[Any]


@pytest.fixture
def writer(database: Database) -> Iterator[Connection]:
    with psycopg.connect(database.writer_url, autocommit=True) as connection:
        yield connection


def positions(connection: Connection) -> list[int]:
    return [position for (position,) in connection.execute("SELECT position FROM letopis.event ORDER BY position")]


def statuses(connection: Connection, *commands: Any) -> list[str]:
    return [outcome.status for outcome in append(connection, commands)]


def test_facts_get_positions_from_one_without_gaps_in_the_order_of_the_batch(writer: Connection) -> None:
    first, second = decided(uuid4(), count=2), decided(uuid4())
    outcomes = append(writer, [first, second])
    assert [(outcome.status, outcome.first) for outcome in outcomes] == [("stored", 1), ("stored", 3)]
    assert positions(writer) == [1, 2, 3]
    assert [fact.body for fact in read_streams(writer, {first.stream_id: 1})] == ['{"a": 1}']


def test_a_batch_may_build_on_itself(writer: Connection) -> None:
    first = decided(uuid4())
    assert statuses(writer, first, decided(first.stream_id, head_after(first))) == ["stored", "stored"]


def test_a_command_decided_on_an_old_state_is_left_out(writer: Connection) -> None:
    first = decided(uuid4())
    append(writer, [first])
    assert statuses(writer, decided(first.stream_id)) == ["stale"]
    assert positions(writer) == [1]


def test_a_head_of_the_right_version_but_another_event_is_an_old_state(writer: Connection) -> None:
    first = decided(uuid4())
    append(writer, [first])
    assert statuses(writer, decided(first.stream_id, Head(1, uuid4()))) == ["stale"]


def test_a_stream_that_was_only_read_counts_as_well(writer: Connection) -> None:
    read = decided(uuid4())
    append(writer, [read])
    other = uuid4()
    assert statuses(writer, decided(other, also_read={read.stream_id: Head()})) == ["stale"]
    assert statuses(writer, decided(other, also_read={read.stream_id: head_after(read)})) == ["stored"]


def test_whatever_shares_a_stream_with_a_command_left_out_is_left_out_too(writer: Connection) -> None:
    present = decided(uuid4())
    append(writer, [present])
    stale = decided(uuid4(), also_read={present.stream_id: Head()})
    depends = decided(stale.stream_id, head_after(stale))
    depends_on_that = decided(uuid4(), also_read={depends.stream_id: head_after(depends)})
    neighbour = decided(uuid4())
    assert statuses(writer, stale, depends, depends_on_that, neighbour) == ["stale", "cascaded", "cascaded", "stored"]
    assert positions(writer) == [1, 2]
    assert read_streams(writer, {neighbour.stream_id: 0})[0].envelope.position == 2


def test_a_command_is_stored_once_and_answers_with_its_receipt_for_ever(writer: Connection) -> None:
    command = decided(uuid4(), count=2)
    append(writer, [command])
    (again,) = append(writer, [command])
    assert (again.status, again.facts["position"], again.facts["version"]) == ("replayed", 2, 2)
    receipt = read_receipts(writer, [command.command_id])[command.command_id]
    assert (receipt.position, receipt.content_hash) == (2, b"what it says")
    assert [event["position"] for event in receipt.events] == [1, 2]
    assert positions(writer) == [1, 2]


def test_an_identity_has_one_holder(writer: Connection) -> None:
    anna, boris = uuid4(), uuid4()
    assert statuses(writer, decided(anna, claims=[takes(anna, b"+7")])) == ["stored"]
    (refused,) = append(writer, [decided(boris, claims=[takes(boris, b"+7")])])
    assert (refused.status, refused.facts["holder_id"]) == ("claimed", str(anna))
    assert statuses(writer, decided(boris, claims=[takes(boris, b"+7", (anna,))])) == ["stored"]
    assert statuses(writer, decided(uuid4(), claims=[takes(uuid4(), b"+7", None)])) == ["stored"]


def test_two_commands_of_one_batch_cannot_take_one_identity(writer: Connection) -> None:
    anna, boris = uuid4(), uuid4()
    first = decided(anna, claims=[takes(anna, b"+7")])
    second = decided(boris, claims=[takes(boris, b"+8"), takes(boris, b"+7")])
    assert statuses(writer, first, second) == ["stored", "claimed"]
    assert writer.execute("SELECT key, holder_id FROM letopis.claim").fetchall() == [(b"+7", anna)]


def test_an_identity_given_back_is_free_for_the_next_command(writer: Connection) -> None:
    anna, boris = uuid4(), uuid4()
    first = decided(anna, claims=[takes(anna, b"+7")])
    append(writer, [first])
    release = decided(anna, head_after(first), claims=[gives_back(anna, b"+7")])
    assert statuses(writer, release, decided(boris, claims=[takes(boris, b"+7")])) == ["stored", "stored"]
    assert writer.execute("SELECT holder_id FROM letopis.claim").fetchall() == [(boris,)]


def test_a_command_left_out_takes_no_identity(writer: Connection) -> None:
    present, anna = decided(uuid4()), uuid4()
    append(writer, [present])
    stale = decided(anna, claims=[takes(anna, b"+7")], also_read={present.stream_id: Head()})
    assert statuses(writer, stale) == ["stale"]
    assert writer.execute("SELECT count(*) FROM letopis.claim").fetchone() == (0,)


def test_a_key_that_another_process_made_first_is_an_old_state(writer: Connection) -> None:
    subject = uuid4()
    append(writer, [decided(subject, keys={subject: b"first"})])
    assert statuses(writer, decided(uuid4(), keys={subject: b"second"})) == ["stale"]
    assert writer.execute("SELECT wrapped FROM letopis.subject_key").fetchall() == [(b"first",)]


def test_of_an_atomic_batch_all_or_nothing_is_stored(writer: Connection) -> None:
    anna, boris = uuid4(), uuid4()
    append(writer, [decided(anna, claims=[takes(anna, b"+7")])])
    batch = [decided(uuid4()), decided(boris, claims=[takes(boris, b"+8"), takes(boris, b"+7")])]
    with pytest.raises(LeftOutError) as caught:
        append(writer, batch, atomic=True)
    assert {place: outcome.status for place, outcome in caught.value.outcomes.items()} == {1: "claimed"}
    assert positions(writer) == [1]
    assert writer.execute("SELECT count(*) FROM letopis.claim").fetchone() == (1,)


@pytest.mark.parametrize("table", ["event", "event_party", "receipt"])
@pytest.mark.parametrize("change", ["UPDATE {} SET position = 7", "DELETE FROM {}", "TRUNCATE {}"])
def test_not_even_the_owner_changes_what_is_stored(database: Database, table: str, change: str) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        append(owner, [decided(uuid4())])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            owner.execute(change.format(f"letopis.{table}").encode())
        assert positions(owner) == [1]


def test_a_rollback_on_the_same_connection_keeps_nobody_from_appending(writer: Connection) -> None:
    # psycopg then drops every statement that was prepared on the connection.
    for _ in range(2):
        writer.execute("SELECT 1", prepare=True)
        with writer.transaction(force_rollback=True):
            assert statuses(writer, decided(uuid4())) == ["stored"]
        writer.execute("SELECT 2", prepare=True)
        assert statuses(writer, decided(uuid4())) == ["stored"]
    assert positions(writer) == [1, 2]


def test_the_service_writes_only_through_the_append_function(writer: Connection) -> None:
    append(writer, [decided(uuid4())])
    for statement in (
        "INSERT INTO letopis.event SELECT * FROM letopis.event",
        "UPDATE letopis.event SET topic = 'other'",
        "DELETE FROM letopis.event",
        "INSERT INTO letopis.claim VALUES ('phone', '', gen_random_uuid())",
        "ALTER TABLE letopis.event DISABLE TRIGGER ALL",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            writer.execute(statement.encode())


def test_the_other_roles_cannot_append(database: Database) -> None:
    for url in (database.projector_url, database.reader_url):
        with (
            psycopg.connect(url, autocommit=True) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            append(connection, [decided(uuid4())])


def test_times_without_end_are_no_times(database: Database) -> None:
    copy = (
        "INSERT INTO letopis.event (position, event_id, stream_id, version, topic, schema_version, subject_id, actor,"
        " command_id, correlation_id, body, parties, occurred_at, recorded_at) SELECT 2, event_id, gen_random_uuid(),"
        " 1, topic, 1, subject_id, actor, command_id, correlation_id, body, parties, {} FROM letopis.event"
    )
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        append(owner, [decided(uuid4())])
        for times in ("'infinity', now()", "now(), 'infinity'", "'-infinity', now()"):
            with pytest.raises(psycopg.errors.CheckViolation):
                owner.execute(copy.format(times).encode())
        assert positions(owner) == [1]


def test_many_writers_at_once_leave_no_gap_and_no_disorder_in_time(database: Database) -> None:
    def write(_: int) -> None:
        with psycopg.connect(database.writer_url, autocommit=True) as connection:
            for _ in range(25):
                append(connection, [decided(uuid4()), decided(uuid4())])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with psycopg.connect(database.writer_url) as connection:
        assert positions(connection) == list(range(1, 401))
        backwards = connection.execute(
            "SELECT count(*) FROM letopis.event a JOIN letopis.event b ON b.position = a.position + 1"
            " WHERE b.recorded_at < a.recorded_at"
        ).fetchone()
        assert backwards == (0,)


def test_no_append_reads_a_table_whole_though_it_was_planned_when_tables_were_small(writer: Connection) -> None:
    def read_whole() -> list[tuple[str, int]]:
        writer.execute("SELECT pg_stat_force_next_flush()")
        return writer.execute(
            "SELECT relname, seq_scan FROM pg_stat_user_tables"
            " WHERE relname IN ('event', 'receipt', 'claim', 'subject_key') ORDER BY relname"
        ).fetchall()

    before = read_whole()
    assert len(before) == 4
    for number in range(20):
        stream = uuid4()
        claims, keys = [takes(stream, b"%d" % number)], {stream: b"key"}
        assert statuses(writer, decided(stream, claims=claims, keys=keys)) == ["stored"]
    assert read_whole() == before
