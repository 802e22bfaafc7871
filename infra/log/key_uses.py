"""On which day each key was last of use: kept beside the log, by whoever has the right to note it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, LiteralString
from uuid import UUID

import psycopg

_NOTE: LiteralString = """
INSERT INTO letopis.api_key_use AS u (api_key_id, last_used_on)
SELECT * FROM unnest(%s::uuid[], %s::date[])
ON CONFLICT (api_key_id) DO UPDATE
SET last_used_on = excluded.last_used_on
WHERE u.last_used_on < excluded.last_used_on
"""


def note_uses(connection: psycopg.Connection[Any], uses: Mapping[UUID, date]) -> None:
    """Keep the day of each key's last use, if no later one is known."""
    # In one order everywhere, so that two processes never wait for each other.
    ids = sorted(uses)
    connection.execute(_NOTE, [ids, [uses[each] for each in ids]])
