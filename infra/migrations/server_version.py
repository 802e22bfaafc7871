"""Which servers Letopis works on."""

from typing import Any

import psycopg

from infra.told import ToldError

OLDEST_POSTGRES = 18
"""The major version that Letopis is made for and tested on, and that comes along."""


class ServerTooOldError(ToldError):
    """The server is of a version on which nothing of ours was ever tried; says what to do."""


def require_new_enough(connection: psycopg.Connection[Any]) -> None:
    """Refuse a server older than Letopis is made for; raises ServerTooOldError."""
    if connection.info.server_version >= OLDEST_POSTGRES * 10_000:
        return
    name = connection.info.parameter_status("server_version") or connection.info.server_version
    raise ServerTooOldError(
        f"The server is PostgreSQL {name}, and Letopis needs version {OLDEST_POSTGRES} or newer. Name such a server in "
        "LETOPIS_DATABASE_URL, or leave it out to use the one that comes along. A log on the old server comes over by "
        "`letopis backup DIR`, which works there, and `letopis restore DIR` on the new one."
    )
