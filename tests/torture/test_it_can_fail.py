"""The suite sees what it looks for: with a guard of the append function taken out it fails, by hand, not by chance."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.analytics.duck import AnalyticsNode
from infra.log.append import append
from infra.log.log_reader import LogReader
from infra.projector.generations import connect
from infra.projector.projector import ProjectorService
from replay.repair.status import wait_until
from tests.database import Database
from tests.infra.projector.looking import eventually
from tests.torture.ledger import Ledger, read_ledger
from tests.torture.plan import SHORT, Manner, Planned, Step
from tests.torture.readers import Notebook, noted
from tests.torture.sabotage import switch_off
from tests.torture.verdict import Verdict, of_log, of_positions, of_projector
from tests.torture.writers import Writer, decide
from tests.toy.followers import EVERY_TOPIC, FACTS, decode, heard, tally

Reading = Callable[[], None]


def planned(count: int = 1) -> Planned:
    return Planned(uuid4(), uuid4(), ("thing.happened",) * count)


class Readers:
    """The three readers of the suite, stepped by hand."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._url = database.projector_url
        self._folder = folder
        self._book = Notebook(folder, "feed")
        self._reader = LogReader(EVERY_TOPIC)
        self._node = AnalyticsNode(folder / "analytics.duckdb", self._url, FACTS)
        self._service = ProjectorService([tally, heard], decode, self._url, poll_seconds=0.01)
        self._service.start()

    def read(self, last: int) -> None:
        """Let every reader read up to the last position there is."""
        with connect(self._url) as connection:
            window = self._reader.window(connection, self._book.examined, 100)
        self._book.note([fact.envelope.position for fact in window.facts], window.end.position)
        self._node.follow_once()
        assert wait_until(self._url, [tally.name, heard.name], last, 10)

    def verdicts(self, last: int) -> list[Verdict]:
        """Return what the suite says of the three."""
        of_feed = of_positions("feed", noted(self._folder, "feed"), range(1, last + 1))
        facts = self._node.query("count").to_pylist()[0]["facts"]
        of_node = Verdict("analytics", facts, skipped=last - facts)
        return [of_feed, of_node, *of_projector(self._url, last)]

    def stop(self) -> None:
        self._service.stop()
        self._node.stop()


@pytest.fixture
def readers(database: Database, tmp_path: Path) -> Iterator[Readers]:
    three = Readers(database, tmp_path)
    try:
        yield three
    finally:
        three.stop()


@contextmanager
def held_open(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """Lend a transaction in which one fact is appended and not committed yet; it commits at the end of the block."""
    with psycopg.connect(database.writer_url) as connection:
        append(connection, decide([planned()], {}))
        yield connection


def append_alone(database: Database) -> None:
    with psycopg.connect(database.writer_url, autocommit=True) as connection:
        append(connection, decide([planned()], {}))


def is_waiting_for_the_lock(database: Database) -> bool:
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
        ).fetchone()
        return row == (1,)


def test_without_the_lock_every_reader_skips_the_fact_that_is_committed_late_and_is_found_out(
    database: Database, readers: Readers
) -> None:
    with psycopg.connect(database.owner_url) as owner:
        switch_off(owner, "lock")
    with held_open(database):
        append_alone(database)
        readers.read(2)
    readers.read(2)
    assert {one.name: one.skipped for one in readers.verdicts(2)} == {
        "feed": 1,
        "analytics": 1,
        "live projector, whole log": 1,
        "live projector, by stream": 1,
    }


def test_with_the_lock_the_same_interleaving_skips_nothing(database: Database, readers: Readers) -> None:
    with held_open(database):
        second = threading.Thread(target=append_alone, args=(database,))
        second.start()
        eventually(lambda: is_waiting_for_the_lock(database))
        readers.read(0)
    second.join()
    readers.read(2)
    assert [one for one in readers.verdicts(2) if not one.is_clean] == []


def test_without_the_lock_but_numbered_from_the_last_position_two_appends_cannot_both_commit(
    database: Database,
) -> None:
    with psycopg.connect(database.owner_url) as owner:
        switch_off(owner, "lock-and-max")
    failures: list[psycopg.Error] = []

    def collide() -> None:
        try:
            append_alone(database)
        except psycopg.Error as error:
            failures.append(error)

    with held_open(database):
        second = threading.Thread(target=collide)
        second.start()
        second.join(0.3)
        assert second.is_alive()
    second.join()
    assert [type(each) for each in failures] == [psycopg.errors.UniqueViolation]


