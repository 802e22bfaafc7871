"""How a moment is written everywhere: in UTC, with a Z, and with six digits of a fraction or none at all.

2026-03-02T09:00:00Z, 2026-03-02T09:00:00.250000Z. It is what pydantic makes of a moment in UTC, and so what facts have.
"""

from datetime import UTC, datetime

_PARTS = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def moment_text(moment: datetime) -> str:
    """Return how a moment with a time zone is written."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def postgres_text(moment: str) -> str:
    """Return the same in PostgreSQL's SQL, of a timestamptz; NULL where that is.

    What it writes as JSON by itself is the same but for the Z, in a third of the time, where the sixth digit is no zero
    or all are. UTC is told as a distance: a name it would look up for each moment.
    """
    in_utc = f"({moment} AT TIME ZONE INTERVAL '0')"
    is_the_same = f"{moment}::timestamptz(5) <> {moment} OR {moment}::timestamptz(0) = {moment}"
    by_parts = f"to_char({in_utc}, '{_PARTS}')"
    return f"CASE WHEN {is_the_same} THEN (to_jsonb({in_utc}) ->> 0) || 'Z' ELSE {by_parts} END"
