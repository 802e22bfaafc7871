"""What the doctor looks at, and how a check says what it found."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from app.settings import Settings


class FailedError(Exception):
    """The check found something wrong; the message says what was seen."""


class SkippedError(Exception):
    """The check had nothing to look at; the message says why."""


_LIMITS = "-c statement_timeout=60s -c lock_timeout=10s"


@dataclass(frozen=True)
class Patient:
    """One installation. Without `owner_url` there is no database: not made yet, or `why_no_database` says why not."""

    settings: Settings
    owner_url: str | None = None
    why_no_database: str = ""

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database as its owner; raises SkippedError when there is none to ask."""
        with self.session() as connection:
            return connection.execute(statement.encode(), values or None).fetchall()

    @contextmanager
    def session(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a session of the database's owner; raises SkippedError when there is no database."""
        if self.owner_url is None:
            raise SkippedError("no database to look at")
        with psycopg.connect(self.owner_url, autocommit=True, connect_timeout=5, options=_LIMITS) as connection:
            yield connection

    def has_table(self, name: str) -> bool:
        """Tell whether a table is there."""
        return self.query("SELECT to_regclass(%s) IS NOT NULL", name)[0][0] is True

    def require_log(self) -> None:
        """Raise SkippedError when the database was never migrated."""
        if not self.has_table("letopis.event"):
            raise SkippedError("the database is empty")

    def role(self, ending: str) -> str:
        """Return the name of one of this installation's roles in the database."""
        return f"{self.settings.role_prefix}_{ending}"
