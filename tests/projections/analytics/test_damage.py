"""Whatever becomes of the analytics file or of the node that owns it, the same figures come back by themselves."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from infra.analytics.answer import rows
from infra.analytics.duck import AnalyticsNode, AnalyticsNotReadyError
from infra.analytics.fact_file import TOGETHER
from infra.postgres.embedded import EmbeddedPostgres
from projections.analytics import ANALYTICS
from tests.database import Database, copy_of
from tests.infra.projector.looking import eventually
from tests.projections.analytics.following import LINES_A_SLICE, SLICE
from tests.projections.analytics.history import company, dense, write_log
from tests.system.service import ROOT

HISTORY = company(600) + dense(3, deals=100)
KILLS = range(3)


class Ground(NamedTuple):
    """A log, what its reports say, and a file whose node was killed: half of it in the file, half in its journal."""

    database: Database
    answers: dict[str, list[dict[str, object]]]
    killed: Path


def answers_of(node: AnalyticsNode) -> dict[str, list[dict[str, object]]]:
    """Return what every report says that needs no parameter."""
    return {one.name: rows(node.query(one.name)) for one in node.reports}


def kill_at(file: Path, url: str, work: str, lines: int, delay: float = 0.0) -> None:
    """Let a node work on the file in a process of its own, and kill it a little after it told so many lines."""
    command = [sys.executable, "-m", "tests.projections.analytics.following", str(file), url, work]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline()
        time.sleep(delay)
        process.kill()
    assert process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def ground(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("killed")
    file = folder / "analytics.duckdb"
    with copy_of(cluster, template) as database:
        write_log(database.owner_url, HISTORY)
        undisturbed = AnalyticsNode(folder / "undisturbed.duckdb", database.projector_url, ANALYTICS)
        undisturbed.follow_once()
        answers = answers_of(undisturbed)
        undisturbed.stop()
        half = AnalyticsNode(file, database.projector_url, ANALYTICS)
        half.follow_once(len(HISTORY) // 2)
        half.stop()
        kill_at(file, database.projector_url, "fill", LINES_A_SLICE * (len(HISTORY) // 2 // SLICE))
        assert journal(file).stat().st_size > 10_000
        yield Ground(database, answers, file)


@pytest.fixture
def file(ground: Ground, tmp_path: Path) -> Path:
    """A copy of the file whose node was killed, with its journal."""
    copy = tmp_path / "analytics.duckdb"
    shutil.copy(ground.killed, copy)
    shutil.copy(journal(ground.killed), journal(copy))
    return copy


@pytest.fixture
def open_node(ground: Ground) -> Iterator[Callable[[Path], AnalyticsNode]]:
    opened: list[AnalyticsNode] = []

    def start(path: Path) -> AnalyticsNode:
        opened.append(AnalyticsNode(path, ground.database.projector_url, ANALYTICS))
        return opened[-1]

    yield start
    for node in opened:
        node.stop()


Open = Callable[[Path], AnalyticsNode]


def journal(file: Path) -> Path:
    return file.with_name(file.name + ".wal")


def check_recovers(node: AnalyticsNode, ground: Ground) -> None:
    """The node comes to the figures of one that nothing happened to, with nobody's help."""
    node.start(poll=0.02)
    # What is there is looked at before it is followed, so nobody is ever told what a damaged file says.
    eventually(lambda: node._in_use._is_checked)
    assert node.wait_for(len(HISTORY), timeout=20), node.problem
    assert answers_of(node) == ground.answers
    assert node.verify() == ()


# --- kill -9 ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", KILLS)
def test_a_node_killed_while_it_follows_goes_on_from_a_true_place(
    ground: Ground, open_node: Open, tmp_path: Path, seed: int
) -> None:
    chance, path = Random(seed), tmp_path / "analytics.duckdb"
    # Every other time between the facts of a slice and the position.
    lines = LINES_A_SLICE * chance.randrange(1, 15) + (seed + 1) % LINES_A_SLICE
    kill_at(path, ground.database.projector_url, "fill", lines, chance.uniform(0, 0.02))
    node = open_node(path)
    assert SLICE <= node.position < len(HISTORY)
    assert node.verify() == ()
    check_recovers(node, ground)


