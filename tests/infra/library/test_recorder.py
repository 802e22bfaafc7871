"""The eventsourcing library's own conformance suites pass on our recorders, as does what we add to its interface.

Of the suites that ship with the library (eventsourcing/tests) these do not apply, and are not collected:

- In `ApplicationRecorderTestCase`, the cases that count versions from 0 (concurrency, throughput), for a recorder that
  counts from 1: one recorder has one way of counting. The whole case is run on a recorder that counts from 0; what of
  it counts from either is run again on one that counts from 1, as our log does.
- `TrackingRecorderTestCase`, `ProcessRecorderTestCase`: how far a view has come is kept by the projector, in the
  transaction that writes the view's rows; what follows from an event is a policy's command with a receipt of its own.
- `TranscoderTestCase`: of the stock transcoder, which needs no recorder; the bodies of our facts are pydantic's.
- eventsourcing.tests.projection: of the library's ProjectionRunner; we have the projector.
- eventsourcing.tests.postgres_utils and domain: no cases, but what the others stand on.

The cases of factories, mappers and applications are in test_persistence.py.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import DataError, IntegrityError, OperationalError, ProgrammingError, StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from infra.library.recorder import LogRecorder
from infra.library.snapshot_recorder import SnapshotRecorder
from infra.library.stored_event import EnvelopedEvent, to_body, to_state
from infra.log.append import append
from infra.log.envelope import NEVER
from tests.database import Database
from tests.infra.library import suites
from tests.infra.log.decided import SOME_DAY, decided, fact
from tests.infra.projector.looking import eventually


class OnARecorder(suites.OnTheLog):
    FIRST_VERSION = 0

    def create_recorder(self) -> LogRecorder:
        recorder = LogRecorder(self.database.writer_url, first_version=self.FIRST_VERSION)
        self.addCleanup(recorder.close)
        return recorder


class TestTheLogCountingFrom0(OnARecorder, suites.persistence.ApplicationRecorderTestCase[LogRecorder]):
    INITIAL_VERSION = 0

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestTheLogCountingFrom1(OnARecorder, suites.persistence.ApplicationRecorderTestCase[LogRecorder]):
    FIRST_VERSION = 1

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()

    test_performance = None  # type: ignore[assignment] # measured above
    test_concurrent_no_conflicts = None  # type: ignore[assignment] # counts from 0
    test_concurrent_throughput = None  # type: ignore[assignment] # counts from 0


class TestPositionsOfOneInsertStayTogether(OnARecorder, suites.persistence.NonInterleavingNotificationIDsBaseCase):
    pass


class TestSnapshots(suites.OnTheLog, suites.persistence.AggregateRecorderTestCase):
    def create_recorder(self) -> SnapshotRecorder:
        recorder = SnapshotRecorder(self.database.writer_url)
        self.addCleanup(recorder.close)
        return recorder


@pytest.fixture
def recorder(shared_database: Database) -> Iterator[LogRecorder]:
    with closing(LogRecorder(shared_database.writer_url, actor="somebody")) as made:
        yield made


def head(recorder: LogRecorder) -> int:
    return recorder.max_notification_id() or 0


def event(stream_id: UUID, version: int = 1, state: bytes = b"{}", topic: str = "thing.happened") -> StoredEvent:
    return StoredEvent(stream_id, version, topic, state)


def enveloped(stream_id: UUID, version: int = 1) -> EnvelopedEvent:
    envelope, body = fact(stream_id, version)
    return EnvelopedEvent(stream_id, version, envelope.topic, body.encode(), envelope)


def test_a_snapshot_may_be_dropped_but_not_changed_and_only_the_writer_sees_it(shared_database: Database) -> None:
    stream_id = uuid4()
    with (
        closing(SnapshotRecorder(shared_database.writer_url)) as recorder,
        psycopg.connect(shared_database.writer_url, autocommit=True) as writer,
        psycopg.connect(shared_database.reader_url, autocommit=True) as reader,
    ):
        recorder.insert_events([event(stream_id)])
        for connection, statement in (
            (writer, "UPDATE letopis.snapshot SET version = 2"),
            (reader, "TABLE letopis.snapshot"),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
        writer.execute("DELETE FROM letopis.snapshot WHERE stream_id = %s", [stream_id])
        assert recorder.select_events(stream_id) == []


@given(st.binary())
def test_any_bytes_come_back_from_the_body_they_become(state: bytes) -> None:
    assert to_state(to_body(state)) == state


AWKWARD = (
    b"",
    b"plain",
    b"\x00\xff",
    b'{"base64":"e30="}',
    b'{"base64":17}',
    b'{"spaces" :  1.0, "spaces": [2] }\n',
    '{"name":"Анна 🐈"}'.encode(),
    b'{"escaped":"\\u0000 \\ud83d\\udc08"}',
    b'{"half":"\\ud83d"}',
    b'{"number":NaN}',
    b'{"raw":"\x00"}',
    b"[1]",
    b"{" * 5000,
)


def test_any_state_comes_back_from_the_log_byte_for_byte(recorder: LogRecorder) -> None:
    stream_id = uuid4()
    first, *_ = recorder.insert_events([event(stream_id, version, state) for version, state in enumerate(AWKWARD, 1)])
    assert [each.state for each in recorder.select_events(stream_id)] == list(AWKWARD)
    assert [each.state for each in recorder.select_notifications(first, 100)] == list(AWKWARD)


def test_a_state_that_is_a_json_object_is_readable_in_the_log_as_it_is(
    recorder: LogRecorder, shared_database: Database
) -> None:
    positions = recorder.insert_events([event(uuid4(), state=b'{"b": 1,"a":2 }'), event(uuid4(), state=b"raw")])
    query = "SELECT body::text, body->>'a', body->>'base64' FROM letopis.event WHERE position = ANY(%s) ORDER BY 1 DESC"
    with psycopg.connect(shared_database.writer_url) as connection:
        rows = connection.execute(query, [positions]).fetchall()
    assert rows == [('{"base64":"cmF3"}', None, "cmF3"), ('{"b": 1,"a":2 }', "2", None)]


def test_a_plain_event_gets_an_envelope_that_says_what_is_known(recorder: LogRecorder) -> None:
    stream_id = uuid4()
    (position,) = recorder.insert_events([event(stream_id)])
    (stored,) = recorder.select_events(stream_id)
    envelope = stored.envelope
    assert (envelope.position, envelope.actor, envelope.subject_id) == (position, "somebody", stream_id)
    assert (envelope.command_id, envelope.causation_id) == (envelope.correlation_id, None)
    assert envelope.recorded_at > SOME_DAY


def test_an_enveloped_event_keeps_what_it_says_and_the_log_adds_where_and_when(recorder: LogRecorder) -> None:
    said = enveloped(uuid4())
    (position,) = recorder.insert_events([said])
    (stored,) = recorder.select_notifications(position, 10)
    recorded_at = stored.envelope.recorded_at
    assert recorded_at > NEVER
    # The parties are in a table of their own, which only those who ask for parties read.
    assert stored.envelope == said.envelope._replace(position=position, recorded_at=recorded_at, parties=())
    assert (stored.id, stored.state) == (position, said.state)


def test_one_insert_may_record_on_several_streams_and_is_all_or_nothing(recorder: LogRecorder) -> None:
    anna, boris = uuid4(), uuid4()
    before = head(recorder)
    assert recorder.insert_events([event(anna), event(boris), event(anna, 2)]) == [before + n for n in (1, 2, 3)]
    with pytest.raises(IntegrityError):
        recorder.insert_events([event(anna, 3), event(boris, 1)])
    with pytest.raises(IntegrityError):
        recorder.insert_events([event(anna, 3), event(boris, 3)])
    assert recorder.insert_events([event(anna, 3), event(boris, 2)]) == [before + 4, before + 5]


def test_a_stream_has_no_gaps(recorder: LogRecorder) -> None:
    before = head(recorder)
    for versions in ([2], [0], [1, 3], [1, 1], [2, 1]):
        stream_id = uuid4()
        with pytest.raises(IntegrityError):
            recorder.insert_events([event(stream_id, version) for version in versions])
    assert head(recorder) == before


def test_of_many_who_write_the_same_version_one_does(recorder: LogRecorder) -> None:
    stream_id = uuid4()
    recorder.insert_events([event(stream_id)])

    def write(number: int) -> int:
        try:
            return len(recorder.insert_events([event(stream_id, 2, b'{"by":%d}' % number)]))
        except IntegrityError:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(40))) == 1
    assert [each.originator_version for each in recorder.select_events(stream_id)] == [1, 2]


def test_the_same_command_again_answers_with_the_same_positions(recorder: LogRecorder) -> None:
    stream_id = uuid4()
    for command in (enveloped(stream_id, 1), enveloped(stream_id, 2)):
        positions = recorder.insert_events([command])
        assert recorder.insert_events([command]) == positions == [head(recorder)]


def test_another_content_under_the_same_command_is_refused(recorder: LogRecorder) -> None:
    first = enveloped(uuid4())
    recorder.insert_events([first])
    other = EnvelopedEvent(first.originator_id, 1, first.topic, b'{"other":1}', first.envelope)
    with pytest.raises(IntegrityError, match="replayed"):
        recorder.insert_events([other])
    assert [each.state for each in recorder.select_events(first.originator_id)] == [first.state]


def test_an_enveloped_event_on_an_old_state_is_refused(recorder: LogRecorder) -> None:
    first = enveloped(uuid4())
    recorder.insert_events([first])
    with pytest.raises(IntegrityError, match="stale"):
        recorder.insert_events([enveloped(first.envelope.stream_id)])


def test_one_insert_is_one_command(recorder: LogRecorder) -> None:
    with pytest.raises(ProgrammingError):
        recorder.insert_events([enveloped(uuid4()), enveloped(uuid4())])


def test_errors_of_the_server_have_the_names_the_library_gives_them(recorder: LogRecorder) -> None:
    with pytest.raises(DataError):
        recorder.insert_events([event(uuid4(), topic="a\0b")])
    with closing(SnapshotRecorder("postgresql://nobody@127.0.0.1:1/none")) as unreachable:
        unreachable._pool.timeout = 0.1
        with pytest.raises(OperationalError):
            unreachable.select_events(uuid4())


def test_a_subscription_meets_what_others_append_without_a_wake_up(
    recorder: LogRecorder, shared_database: Database
) -> None:
    before = head(recorder)
    with (
        recorder.subscribe(before) as subscription,
        psycopg.connect(shared_database.writer_url, autocommit=True) as connection,
    ):
        for position in range(before + 1, before + 4):
            append(connection, [decided(uuid4())])
            assert next(subscription).id == position


def cut_off_listeners(database: Database) -> None:
    """Wait for somebody to listen, and end their connections."""
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND query LIKE 'LISTEN%'"
    )
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        eventually(lambda: owner.execute(cut.encode()).fetchall() != [])


def test_a_subscription_that_is_cut_off_from_the_wake_ups_goes_on(
    recorder: LogRecorder, shared_database: Database
) -> None:
    before = head(recorder)
    with recorder.subscribe(before) as subscription:
        cut_off_listeners(shared_database)
        recorder.insert_events([event(uuid4()), event(uuid4())])
        assert [next(subscription).id, next(subscription).id] == [before + 1, before + 2]


def test_a_subscription_to_few_topics_keeps_the_place_it_has_examined(recorder: LogRecorder) -> None:
    before = head(recorder)
    with recorder.subscribe(before, topics=["thing.rare"]) as subscription:
        recorder.insert_events([event(uuid4()) for _ in range(7)])
        eventually(lambda: subscription._last_notification_id == before + 7)
        recorder.insert_events([event(uuid4()), event(uuid4(), topic="thing.rare")])
        assert next(subscription).id == before + 9
