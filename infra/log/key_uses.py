"""On which day each key was last of use: kept aside from the log, for all keys together, once a day each."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from infra.postgres.aside import PAUSE_SECONDS, Aside, Kept

BATCH = 1_000
LIMIT = 10_000

# In one order everywhere, so that two processes never wait for each other.
_INSERT = """
INSERT INTO letopis.api_key_use AS u (api_key_id, last_used_on)
SELECT n.api_key_id, max(n.last_used_on)
FROM json_to_recordset(%s::json) AS n (api_key_id uuid, last_used_on date)
GROUP BY n.api_key_id
ORDER BY n.api_key_id
ON CONFLICT (api_key_id) DO UPDATE
SET last_used_on = excluded.last_used_on
WHERE u.last_used_on < excluded.last_used_on
"""


class Use(NamedTuple):
    """On which day a key was of use."""

    api_key_id: UUID
    last_used_on: date


class KeyUses(Aside):
    """Writes down when keys were of use; a day of a key is written once by each process."""

    def __init__(self, url: str, today: Callable[[], date], *, pause: float = PAUSE_SECONDS) -> None:
        super().__init__(url, Kept("key_uses", _INSERT, BATCH, LIMIT), pause=pause)
        self._today = today
        self._noted: dict[UUID, date] = {}

    def note(self, key_id: UUID) -> None:
        """Note that a key was used now; returns at once."""
        today = self._today()
        if self._noted.get(key_id) != today:
            self._noted[key_id] = today
            self.add(Use(key_id, today))