@pytest.mark.parametrize("seed", KILLS)
def test_a_node_killed_while_it_rebuilds_has_the_old_facts_or_the_new_ones(
    ground: Ground, open_node: Open, tmp_path: Path, seed: int
) -> None:
    chance, path = Random(seed), tmp_path / "analytics.duckdb"
    transactions = -(-len(HISTORY) // (SLICE * TOGETHER))
    # Somewhere in the filling, or just after its end: about when the files are swapped.
    lines = 1 + chance.randrange(transactions) if seed % 2 else 1 + transactions
    kill_at(path, ground.database.projector_url, "rebuild", lines, chance.uniform(0, 0.03))
    check_recovers(open_node(path), ground)


# --- damage while nobody looks ---------------------------------------------------------------------------------------


def deleted(file: Path, _: Random) -> None:
    file.unlink()


def journal_deleted(file: Path, _: Random) -> None:
    journal(file).unlink()


def truncated(file: Path, chance: Random) -> None:
    os.truncate(file, chance.randrange(file.stat().st_size))


def journal_truncated(file: Path, chance: Random) -> None:
    truncated(journal(file), chance)


def overwritten(file: Path, chance: Random) -> None:
    with file.open("r+b") as bytes_:
        bytes_.seek(chance.randrange(file.stat().st_size))
        bytes_.write(chance.randbytes(4096))


def journal_overwritten(file: Path, chance: Random) -> None:
    overwritten(journal(file), chance)


def no_database_at_all(file: Path, chance: Random) -> None:
    file.write_bytes(chance.randbytes(100_000))


def emptied(file: Path, _: Random) -> None:
    file.write_bytes(b"")


HARM = [
    (deleted, 0),
    (journal_deleted, 0),
    (emptied, 0),
    (no_database_at_all, 0),
    *((harm, seed) for harm in (truncated, journal_truncated, overwritten, journal_overwritten) for seed in range(3)),
]


@pytest.mark.parametrize(("harm", "seed"), HARM, ids=lambda value: getattr(value, "__name__", value))
def test_a_damaged_file_is_mended_or_filled_anew(
    ground: Ground, open_node: Open, file: Path, harm: Callable[[Path, Random], None], seed: int
) -> None:
    harm(file, Random(seed))
    check_recovers(open_node(file), ground)


def test_a_journal_left_by_another_file_is_not_played_into_this_one(
    ground: Ground, open_node: Open, file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.duckdb"
    kill_at(other, ground.database.projector_url, "fill", 3)
    shutil.copy(other, file)
    check_recovers(open_node(file), ground)


# --- harm done to a running node -------------------------------------------------------------------------------------


def test_a_file_deleted_under_a_running_node_is_made_again_and_readers_notice_nothing(
    ground: Ground, open_node: Open, file: Path
) -> None:
    node = open_node(file)
    check_recovers(node, ground)
    file.unlink()
    journal(file).unlink(missing_ok=True)

    def is_there_again() -> bool:
        assert answers_of(node) == ground.answers
        return file.exists() and node._in_use.is_in_place

    eventually(is_there_again)
    assert node.verify() == ()


def test_damage_that_a_reader_meets_is_not_a_figure_and_not_for_long(
    ground: Ground, open_node: Open, file: Path
) -> None:
    node = open_node(file)
    node.follow_once()
    node.stop()
    node = open_node(file)
    node._in_use._is_checked = True  # as if the file had been sound when it was opened
    assert node.follow_once() == 0
    content = bytearray(file.read_bytes())
    content[len(content) // 10 :] = bytes(len(content) - len(content) // 10)
    file.write_bytes(content)

    with pytest.raises(AnalyticsNotReadyError, match="being looked at"):
        answers_of(node)
    check_recovers(node, ground)


def test_a_node_that_cannot_write_answers_from_what_it_has_and_goes_on_when_it_can(
    ground: Ground, open_node: Open, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.analytics.follower.PAUSE_SECONDS", 0.01)
    node = open_node(file)
    check_recovers(node, ground)
    hindrance = file.with_name(file.name + ".new")
    hindrance.mkdir()
    file.unlink()
    eventually(lambda: "cannot be written" in (node.problem or ""))
    assert answers_of(node) == ground.answers
    hindrance.rmdir()
    eventually(lambda: node._in_use.is_in_place and node.problem is None)
    assert answers_of(node) == ground.answers


def test_readers_are_answered_from_the_old_file_until_the_new_one_is_whole(
    ground: Ground, open_node: Open, file: Path
) -> None:
    node = open_node(file)
    node.follow_once()
    before, seen = file.stat().st_ino, []

    def ask(_reached: int, _aim: int) -> None:
        seen.append((answers_of(node) == ground.answers, file.stat().st_ino == before))

    node.rebuild(ask)
    assert set(seen) == {(True, True)}
    assert file.stat().st_ino != before
    assert answers_of(node) == ground.answers
