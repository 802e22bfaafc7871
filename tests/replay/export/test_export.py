"""The log as Parquet: nothing added, nothing left out, nothing opened, and never written twice."""

from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from infra.postgres.folder_lock import FolderLock
from replay.export.export import ExportError, export_log, parts_of
from tests.database import Database
from tests.projections.analytics.history import company, empty_log, write_log

EXPORTED = """
SELECT position, event_id::uuid, stream_id::uuid, version, topic, schema_version, subject_id::uuid, occurred_at,
    recorded_at, actor, command_id::uuid, correlation_id::uuid, causation_id::uuid, parties::uuid[], body
FROM read_parquet(?, hive_partitioning = false)
ORDER BY position
"""
LOGGED = """
SELECT position, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at,
    recorded_at, actor, command_id, correlation_id, causation_id, parties, body::text
FROM letopis.event
ORDER BY position
"""


def exported(folder: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        return engine.execute(EXPORTED, [f"{folder}/*/*.parquet"]).fetchall()


def logged(database: Database) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.owner_url, options="-c TimeZone=UTC") as connection:
        return connection.execute(LOGGED).fetchall()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("*/*")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "an export"


def test_every_column_of_every_fact_is_there_by_month(database: Database, folder: Path) -> None:
    odd = company(1)[0]._replace(body='{"b" : "ё\\u0000",  "sealed":"AAAA"}')
    write_log(database.owner_url, [*company(800), odd])

    done = export_log(database.projector_url, folder, step=1000)
    assert (done.events, done.files, done.position) == (2401, 4, 2401)
    assert done.bytes == sum(part.path.stat().st_size for part in parts_of(folder))
    assert exported(folder) == logged(database)
    # The first of July is 720 hours after the first of June, and each hour has three facts.
    assert [str(part.path.relative_to(folder)) for part in parts_of(folder)] == [
        "recorded_month=2026-06/000000000001-000000001000.parquet",
        "recorded_month=2026-06/000000001001-000000002000.parquet",
        "recorded_month=2026-06/000000002001-000000002159.parquet",
        "recorded_month=2026-07/000000002160-000000002401.parquet",
    ]


def test_the_next_run_adds_what_is_new_and_touches_nothing_else(database: Database, folder: Path) -> None:
    write_log(database.owner_url, company(10))
    export_log(database.projector_url, folder)
    before = content(folder)
    assert export_log(database.projector_url, folder).files == 0

    write_log(database.owner_url, company(5, first=10), after=30)
    done = export_log(database.projector_url, folder)
    assert (done.events, done.files, done.position) == (15, 1, 45)
    assert before.items() < content(folder).items()
    assert exported(folder) == logged(database)


class KilledError(Exception):
    """The run was stopped here."""


@pytest.mark.parametrize("files", [1, 2, 3])
def test_a_run_that_was_stopped_is_gone_on_with(database: Database, folder: Path, files: int) -> None:
    write_log(database.owner_url, company(20))

    def stop(reached: int, _head: int) -> None:
        if reached == files * 15:
            raise KilledError

    with pytest.raises(KilledError):
        export_log(database.projector_url, folder, stop, step=15)
    unfinished = folder / "recorded_month=2026-06" / "000000000016-000000000030.part"
    unfinished.write_bytes(b"half a file")
    done = export_log(database.projector_url, folder, step=15)
    assert done.events == 60 - files * 15
    assert exported(folder) == logged(database)
    assert not unfinished.exists()


def test_an_empty_log_is_an_empty_folder(database: Database, folder: Path) -> None:
    assert export_log(database.projector_url, folder).position == 0
    assert parts_of(folder) == []


def test_a_file_that_is_missing_is_told_before_anything_is_written(database: Database, folder: Path) -> None:
    write_log(database.owner_url, company(10))
    export_log(database.projector_url, folder, step=10)
    parts_of(folder)[1].path.unlink()
    before = content(folder)
    with pytest.raises(ExportError, match="from position 11 on is missing"):
        export_log(database.projector_url, folder)
    assert content(folder) == before

    for path in sorted(folder.glob("*/*"))[1:]:
        path.unlink()
    export_log(database.projector_url, folder)
    assert exported(folder) == logged(database)


def test_a_file_of_somebody_else_is_told(database: Database, folder: Path) -> None:
    (folder / "recorded_month=2026-06").mkdir(parents=True)
    (folder / "recorded_month=2026-06" / "part-0.parquet").touch()
    with pytest.raises(ExportError, match=r"part-0\.parquet is no file of an exported log"):
        export_log(database.projector_url, folder)


@pytest.mark.parametrize("deals", [2, 12])
def test_another_log_is_not_appended_to_this_one(database: Database, folder: Path, deals: int) -> None:
    write_log(database.owner_url, company(10))
    export_log(database.projector_url, folder)
    before = content(folder)
    empty_log(database.owner_url)
    write_log(database.owner_url, company(deals), salt=1)
    with pytest.raises(ExportError, match="another log, or one restored to an earlier moment"):
        export_log(database.projector_url, folder)
    assert content(folder) == before


def test_two_runs_at_once_do_not_meet(database: Database, folder: Path) -> None:
    folder.mkdir()
    lock = FolderLock(folder / ".lock")
    lock.acquire()
    with pytest.raises(ExportError, match="writes into it just now"):
        export_log(database.projector_url, folder)
    lock.release()
    export_log(database.projector_url, folder)
