"""Judges a run: what the log holds and what each reader was given, against what was planned and acknowledged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg

from infra.projector.generations import connect, in_use
from infra.projector.projection import Projection
from tests.toy.followers import heard, tally

_COMMANDS = "SELECT command_id, count(*) FROM letopis.event GROUP BY command_id"
_POSITIONS = "SELECT count(*), coalesce(min(position), 1), coalesce(max(position), 0) FROM letopis.event"
_STREAMS = """
SELECT count(*)
FROM (
    SELECT
        version,
        row_number() OVER (PARTITION BY stream_id ORDER BY version) AS place,
        position,
        max(position) OVER (PARTITION BY stream_id ORDER BY version ROWS UNBOUNDED PRECEDING) AS furthest
    FROM letopis.event
) AS each
WHERE version <> place
    OR position <> furthest
"""
_RECEIPTS = """
SELECT count(*)
FROM letopis.receipt AS r
FULL JOIN (SELECT command_id, max(position) AS position FROM letopis.event GROUP BY command_id) AS e
    USING (command_id)
WHERE r.position IS DISTINCT FROM e.position
"""
_TIMES = """
SELECT count(*)
FROM (SELECT recorded_at, max(recorded_at) OVER (ORDER BY position) AS newest FROM letopis.event) AS each
WHERE recorded_at <> newest
"""


@dataclass
class Verdict:
    """What one party's view of the log is worth: `skipped` facts never seen, `doubled` seen or stored twice, `lost`
    acknowledged and not there; `wrong` says what else is not as it must be.
    """

    name: str
    facts: int = 0
    skipped: int = 0
    doubled: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """True when nothing is missing, double, lost or otherwise wrong."""
        return not (self.skipped or self.doubled or self.lost or self.wrong)


def _number(connection: psycopg.Connection[Any], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def of_log(connection: psycopg.Connection[Any], planned: Mapping[UUID, int], acknowledged: set[UUID]) -> Verdict:
    """Judge what is stored: every acknowledged command whole and once, nothing that was not asked for."""
    row = connection.execute(_POSITIONS).fetchone()
    assert row is not None
    count, first, last = row
    stored: Counter[UUID] = Counter(dict(connection.execute(_COMMANDS).fetchall()))
    verdict = Verdict("log", count)
    verdict.doubled = sum(max(0, times - planned.get(command, times)) for command, times in stored.items())
    verdict.lost = sum(1 for command in acknowledged if stored[command] < planned[command])
    checks = {
        "positions are not 1..N": int((first, last) != (1, count)),
        "commands were stored that nobody asked for": len(stored.keys() - planned.keys()),
        "commands are stored in part": sum(1 for command, n in stored.items() if n < planned.get(command, 0)),
        "facts are out of turn in their stream": _number(connection, _STREAMS),
        "receipts do not say what is stored": _number(connection, _RECEIPTS),
        "facts were recorded before one that stands before them": _number(connection, _TIMES),
    }
    verdict.wrong = [f"{number} {what}" for what, number in checks.items() if number]
    return verdict


def of_positions(name: str, given: Sequence[int], expected: Sequence[int]) -> Verdict:
    """Judge what a reader was given, in the order in which it was, against what it should have been."""
    verdict = Verdict(name, len(given))
    verdict.skipped = len(set(expected) - set(given))
    verdict.doubled = len(given) - len(set(given))
    if any(later <= earlier for earlier, later in pairwise(given)):
        verdict.wrong.append("not in order")
    if unknown := len(set(given) - set(expected)):
        verdict.wrong.append(f"{unknown} that the log does not have")
    return verdict


def of_projector(url: str, last: int) -> list[Verdict]:
    """Judge the two read models of the live projector, when they stand at the end of the log."""
    with connect(url) as connection:
        states = {one.name: in_use(connection, one.name) for one in (tally, heard)}
        if None in states.values():
            return [Verdict("live projector", skipped=last, wrong=["never built its read models"])]
        counts = connection.execute(f"SELECT facts, last, skipped, doubled FROM read.{view(tally)}").fetchone()
        rows = connection.execute(
            f"SELECT coalesce(sum(facts), 0)::bigint, coalesce(sum(wrong), 0)::bigint FROM read.{view(heard)}"
        ).fetchone()
    facts, reached, skipped, doubled = counts or (0, 0, 0, 0)
    of_tally = Verdict("live projector, whole log", facts, skipped + last - reached, doubled)
    in_streams, wrong = rows or (0, 0)
    of_heard = Verdict("live projector, by stream", in_streams, max(0, last - in_streams), max(0, in_streams - last))
    if wrong:
        of_heard.wrong.append(f"{wrong} facts out of turn")
    for verdict, name in ((of_tally, tally.name), (of_heard, heard.name)):
        state = states[name]
        if state is None or (state.state, state.position) != ("live", last):
            verdict.wrong.append(f"not live at {last}: {state}")
    return [of_tally, of_heard]


def view(projection: Projection[Any]) -> str:
    """Return the name of the readers' view."""
    return f"{projection.name}_v{projection.shape}"
