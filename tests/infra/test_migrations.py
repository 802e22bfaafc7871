"""A database is brought to the shape that the code needs, on servers on which that was tried."""

import psycopg
import pytest

from infra.backup.backup import back_up, migrations_of
from infra.backup.restore import restore
from infra.migrations import migrate
from infra.migrations.server_version import ServerTooOldError
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import MASTER, ROLE_PASSWORDS, Database
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
