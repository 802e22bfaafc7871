"""Imports may run beside each other; a revert runs alone, and nobody takes back what is still being brought."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg

from commands.importing.problems import ImportRefusedError
from infra.postgres.connection import Borrow

_KEY: LiteralString = "(hashtextextended('letopis.import', 0))"
_TAKE: dict[bool, LiteralString] = {
    True: "SELECT pg_try_advisory_lock" + _KEY,
    False: "SELECT pg_try_advisory_lock_shared" + _KEY,
}
_GIVE: dict[bool, LiteralString] = {
    True: "SELECT pg_advisory_unlock" + _KEY,
    False: "SELECT pg_advisory_unlock_shared" + _KEY,
}


@contextmanager
def running(borrow: Borrow, *, alone: bool = False) -> Iterator[None]:
    """Hold a place among the imports that run, or the only one; raises ImportRefusedError, which says who is there.

    Whoever is killed has given it back: it is their session's.
    """
    with borrow() as connection:
        row = connection.execute(_TAKE[alone]).fetchone()
        if row is None or not row[0]:
            raise ImportRefusedError("import-is-running" if alone else "revert-is-running")
        try:
            yield
        finally:
            _give(connection, alone=alone)


def _give(connection: psycopg.Connection[object], *, alone: bool) -> None:
    if not connection.closed:
        connection.execute(_GIVE[alone])
