"""What is kept of a life answers as the log would now, and is gone when it may not be told any more."""

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.composition.decoding import mapper_by
from app.composition.reading import time_machine_at
from infra.log.envelope import ReadEvent
from infra.log.past_log import AsOf, PastLog
from infra.projector import session_tables
from infra.projector.folding import PoisonEventError
from read_api import views
from replay.past.as_of import TimeMachine
from tests.bench.made_log import BEGINNING, append_made_client
from tests.database import MASTER, Database

CLIENT, OTHER = UUID(int=1_007), UUID(int=1_008)
FACTS = 4
SECTOR = f"SELECT c.profile -> 'sector' ->> 'value' FROM {views.CLIENT_CARD} AS c"
KEPT = f"SELECT count(*) FROM {views.CLIENT_CARD}_versions"


@pytest.fixture
def machine(database: Database) -> TimeMachine:
    """A machine with one session, on a log in which a client's sector was corrected again and again."""
    append_made_client(database.owner_url, MASTER, CLIENT, 1, FACTS)
    return time_machine_at(database.projector_url, MASTER, sessions=1, seconds=60)


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection[tuple[int]]]:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many facts were read from the log, each time."""
    numbers: list[int] = []
    whole = PastLog._read

    def counting(self: PastLog, statement: str, values: Any) -> list[ReadEvent]:
        facts = whole(self, statement, values)
        numbers.append(len(facts))
        return facts

    monkeypatch.setattr(PastLog, "_read", counting)
    return numbers


def lived(machine: TimeMachine, client: UUID = CLIENT) -> list[int]:
    with machine.over_time(AsOf(), client, "recorded") as life:
        return [position for _, position in life.moments([views.CLIENT_CARD])]


def sectors(machine: TimeMachine, positions: Sequence[int], client: UUID = CLIENT) -> list[str | None]:
    told = []
    for position in positions:
        with machine.looking(AsOf(recorded=BEGINNING + timedelta(seconds=position)), client) as then:
            told += [one for (one,) in then.ask(SECTOR, {}, [views.CLIENT_CARD], [])]
    return told


def kept(machine: TimeMachine) -> int:
    with machine._session() as session, session.borrow() as connection:
        session.tables(connection)
        ((rows,),) = connection.execute(KEPT.encode()).fetchall()
        return int(rows)


def named(*versions: int) -> list[str | None]:
    return [None if version == 1 else f"торговля {version}" for version in versions]


def test_a_life_is_read_once_and_tells_every_moment(machine: TimeMachine, read: list[int]) -> None:
    assert lived(machine) == [1, 2, 3, 4]
    before = list(read)
    assert sectors(machine, [4, 2, 1, 3]) == named(4, 2, 1, 3)
    assert lived(machine) == [1, 2, 3, 4]
    assert read == before


def test_what_is_asked_of_a_moment_alone_keeps_nothing(machine: TimeMachine) -> None:
    assert sectors(machine, [3]) == named(3)
    assert kept(machine) == 0


def test_who_is_forgotten_is_told_of_no_more(machine: TimeMachine, owner: psycopg.Connection[tuple[int]]) -> None:
    lived(machine)
    assert kept(machine) == FACTS
    owner.execute("DELETE FROM letopis.subject_key WHERE subject_id = %s", [CLIENT])
    with pytest.raises(PoisonEventError):
        sectors(machine, [FACTS])
    assert kept(machine) == 0
    with pytest.raises(PoisonEventError):
        lived(machine)
    assert kept(machine) == 0


def test_what_comes_to_a_life_is_told_and_what_comes_to_others_costs_nothing(
    machine: TimeMachine, database: Database, read: list[int]
) -> None:
    lived(machine)
    before = list(read)
    append_made_client(database.owner_url, MASTER, OTHER, 1, 3)
    assert lived(machine) == [1, 2, 3, 4]
    assert read == before
    append_made_client(database.owner_url, MASTER, CLIENT, FACTS + 1, FACTS + 1)
    assert sectors(machine, [FACTS + 4]) == named(FACTS + 1)
    assert lived(machine) == [1, 2, 3, 4, 8]


def test_what_is_skipped_from_now_on_is_not_in_it(machine: TimeMachine, owner: psycopg.Connection[tuple[int]]) -> None:
    lived(machine)
    owner.execute(
        "INSERT INTO letopis.skipped (name, place, position, event_id, topic, failure, reason, actor)"
        " SELECT 'client_card', jsonb_build_object('subject', subject_id), position, event_id, topic, 'x', 'y', 'vera'"
        " FROM letopis.event WHERE position = 4"
    )
    assert sectors(machine, [4]) == named(3)


def test_one_life_makes_room_for_another_and_a_question_that_failed_leaves_none(
    machine: TimeMachine, database: Database
) -> None:
    lived(machine)
    append_made_client(database.owner_url, MASTER, OTHER, 1, 2)
    assert lived(machine, OTHER) == [5, 6]
    assert kept(machine) == 2
    assert sectors(machine, [3]) == named(3)
    assert sectors(machine, [6], OTHER) == named(2)
    assert kept(machine) == 2
    with pytest.raises(ZeroDivisionError), machine.over_time(AsOf(), OTHER, "recorded"):
        raise ZeroDivisionError
    assert kept(machine) == 0
    assert lived(machine, OTHER) == [5, 6]


def test_of_a_life_that_is_cut_across_nothing_stays(machine: TimeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_tables, "MANY_ROWS", FACTS + 1)
    for _ in range(3):
        with machine.over_time(AsOf(recorded=BEGINNING + timedelta(seconds=FACTS)), CLIENT, "occurred") as life:
            assert len(life.moments([views.CLIENT_CARD])) == FACTS
        assert kept(machine) == 0
    assert lived(machine) == [1, 2, 3, 4]
    assert kept(machine) == FACTS


def test_a_life_goes_with_its_session(machine: TimeMachine, owner: psycopg.Connection[tuple[int]]) -> None:
    lived(machine)
    owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'letopis-as-of'")
    with pytest.raises(psycopg.OperationalError):
        sectors(machine, [2])
    assert sectors(machine, [2, 4]) == named(2, 4)
    assert lived(machine) == [1, 2, 3, 4]


def test_a_life_that_nobody_asks_is_forgotten_after_a_while(database: Database) -> None:
    append_made_client(database.owner_url, MASTER, CLIENT, 1, FACTS)
    machine = TimeMachine(
        database.projector_url, lambda borrow: mapper_by(borrow, MASTER), sessions=2, seconds=60, kept_seconds=0.2
    )
    lived(machine)
    deadline = time.monotonic() + 30
    while machine._lives and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not machine._lives
    assert kept(machine) == 0
    assert lived(machine) == [1, 2, 3, 4]


def test_a_life_stays_when_tables_give_their_room_back(
    machine: TimeMachine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_made_client(database.owner_url, MASTER, OTHER, 1, 2)
    lived(machine)
    lived(machine, OTHER)
    monkeypatch.setattr(session_tables, "MANY_ROWS", 1)
    with machine.looking(AsOf(), None) as then:
        assert len(then.ask(SECTOR, {}, [views.CLIENT_CARD], [])) == 2
    assert (kept(machine), sectors(machine, [6], OTHER)) == (2, named(2))
