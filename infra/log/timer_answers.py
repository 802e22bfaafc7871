"""What the worker of the timers remembers: which due moments were asked about, and what came of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

_NOTE = """
INSERT INTO letopis.timer_answer (timer, stream_id, due_at, set_by, answered_at, code)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (timer, stream_id) DO UPDATE
SET due_at = excluded.due_at,
    set_by = excluded.set_by,
    answered_at = excluded.answered_at,
    code = excluded.code
"""


class TimerAnswer(NamedTuple):
    """What came of a timer's command; `code` is why it was refused, None if it was not."""

    timer: str
    stream_id: UUID
    due_at: datetime
    set_by: UUID
    answered_at: datetime
    code: str | None


def note_answers(connection: psycopg.Connection[Any], answers: Iterable[TimerAnswer]) -> None:
    """Remember answers, all or none."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(_NOTE, list(answers))


def forget_answers(connection: psycopg.Connection[Any], answered: Iterable[tuple[str, UUID]]) -> None:
    """Forget what was answered to these timers on these streams; at worst it is asked once more."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany("DELETE FROM letopis.timer_answer WHERE timer = %s AND stream_id = %s", list(answered))


def forget_refusals(connection: psycopg.Connection[Any]) -> None:
    """Forget what was refused, so that it is asked once more: by then the reason may be mended."""
    connection.execute("DELETE FROM letopis.timer_answer WHERE code IS NOT NULL")
