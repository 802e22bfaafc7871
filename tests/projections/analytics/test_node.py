"""The analytics node counts every event once, whatever happens to its file or to the log."""

import dataclasses
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest

from infra.analytics import arrow_log, follower
from infra.analytics.answer import rows
from infra.analytics.duck import AnalyticsFileInUseError, AnalyticsNode, AnalyticsNotReadyError
from infra.analytics.fact_file import Difference
from infra.analytics.fact_schema import Column, FactSchema
from infra.log.event_versions import NewerLogError
from projections.analytics import ANALYTICS
from tests.database import Database
from tests.projections.analytics.history import SELLERS, Stored, company, empty_log, won, write_log

Open = Callable[..., AnalyticsNode]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "with a space" / "analytics.duckdb"


@pytest.fixture
def open_node(database: Database, file: Path) -> Iterator[Open]:
    opened: list[AnalyticsNode] = []

    def start(path: Path = file, facts: FactSchema = ANALYTICS, **more: object) -> AnalyticsNode:
        node = AnalyticsNode(path, database.projector_url, facts, **more)  # type: ignore[arg-type]
        opened.append(node)
        return node

    yield start
    for node in opened:
        node.stop()


def wins(node: AnalyticsNode) -> int:
    return sum(row["deals"] for row in rows(node.query("monthly_sales")))


