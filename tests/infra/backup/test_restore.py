"""A restore puts back every row in one transaction, or changes nothing and says why."""

import gzip
from pathlib import Path

import psycopg
import pytest

from infra.backup.backup import STAYING, back_up, tables_of
from infra.backup.manifest import Manifest
from infra.backup.restore import RestoreRefusedError, load, restore
from infra.log.gaps import accept_gaps, open_gaps
from infra.log.log_reader import head_of
from infra.migrations import migrate, scripts
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.postgres_tools import ToolFailedError
from infra.projector.generations import connect, in_use
from infra.projector.projector import build
from tests.database import MASTER, ROLE_PASSWORDS, Database
from tests.infra.backup.backups import Contents, contents, empty_database, lose, note, plain_owner, record
from tests.toy.boxes import boxes, decode

BEFORE_PARTIES = "0005_refusals.sql"
"""The migration before the one that puts the parties of every fact into the fact."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def backed_up(url: str, folder: Path) -> tuple[Manifest, Contents]:
    """Make a backup of a small history, then let the history go on; return what the backup holds."""
    record(url, 30)
    note(url)
    made, held = back_up(url, MASTER, folder), contents(url)
    record(url, 40)
    note(url)
    return made, held


def put_back(
    url: str, folder: Path, made: Manifest, *, is_replacing: bool = False, may_have_gaps: bool = False
) -> None:
    restore(
        url,
        folder,
        made,
        role_passwords=ROLE_PASSWORDS,
        is_replacing=is_replacing,
        may_have_gaps=may_have_gaps,
    )


def test_an_empty_database_gets_every_row_of_the_backup(
    cluster: EmbeddedPostgres, database: Database, folder: Path
) -> None:
    made, held = backed_up(database.owner_url, folder)
    with empty_database(cluster) as url:
        put_back(url, folder, made)
        assert contents(url) == held
        assert all(held.values())


def test_what_is_there_is_replaced_when_asked_for(database: Database, folder: Path) -> None:
    made, held = backed_up(database.owner_url, folder)
    put_back(database.owner_url, folder, made, is_replacing=True)
    assert contents(database.owner_url) == held
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM letopis.snapshot").fetchone() == (0,)


def test_afterwards_the_log_is_as_immutable_as_before_and_goes_on(database: Database, folder: Path) -> None:
    made, _ = backed_up(database.owner_url, folder)
    put_back(database.owner_url, folder, made, is_replacing=True)
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        for table in ("event", "event_party", "receipt"):
            for change in (f"UPDATE letopis.{table} SET position = 1", f"TRUNCATE letopis.{table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(change.encode())
    record(database.owner_url, 31)
    note(database.owner_url)
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT array_agg(refusal_id ORDER BY 1) FROM letopis.refusal").fetchone() == (
            [1, 2],
        )


def test_what_was_made_of_the_log_that_is_gone_is_marked(database: Database, folder: Path) -> None:
    made, _ = backed_up(database.owner_url, folder)
    build(boxes, decode, database.projector_url)
    put_back(database.owner_url, folder, made, is_replacing=True)
    with connect(database.projector_url) as connection:
        found = in_use(connection, boxes.name)
    assert found is not None
    assert (found.state, found.error, found.position) == ("broken", "log replaced", 40)


def test_data_are_not_replaced_unless_asked_for(database: Database, folder: Path) -> None:
    made, _ = backed_up(database.owner_url, folder)
    before = contents(database.owner_url)
    with pytest.raises(RestoreRefusedError, match=r"holds 40 facts, the last of .*backup of 30 facts.*--replace"):
        put_back(database.owner_url, folder, made)
    assert contents(database.owner_url) == before


def test_nobody_else_may_be_connected(database: Database, folder: Path) -> None:
    made, _ = backed_up(database.owner_url, folder)
    before = contents(database.owner_url)
    with (
        psycopg.connect(database.reader_url, application_name="letopis-reads"),
        pytest.raises(RestoreRefusedError, match=r"connected to the database: letopis-reads .*Stop every service"),
    ):
        put_back(database.owner_url, folder, made, is_replacing=True)
    assert contents(database.owner_url) == before


def test_what_waits_in_a_read_model_that_stays_goes_on_waiting(database: Database, folder: Path) -> None:
    record(database.owner_url, 30)
    build(boxes, decode, database.projector_url)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO letopis.parked (name, generation, place, position, event_id, topic, reason)"
            " SELECT 'boxes', 1, jsonb_build_array(stream_id), position, event_id, topic, 'KeyError'"
            " FROM letopis.event WHERE position = 7"
        )
    made = back_up(database.owner_url, MASTER, folder)
    put_back(database.owner_url, folder, made, is_replacing=True)
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute("SELECT position FROM letopis.parked").fetchall() == [(7,)]


def test_an_owner_who_is_no_superuser_can_do_it_and_sees_who_else_is_connected(
    cluster: EmbeddedPostgres, database: Database, folder: Path
) -> None:
    made, held = backed_up(database.owner_url, folder)
    with plain_owner(cluster) as (url, passwords):
        restore(url, folder, made, role_passwords=passwords)
        again = back_up(url, MASTER, folder.with_name("again"))
        restore(url, folder.with_name("again"), again, role_passwords=passwords, is_replacing=True)
        assert contents(url) == held
        reader, password = list(passwords.items())[-1]
        with (
            psycopg.connect(cluster.url(url.rpartition("/")[2], reader, password)),
            pytest.raises(RestoreRefusedError, match=f"connected to the database: {reader} "),
        ):
            restore(url, folder, made, role_passwords=passwords, is_replacing=True)


def test_a_dump_that_breaks_off_leaves_what_was_there(database: Database, folder: Path) -> None:
    backed_up(database.owner_url, folder)
    before = contents(database.owner_url)
    with psycopg.connect(database.owner_url) as connection:
        tables = [table for table in tables_of(connection) if table not in STAYING]
    victim = max(folder.rglob("*.gz"), key=lambda one: one.stat().st_size)
    whole = gzip.decompress(victim.read_bytes())
    lines = whole.splitlines(keepends=True)
    # Some rows are well, then one is not; and once more with a file that is cut off in the middle of its packing.
    victim.write_bytes(gzip.compress(b"".join(lines[:10]) + b"nonsense\n"))
    with pytest.raises(ToolFailedError, match="psql failed"):
        load(database.owner_url, folder, tables, 30)
    victim.write_bytes(gzip.compress(whole)[: len(victim.read_bytes()) // 2])
    with pytest.raises(ToolFailedError, match="pg_restore failed"):
        load(database.owner_url, folder, tables, 30)
    assert contents(database.owner_url) == before


def test_a_log_that_is_not_the_promised_one_is_not_taken(database: Database, folder: Path) -> None:
    backed_up(database.owner_url, folder)
    before = contents(database.owner_url)
    with psycopg.connect(database.owner_url) as connection:
        tables = [table for table in tables_of(connection) if table not in STAYING]
    with pytest.raises(ToolFailedError, match="not the one that the manifest promises"):
        load(database.owner_url, folder, tables, 31)
    assert contents(database.owner_url) == before


def test_a_backup_made_when_holes_were_not_looked_for_is_only_taken_under_an_exception(
    cluster: EmbeddedPostgres, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(database.owner_url, 12)
    lose(database.owner_url, 3, 4)
    with monkeypatch.context() as earlier:
        earlier.setattr("infra.backup.backup.require_whole", lambda _: None)
        made = back_up(database.owner_url, MASTER, folder)
    before = contents(database.owner_url)
    with pytest.raises(ToolFailedError, match=r"at the positions 3-4\nHINT: .*letopis restore --accept-gaps"):
        put_back(database.owner_url, folder, made, is_replacing=True)
    assert contents(database.owner_url) == before
    with empty_database(cluster) as url:
        put_back(url, folder, made, may_have_gaps=True)
        assert contents(url) == before
        with psycopg.connect(url, autocommit=True) as owner:
            assert open_gaps(owner) == [(3, 4)]
            accept_gaps(owner, reason="no older backup", actor="ivan")
        again = back_up(url, MASTER, folder.with_name("again"))
        held = contents(url)
        # The exception is on record in the log's own tables: no other one is needed from now on.
        put_back(url, folder.with_name("again"), again, is_replacing=True)
        assert contents(url) == held


def test_an_older_backup_goes_into_an_empty_database_and_is_migrated(cluster: EmbeddedPostgres, folder: Path) -> None:
    with empty_database(cluster) as url:
        migrate(url, role_passwords=ROLE_PASSWORDS, upto=BEFORE_PARTIES)
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO letopis.event SELECT n, gen_random_uuid(), gen_random_uuid(), 1, 'box.opened', 1,"
                " gen_random_uuid(), now(), now(), 'x', gen_random_uuid(), gen_random_uuid(), NULL, '{}'"
                " FROM generate_series(1, 5) AS n"
            )
            connection.execute("INSERT INTO letopis.event_party SELECT event_id, position FROM letopis.event")
        made = back_up(url, MASTER, folder)
        assert made.migrations[-1] == BEFORE_PARTIES
    with empty_database(cluster) as url:
        put_back(url, folder, made)
        assert migrate(url, role_passwords=ROLE_PASSWORDS) == [name for name in scripts() if name > BEFORE_PARTIES]
        with psycopg.connect(url) as connection:
            assert head_of(connection) == (5, made.event_id)
            assert connection.execute("SELECT bool_and(parties = ARRAY[event_id]) FROM letopis.event").fetchone() == (
                True,
            )


def test_an_older_backup_does_not_go_into_a_database_of_today(
    cluster: EmbeddedPostgres, database: Database, folder: Path
) -> None:
    with empty_database(cluster) as url:
        migrate(url, role_passwords=ROLE_PASSWORDS, upto=BEFORE_PARTIES)
        made = back_up(url, MASTER, folder)
    record(database.owner_url, 3)
    with pytest.raises(RestoreRefusedError, match="Restore into an empty database"):
        put_back(database.owner_url, folder, made, is_replacing=True)
    assert len(contents(database.owner_url)["event"]) == 3
