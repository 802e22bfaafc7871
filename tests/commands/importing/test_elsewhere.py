"""Importing by a second process: the same answers as by this one, whatever becomes of the log or of the process."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import pytest

from commands.execution.pending import PendingCommand
from commands.importing.elsewhere import ProcessDiedError, RunnerElsewhere, carry_out
from commands.importing.file_import import import_file
from commands.importing.run import Runner
from infra.postgres.embedded import EmbeddedPostgres
from tests.commands.importing.imports import Counting, Desk, desk_at, mapping, written
from tests.commands.importing.test_error_file import rows_of
from tests.commands.importing.test_file_import import errors_at
from tests.database import Database, copy_of

FIELDS = {"name": "Name", "email": "Mail", "tax_id": "Tax", "parent": "Parent"}
ROWS = "Id,Name,Mail,Tax,Parent\n" + "".join(
    f"{n},{'x' * 300 if n % 500 == 3 else f'Firm {n}'},m{n % 2300}@x.org,{n if n % 700 == 0 else ''},{n // 50 or ''}\n"
    for n in (*range(1, 2700), *range(100, 200))
)
"""Names too long, tax numbers that are none, e-mails that somebody has, parents, rows that stand twice."""


@pytest.fixture
def other_database(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    with copy_of(cluster, template) as fresh:
        yield fresh


@pytest.fixture
def desk(database: Database) -> Desk:
    return desk_at(database)


@contextmanager
def elsewhere(runner: Runner, work: Callable[[Connection, Runner], None] = carry_out) -> Iterator[RunnerElsewhere]:
    """What carries out commands at the other end of a pipe, where this runner is."""
    ours, theirs = Pipe()
    thread = threading.Thread(target=work, args=(theirs, runner))
    thread.start()
    yield RunnerElsewhere(ours)
    ours.close()
    thread.join(30)
    assert not thread.is_alive()


def test_rows_fare_there_as_they_fare_here(database: Database, other_database: Database, tmp_path: Path) -> None:
    here, there = desk_at(database), desk_at(other_database)
    file, asked = written(tmp_path, ROWS), mapping("client", FIELDS, external_id="Id")
    told = [tmp_path / "here.csv", tmp_path / "there.csv"]
    expected = import_file(file, asked, here.door(), errors=errors_at(told[0]))
    for accepted in (expected.accepted, 0):
        door = there.door()
        with elsewhere(door.runner) as runner:
            report = import_file(file, asked, replace(door, runner=runner), errors=errors_at(told[1]))
        assert (report.accepted, report.refused, report.wrong) == (accepted, expected.refused, expected.wrong)
        assert report.rows == 2799
        assert report.adds_up
        assert sorted(rows_of(told[0])) == sorted(rows_of(told[1]))
    assert expected.refused > 300
    assert expected.wrong == 6
    said = "SELECT position, stream_id, version, topic FROM letopis.event WHERE topic <> 'import.finished'"
    assert here.rows(said) == there.rows(said)


class _OutOfReach(Counting):
    """A log that is out of reach every third time."""

    def __init__(self, runner: Runner, error: Exception) -> None:
        super().__init__(runner)
        self._error, self._times = error, 0

    def _fail_at_times(self) -> None:
        self._times += 1
        if self._times % 3 == 0:
            raise self._error

    def recall(self, turns: Sequence[PendingCommand]) -> list[PendingCommand]:
        self._fail_at_times()
        return super().recall(turns)

    def advance(self, *, wait: bool = True) -> list[PendingCommand]:
        self._fail_at_times()
        return super().advance(wait=wait)


def test_a_log_out_of_reach_is_asked_again_and_no_row_is_lost(desk: Desk, tmp_path: Path) -> None:
    door = desk.door()
    with elsewhere(_OutOfReach(door.runner, psycopg.OperationalError("no route"))) as runner:
        file, asked = written(tmp_path, ROWS), mapping("client", FIELDS, external_id="Id")
        report = import_file(file, asked, replace(door, runner=runner))
    assert report.adds_up
    assert len(desk.bodies("client.registered")) == report.accepted > 2000


def test_what_nobody_expects_ends_the_import_here(desk: Desk, tmp_path: Path) -> None:
    class Odd(Exception):  # noqa: N818 - one that cannot travel
        pass

    door = desk.door()
    asked = mapping("client", FIELDS, external_id="Id")
    with elsewhere(_OutOfReach(door.runner, Odd("strange"))) as runner, pytest.raises(RuntimeError, match="strange"):
        import_file(written(tmp_path, ROWS), asked, replace(door, runner=runner))


def test_a_process_that_dies_is_told_and_the_next_run_brings_all(desk: Desk, tmp_path: Path) -> None:
    def dying(connection: Connection, runner: Runner) -> None:
        assert runner.is_idle
        connection.recv()
        connection.close()

    file, asked = written(tmp_path, ROWS), mapping("client", FIELDS, external_id="Id")
    door = desk.door()
    with elsewhere(door.runner, dying) as runner, pytest.raises(ProcessDiedError, match="Run the same line again"):
        import_file(file, asked, replace(door, runner=runner))
    assert import_file(file, asked, desk.door()).adds_up