def write_and_forget(database: Database, folder: Path, steps: Sequence[Step]) -> tuple[dict[UUID, int], set[UUID]]:
    """Carry out steps, forget every second acknowledgement as a killed writer does, and carry them out once more."""
    path = folder / "writer.ledger"
    for _ in range(2):
        writer = Writer(database.writer_url, Ledger(path), sleep=lambda _: None)
        for step in steps:
            writer.carry_out(step)
        writer.close()
        acknowledged = sorted(read_ledger(path)[0])
        path.write_text("".join(f"stored {each.hex}\n" for each in acknowledged[::2]))
    commands = [command for step in steps for command in step.commands]
    return {command.command_id: len(command.topics) for command in commands}, set(acknowledged)


def judged(database: Database, facts: dict[UUID, int], acknowledged: set[UUID]) -> Verdict:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        return of_log(owner, facts, acknowledged)


HARMLESS = [manner for manner in Manner if "kill -9" not in manner.value]
STEPS = [Step(number, manner, 0.0, (planned(2), planned(1))) for number, manner in enumerate(HARMLESS)]


def test_without_receipts_a_retried_command_is_stored_twice_and_found_out(database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.owner_url) as owner:
        switch_off(owner, "receipts")
    verdict = judged(database, *write_and_forget(database, tmp_path, STEPS))
    assert verdict.doubled >= len(STEPS)
    assert verdict.lost == 0


def test_with_receipts_the_same_retries_store_nothing_twice(database: Database, tmp_path: Path) -> None:
    verdict = judged(database, *write_and_forget(database, tmp_path, STEPS))
    assert verdict.facts == 3 * len(STEPS)
    assert verdict.is_clean, verdict


def test_an_acknowledged_command_that_is_not_there_or_not_whole_is_lost(database: Database, tmp_path: Path) -> None:
    facts, acknowledged = write_and_forget(database, tmp_path, STEPS[:1])
    gone, (first, *_) = uuid4(), acknowledged
    assert judged(database, {**facts, gone: 1}, {*acknowledged, gone}).lost == 1
    assert judged(database, {**facts, first: facts[first] + 1}, acknowledged).lost == 1


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ("UPDATE letopis.event SET position = 100 WHERE position = 2", "positions are not 1..N"),
        ("UPDATE letopis.event SET version = 9 WHERE position = 2", "facts are out of turn in their stream"),
        ("UPDATE letopis.event SET recorded_at = '2000-01-01' WHERE position = 2", "recorded before one"),
        ("UPDATE letopis.receipt SET position = position + 1 WHERE position = 3", "receipts do not say"),
        ("UPDATE letopis.event SET command_id = event_id WHERE position = 3", "nobody asked for"),
        ("DELETE FROM letopis.event WHERE position = 2", "stored in part"),
    ],
)
def test_a_log_that_is_wrong_in_any_other_way_is_found_out(
    database: Database, tmp_path: Path, harm: str, found: str
) -> None:
    facts, acknowledged = write_and_forget(database, tmp_path, STEPS[:1])
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("SET LOCAL session_replication_role = replica")
        assert owner.execute(harm.encode()).rowcount == 1
    wrong = judged(database, facts, acknowledged).wrong
    assert any(found in each for each in wrong), wrong


def test_positions_given_again_or_out_of_order_or_not_there_are_found_out() -> None:
    assert of_positions("good", [1, 2, 3], [1, 2, 3]).is_clean
    assert of_positions("twice", [1, 2, 2, 3], [1, 2, 3]).doubled == 1
    assert of_positions("skip", [1, 3], [1, 2, 3]).skipped == 1
    assert of_positions("order", [1, 3, 2], [1, 2, 3]).wrong == ["not in order"]
    assert of_positions("more", [1, 2, 3, 4], [1, 2, 3]).wrong == ["1 that the log does not have"]


def test_the_same_seed_plans_the_same_run_and_another_seed_another() -> None:
    def drawn(seed: int) -> tuple[Any, Any]:
        plan = replace(SHORT, seed=seed, steps=40, bad_share=0.5, deadly_share=0.3)
        return plan.facts_planned(), [list(plan.steps_of(name)) for name in plan.names()]

    assert drawn(1) == drawn(1)
    assert drawn(1)[0].keys().isdisjoint(drawn(2)[0])
    assert {step.manner for steps in drawn(1)[1] for step in steps} == set(Manner)
