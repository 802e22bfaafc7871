"""Brings a database to the shape this code needs: each numbered .sql once, in order, under a lock."""

from collections.abc import Mapping
from importlib.resources import files

import psycopg
from psycopg import sql

from infra.migrations.server_version import require_new_enough
from infra.migrations.text_order import require_text_order
from infra.told import ToldError

MIGRATION_LOCK = 4_607_251
ROLES = ("writer", "projector", "reader")

# Another process that starts may be migrating a large database; but no change of ours may queue behind somebody's long
# statement for long, because all others would queue behind it.
_WAIT_FOR_OTHERS = "10min"
_WAIT_FOR_A_TABLE = "30s"

_LEDGER = """
CREATE TABLE IF NOT EXISTS public.letopis_migration (
    name       text        NOT NULL PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""


class DatabaseIsNewerError(ToldError):
    """The database was migrated by a newer Letopis; starting an older one on it could harm it."""


def scripts() -> dict[str, str]:
    """Return the migration scripts by name, in order."""
    folder = files(__name__)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return {name: folder.joinpath(name).read_text(encoding="utf-8") for name in names}


def migrate(owner_url: str, *, role_passwords: Mapping[str, str], upto: str | None = None) -> list[str]:
    """Run the scripts that have not run yet, or those up to one of them, and return their names.

    It is safe to call at every start.
    `role_passwords` has the three login roles by name, ending in _writer, _projector and _reader; those that are
    missing are created, and each gets the password given. Raises DatabaseIsNewerError,
    ServerTooOldError and, of a database that nothing is in yet, WrongTextOrderError.
    """
    with psycopg.connect(owner_url, connect_timeout=10, options=f"-c lock_timeout={_WAIT_FOR_OTHERS}") as connection:
        require_new_enough(connection)
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        connection.execute(f"SET LOCAL lock_timeout = '{_WAIT_FOR_A_TABLE}'")
        connection.execute(_LEDGER)
        known = scripts()
        done = {name for (name,) in connection.execute("SELECT name FROM public.letopis_migration")}
        if unknown := sorted(done - known.keys()):
            raise DatabaseIsNewerError(
                f"The database has migrations this version does not know ({', '.join(unknown)}). "
                "Start the newer Letopis, or restore a backup made by this one."
            )
        if not done:
            require_text_order(connection)
        _ensure_roles(connection, role_passwords)
        names = {f"{{{role}}}": _role_named(role, role_passwords) for role in ROLES}
        applied = [name for name in known if name not in done and (upto is None or name <= upto)]
        for name in applied:
            script = known[name]
            for placeholder, role in names.items():
                script = script.replace(placeholder, sql.Identifier(role).as_string(connection))
            connection.execute(script.encode())
            connection.execute("INSERT INTO public.letopis_migration (name) VALUES (%s)", [name])
        return applied


def _role_named(ending: str, role_passwords: Mapping[str, str]) -> str:
    return next(name for name in role_passwords if name.endswith(f"_{ending}"))


def _ensure_roles(connection: psycopg.Connection, role_passwords: Mapping[str, str]) -> None:
    """Create the login roles; roles belong to the whole server, so another database may have made them already."""
    present = {name for (name,) in connection.execute("SELECT rolname FROM pg_catalog.pg_roles")}
    for name, password in role_passwords.items():
        verb = sql.SQL("ALTER" if name in present else "CREATE")
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, sql.Identifier(name), sql.Literal(password))
        )
