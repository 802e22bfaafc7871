"""Takes one guard out of a database's append function, to show that the suite sees what then goes wrong."""

from typing import Any, Literal

import psycopg

Guard = Literal["lock", "lock-and-max", "receipts"]
_LOCK = "PERFORM pg_advisory_xact_lock(hashtextextended('letopis.append', 0));"
_NEXT = "head_position + row_number() OVER (ORDER BY e.place)"

# What the usual implementation does: numbers from a sequence, each taken before the transaction that uses it commits.
_LOCK_OFF = [(_LOCK, ""), (_NEXT, "nextval('letopis.naive_position')")]
_RECEIPTS_OFF = [
    ("JOIN letopis.receipt AS r USING (command_id)", "JOIN letopis.receipt AS r ON false"),
    ("WHERE c.place - 1 <> ALL (left_out);", "WHERE c.place - 1 <> ALL (left_out) ON CONFLICT DO NOTHING;"),
]
_CHANGES = {"lock": _LOCK_OFF, "lock-and-max": [(_LOCK, "")], "receipts": _RECEIPTS_OFF}


def switch_off(owner: psycopg.Connection[Any], guard: Guard) -> None:
    """Replace the append function of this database by one without the guard."""
    row = owner.execute("SELECT pg_get_functiondef('letopis.append'::regproc)").fetchone()
    assert row is not None
    text: str = row[0]
    for present, instead in _CHANGES[guard]:
        assert text.count(present) == 1, f"the append function no longer says: {present}"
        text = text.replace(present, instead)
    owner.execute("CREATE SEQUENCE IF NOT EXISTS letopis.naive_position")
    owner.execute(text.encode())