def test_odd_slices_give_the_same_tables_as_one_big_one(
    database: Database, open_node: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(database.owner_url, company(50))
    monkeypatch.setattr(arrow_log.ArrowLog.slices, "__defaults__", (13,))
    node = open_node()
    passed = [node.follow_once(31) for _ in range(6)]
    monkeypatch.undo()

    assert passed == [31, 31, 31, 31, 26, 0]
    assert wins(node) == 50
    assert node.verify() == ()


def test_a_node_opened_again_goes_on_where_it_was(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, company(10))
    first = open_node()
    first.follow_once()
    first.stop()
    write_log(database.owner_url, company(3, first=10), after=30)

    again = open_node()
    assert again.position == 30
    assert again.follow_once() == 9
    assert wins(again) == 13


def test_a_deleted_file_is_filled_again(database: Database, open_node: Open, file: Path) -> None:
    write_log(database.owner_url, company(10))
    first = open_node()
    first.follow_once()
    first.stop()
    file.unlink()

    again = open_node()
    again.follow_once()
    assert (again.state, again.position, wins(again)) == ("live", 30, 10)


@pytest.mark.parametrize("damage", [b"no database at all" * 1000, b""])
def test_a_damaged_file_is_filled_again(database: Database, open_node: Open, file: Path, damage: bytes) -> None:
    write_log(database.owner_url, company(10))
    file.parent.mkdir()
    file.write_bytes(damage)

    node = open_node()
    node.follow_once()
    assert (node.state, node.position, wins(node)) == ("live", 30, 10)
    assert node.verify() == ()


def test_a_file_damaged_in_the_middle_is_filled_again(database: Database, open_node: Open, file: Path) -> None:
    write_log(database.owner_url, company(1000))
    first = open_node()
    first.follow_once()
    first.stop()
    content = bytearray(file.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    file.write_bytes(content)

    again = open_node()
    assert again.state == "broken"
    with pytest.raises(AnalyticsNotReadyError):
        again.query("pipeline_totals")
    again.follow_once()
    assert (again.state, wins(again)) == ("live", 1000)


def test_nothing_is_answered_from_a_file_not_yet_held_against_the_log(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, company(10))
    first = open_node()
    first.follow_once()
    first.stop()
    empty_log(database.owner_url)
    write_log(database.owner_url, company(12), salt=1)

    again = open_node()
    with pytest.raises(AnalyticsNotReadyError):
        wins(again)
    again.follow_once()
    assert wins(again) == 12


def test_another_log_is_noticed_and_its_facts_replace_the_old_ones(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, company(10))
    node = open_node()
    node.follow_once()
    empty_log(database.owner_url)
    write_log(database.owner_url, company(12), salt=1)

    node.follow_once()
    assert (node.state, node.position, wins(node)) == ("live", 36, 12)


def test_a_shorter_log_is_noticed_too(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, company(10))
    node = open_node()
    node.follow_once()
    empty_log(database.owner_url)
    write_log(database.owner_url, company(2))

    node.follow_once()
    assert (node.position, wins(node)) == (6, 2)


def test_tables_of_another_shape_are_filled_again(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, company(10))
    fewer = dataclasses.replace(ANALYTICS, tables=ANALYTICS.tables[:1])
    first = open_node(facts=fewer)
    first.follow_once()
    first.stop()

    node = open_node()
    assert node.position == 0
    node.follow_once()
    assert node.verify() == ()


def test_a_file_with_what_people_typed_is_filled_again_without_it(
    database: Database, open_node: Open, file: Path
) -> None:
    typed = "typed before it was sealed"
    lost = json.dumps({"from_stage": "offer", "reason": typed, "seller_id": str(SELLERS[0])})
    write_log(database.owner_url, [*company(1), company(1)[-1]._replace(topic="deal.lost", body=lost)])
    deal, *others = ANALYTICS.tables
    once = dataclasses.replace(
        deal,
        body=json.dumps({**json.loads(deal.body), "reason": "VARCHAR"}),
        columns=(*deal.columns, Column("reason", "VARCHAR", "body.reason")),
    )
    for facts, is_there in ((dataclasses.replace(ANALYTICS, tables=(once, *others)), True), (ANALYTICS, False)):
        node = open_node(facts=facts)
        node.follow_once()
        node.stop()
        assert any(typed.encode() in each.read_bytes() for each in file.parent.iterdir()) is is_there


def test_events_of_an_older_version_are_brought_up_to_date_first(database: Database, open_node: Open) -> None:
    old = json.dumps({"seller": "x", "cents": 12345})
    write_log(database.owner_url, [company(1)[0], company(1)[-1]._replace(body=old)])
    deal, *others = ANALYTICS.tables
    newer = dataclasses.replace(
        ANALYTICS, tables=(dataclasses.replace(deal, topics={**deal.topics, "deal.won": 2}), *others)
    )

    def upcast(topic: str, version: int, body: str) -> str:
        assert (topic, version) == ("deal.won", 1)
        return won(amount="123.4500") if "cents" in body else body

    node = open_node(facts=newer, upcast=upcast)
    node.follow_once()
    assert rows(node.query("monthly_sales"))[0]["amount"] == "123.45"


def test_a_log_newer_than_the_program_is_not_guessed_at(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, [company(1)[-1]._replace(schema_version=9)])
    node = open_node()
    with pytest.raises(NewerLogError):
        node.follow_once()
    assert node.state == "broken"


def test_verify_finds_a_changed_a_missing_and_an_added_row(database: Database, open_node: Open, file: Path) -> None:
    write_log(database.owner_url, company(10))
    node = open_node()
    node.follow_once()
    node.stop()
    with duckdb.connect(str(file)) as vandal:
        vandal.execute("UPDATE fact_deal SET amount = amount + 1 WHERE position = 3")
        vandal.execute("DELETE FROM fact_deal WHERE position = 4")
        vandal.execute("INSERT INTO fact_activity SELECT * FROM fact_activity WHERE position = 2")

    assert open_node().verify() == (
        Difference("fact_deal", 1, 2, columns=("amount",), positions=(3, 4)),
        Difference("fact_activity", 1, 0, positions=(2,)),
    )


def test_a_second_process_is_refused_the_file(open_node: Open) -> None:
    open_node()
    with pytest.raises(AnalyticsFileInUseError):
        open_node()


def test_a_started_node_follows_when_woken_and_is_waited_for(database: Database, open_node: Open) -> None:
    node = open_node()
    node.start(poll=60)
    assert node.wait_for(0, timeout=10)
    write_log(database.owner_url, company(5))
    node.wake()
    assert node.wait_for(15, timeout=10)
    assert not node.wait_for(16, timeout=0.05)


@pytest.fixture
def resting(database: Database, open_node: Open, monkeypatch: pytest.MonkeyPatch) -> AnalyticsNode:
    """A node that has taken in 15 facts, and rests for an hour."""
    monkeypatch.setattr(follower, "REST", math.inf)
    monkeypatch.setattr(follower, "LONGEST_REST_SECONDS", 3_600)
    node = open_node()
    write_log(database.owner_url, company(5))
    node.start(poll=0.05)
    while node.position < 15:
        time.sleep(0.01)
    return node


def test_a_node_rests_after_a_few_facts_unless_somebody_waits_for_it(
    database: Database, resting: AnalyticsNode
) -> None:
    write_log(database.owner_url, company(5, first=5), after=15)
    resting.wake()
    time.sleep(0.3)
    assert resting.position == 15
    assert resting.wait_for(30, timeout=10)


def test_a_node_that_rests_ends_when_it_is_told_to(resting: AnalyticsNode) -> None:
    resting.stop()


def test_a_started_node_outlives_a_lost_connection(database: Database, open_node: Open) -> None:
    node = open_node()
    node.start(poll=0.05)
    assert node.wait_for(0, timeout=10)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    write_log(database.owner_url, company(5))
    assert node.wait_for(15, timeout=10)


def test_questions_are_answered_while_the_facts_are_rebuilt(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, company(500))
    node = open_node()
    node.follow_once()
    answers: list[int] = []
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            answers.append(wins(node))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    seen: list[tuple[int, int]] = []
    for _ in range(5):
        node.rebuild(lambda reached, aim: seen.append((reached, aim)))
    is_over.set()
    for thread in asking:
        thread.join()

    assert set(answers) == {500}
    assert seen == [(1500, 1500)] * 5


def test_positions_nobody_wants_are_passed_all_the_same(database: Database, open_node: Open) -> None:
    noted = [Stored(row.stream, "activity.noted", "{}", row.occurred_at) for row in company(3)]
    write_log(database.owner_url, noted)
    node = open_node()
    assert node.follow_once() == 9
    assert node.position == 9
