"""How many files clients have, and how large they are."""

from typing import Any, NamedTuple

import psycopg

from read_api.client_files import THERE
from read_api.views import CLIENT_FILES

VIEW = f"read.{CLIENT_FILES}"

_SIZE = f"SELECT count(*), coalesce(sum(f.size_bytes), 0)::bigint FROM {VIEW} AS f WHERE {THERE}"  # noqa: S608 - constants


class Kept(NamedTuple):
    """How many files clients have, and how many bytes of content."""

    files: int
    size_bytes: int


def files_kept(connection: psycopg.Connection[Any]) -> Kept | None:
    """Return how many files there are; None while that is not known: the view may be being built."""
    known = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [VIEW]).fetchone()
    if not known or not known[0]:
        return None
    row = connection.execute(_SIZE.encode()).fetchone()
    return None if row is None else Kept(*row)
