"""Where facts are gone from the log: nothing of ours removes one, so positions without a fact are always damage.

A gap at the very end cannot be seen by this: the next fact takes that position.
"""

from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple

import psycopg

NAMED_AT_MOST = 10
"""Gaps that a sentence names; it counts the positions of all."""

GAPS: LiteralString = """
    SELECT g.previous + 1 AS first, g.position - 1 AS last
    FROM (
        SELECT e.position, lag(e.position, 1, 0::bigint) OVER (ORDER BY e.position) AS previous
        FROM letopis.event AS e
    ) AS g
    WHERE g.position > g.previous + 1
"""

ACCEPTED: LiteralString = "SELECT a.first, a.last FROM letopis.accepted_gap AS a"

_ACCEPT: LiteralString = f"""
    INSERT INTO letopis.accepted_gap (first, last, reason, actor)
    SELECT g.first, g.last, %s, %s
    FROM ({GAPS} EXCEPT {ACCEPTED}) AS g
    ON CONFLICT DO NOTHING
    RETURNING first, last
"""  # noqa: S608 - constants


class Gap(NamedTuple):
    """Positions at which no fact stands, both ends included."""

    first: int
    last: int


def open_gaps(connection: psycopg.Connection[Any]) -> list[Gap]:
    """Return the gaps that nobody has accepted, in order; the whole index of positions is read for that."""
    ((knows_accepted,),) = connection.execute("SELECT to_regclass('letopis.accepted_gap') IS NOT NULL").fetchall()
    statement: LiteralString = f"{GAPS} EXCEPT {ACCEPTED}" if knows_accepted else GAPS
    return [Gap(*row) for row in connection.execute(f"{statement} ORDER BY first")]


def accept_gaps(connection: psycopg.Connection[Any], *, reason: str, actor: str) -> list[Gap]:
    """Record for ever that one goes on without the facts that are gone; return the gaps that were open until now."""
    return sorted(Gap(*row) for row in connection.execute(_ACCEPT, (reason, actor)))


def told(gaps: Sequence[Gap]) -> str:
    """Return in words which positions are missing and how many: `5, 7-9 (4 facts)`."""
    named = ", ".join(
        str(one.first) if one.first == one.last else f"{one.first}-{one.last}" for one in gaps[:NAMED_AT_MOST]
    )
    count = sum(one.last - one.first + 1 for one in gaps)
    return f"{named}{', …' if len(gaps) > NAMED_AT_MOST else ''} ({count:,} facts)"
