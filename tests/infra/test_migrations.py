"""A database is brought to the shape that the code needs, on servers on which that was tried."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

from app.database import prepared
from app.doctor.database import text_order
from app.doctor.patient import FailedError, Patient
from app.settings import Settings
from infra.backup.backup import back_up, migrations_of
from infra.backup.restore import restore
from infra.migrations import migrate
from infra.migrations.server_version import ServerTooOldError
from infra.migrations.text_order import WrongTextOrderError, wrong_text_order
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import MASTER, ROLE_PASSWORDS, TEST_SETTINGS, Database
from tests.infra.backup.backups import empty_database


def test_a_server_older_than_letopis_is_made_for_is_refused_before_anything_is_changed(
    cluster: EmbeddedPostgres,
    database: Database,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path_factory.mktemp("old") / "backup"
    monkeypatch.setattr("infra.migrations.server_version.OLDEST_POSTGRES", 19)
    # The way off such a server is open: a backup of it is made all the same.
    made = back_up(database.owner_url, MASTER, folder)
    says = r"The server is PostgreSQL 18.*needs version 19 or newer.*letopis backup DIR.*letopis restore DIR"
    with empty_database(cluster) as url:
        with pytest.raises(ServerTooOldError, match=says):
            migrate(url, role_passwords=ROLE_PASSWORDS)
        with psycopg.connect(url) as connection:
            assert migrations_of(connection) == ()
    with pytest.raises(ServerTooOldError, match=says):
        restore(database.owner_url, folder, made, role_passwords=ROLE_PASSWORDS, is_replacing=True)


@contextmanager
def database_made_with(server: EmbeddedPostgres, made_with: str) -> Iterator[str]:
    """The URL of an empty database that somebody made otherwise than docs/operations.md says."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE other TEMPLATE template0 {made_with}".encode())
        try:
            yield server.url("other")
        finally:
            connection.execute("DROP DATABASE other WITH (FORCE)")


@pytest.fixture(scope="module")
def speaking() -> Iterator[EmbeddedPostgres]:
    """A server on a machine that knows the locale of a language: the one that comes along knows none."""
    folder = Path(tempfile.mkdtemp(prefix="letopis-tests-"))
    folder.chmod(0o711)
    made = ["localedef", "-i", "en_US", "-f", "UTF-8", str(folder / "locales" / "en_US.UTF-8")]
    (folder / "locales").mkdir()
    try:
        if shutil.which("localedef") is None or subprocess.run(made, capture_output=True, check=False).returncode:
            pytest.skip("this machine cannot make a locale")
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("LOCPATH", str(folder / "locales"))
            with EmbeddedPostgres(folder / "postgres", settings=TEST_SETTINGS) as server:
                yield server
    finally:
        shutil.rmtree(folder)


BY_LANGUAGE = "ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'en_US.UTF-8'"


def test_a_database_that_sorts_by_a_language_is_refused_while_it_is_new_and_told_of_later(
    speaking: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = Settings.model_validate({"var": tmp_path / "var", "master_key": MASTER.secret.hex()})
    with database_made_with(speaking, BY_LANGUAGE) as url:
        with pytest.raises(WrongTextOrderError, match=r"UTF8, en_US.UTF-8.*LOCALE 'C.UTF-8'"):
            migrate(url, role_passwords=ROLE_PASSWORDS)
        patient = Patient(settings, owner_url=url)
        with pytest.raises(FailedError, match=r"^UTF8, en_US.UTF-8$"):
            text_order(patient)
        with psycopg.connect(url) as connection:
            assert migrations_of(connection) == ()
        # It was made before anybody looked: what is in it goes on, and it is said.
        with monkeypatch.context() as earlier:
            earlier.setattr("infra.migrations.require_text_order", lambda _: None)
            migrate(url, role_passwords=ROLE_PASSWORDS)
        with capture_logs() as told:
            prepared(url, settings, MASTER)
    assert [(line["event"], line["log_level"], line["database"]) for line in told] == [
        ("names_out_of_order", "warning", "UTF8, en_US.UTF-8")
    ]


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_new_database_that_does_not_keep_every_letter_is_refused(cluster: EmbeddedPostgres, encoding: str) -> None:
    with (
        database_made_with(cluster, f"ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C'") as url,
        pytest.raises(WrongTextOrderError, match=f"{encoding}, C, and"),
    ):
        migrate(url, role_passwords=ROLE_PASSWORDS)


@pytest.mark.parametrize("locale", ["LOCALE_PROVIDER libc LOCALE 'C'", "LOCALE_PROVIDER builtin LOCALE 'C.UTF-8'"])
def test_a_database_that_compares_by_code_point_is_well_however_it_was_made(
    cluster: EmbeddedPostgres, locale: str
) -> None:
    with database_made_with(cluster, f"ENCODING 'UTF8' {locale}") as url, psycopg.connect(url) as connection:
        assert wrong_text_order(connection) == ""
