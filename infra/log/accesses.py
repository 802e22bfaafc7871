"""Who looked at whom: kept aside from the log, for a stated time, and shown to auditors beside the facts."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from infra.postgres.aside import PAUSE_SECONDS, Aside, Kept

BATCH = 5_000
LIMIT = 100_000
"""Accesses waiting at most, some 30 MB: a minute of a busy service without its database."""

_INSERT = """
INSERT INTO letopis.access (accessed_at, actor, subject_id, question, purpose)
SELECT a.accessed_at, a.actor, a.subject_id, a.question, a.purpose
FROM json_to_recordset(%s::json)
    AS a (accessed_at timestamptz, actor text, subject_id uuid, question text, purpose text)
"""

# A part at a time: nobody waits for a million rows to go.
_CLEAN = """
DELETE FROM letopis.access AS a
WHERE a.access_id IN (
    SELECT o.access_id
    FROM letopis.access AS o
    WHERE o.accessed_at < clock_timestamp() - make_interval(days => %s)
    ORDER BY o.accessed_at
    LIMIT 20000
)
"""


class Access(NamedTuple):
    """Who was told what of whom: the question by its name, and what for, if they said so."""

    accessed_at: datetime
    actor: str
    subject_id: UUID
    question: str
    purpose: str | None = None


class AccessRecord(Aside):
    """Writes down who looked at whom."""

    def __init__(self, url: str, days: int, *, pause: float = PAUSE_SECONDS) -> None:
        """Keep each for so many days."""
        super().__init__(url, Kept("accesses", _INSERT, BATCH, LIMIT, _CLEAN, (days,)), pause=pause)
