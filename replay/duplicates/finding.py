"""Finds clients who may be one, among all of them, and keeps what was found in place of what was found before."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg import IsolationLevel
from pydantic_core import to_json

from events.ids import pair_of
from infra.linkage.linked import Limits, Linked, linked
from infra.linkage.model import agreement, sql_name, with_frequencies
from infra.postgres.connection import connect
from infra.told import ToldError
from replay.duplicates.records import COLUMNS, chunks, position_of

Tell = Callable[[str, int], None]
"""Hears in which phase it is, and how many were read or kept so far; it may raise, and then it ends."""

SECONDS = 600.0
"""How long one statement may take: what was found of a million clients is kept in one."""

_RUN: LiteralString = """
INSERT INTO letopis.duplicate_run (position, records, compared, pairs, settings, began_at, ended_at)
VALUES (%(position)s, %(records)s, %(compared)s, %(pairs)s, %(settings)s::jsonb, %(began_at)s, clock_timestamp())
"""


_PAIRS: LiteralString = "COPY letopis.duplicate_pair (pair_id, party_id, other_id, score, agreement) FROM STDIN"
_FREQUENCIES: LiteralString = "COPY letopis.duplicate_frequency (party_id, frequencies) FROM STDIN"


class CardsNotBuiltError(ToldError):
    """There are no cards of clients yet to compare."""

    def __init__(self) -> None:
        super().__init__("The clients' cards are being built; `letopis projections status` says how far they are.")


class Found(NamedTuple):
    """What was found: how far the clients were known, how many were read, how many pairs compared and kept."""

    position: int
    clients: int
    compared: int
    pairs: int


def find(url: str, limits: Limits, tell: Tell) -> Found:
    """Score all pairs of clients and keep those that are more likely one than two; `url` is the projector's.

    Raises CardsNotBuiltError, infra.linkage.linked.LinkingFailedError and what `tell` raises.
    """
    began = datetime.now(UTC)
    position = -1

    def rows() -> Iterator[list[tuple[Any, ...]]]:
        nonlocal position
        # Read at once and let go: what was deleted since could not be cleared away as long as somebody looks at it.
        with connect(url) as connection:
            connection.autocommit = False
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            with connection.transaction():
                known = position_of(connection)
                if known is None:
                    raise CardsNotBuiltError
                position, read = known, 0
                for chunk in chunks(connection):
                    read += len(chunk)
                    tell("reading", read)
                    yield chunk

    with (
        linked(COLUMNS, rows(), limits=limits, look=lambda: tell("comparing", 0)) as found,
        connect(url, SECONDS) as connection,
        connection.transaction(),
    ):
        pairs = _keep(connection, found, tell)
        told = found.told
        run = {
            "position": position,
            "records": told["records"],
            "compared": told["compared"],
            "pairs": pairs,
            "settings": to_json(told["settings"]).decode(),
            "began_at": began,
        }
        connection.execute(_RUN, run)
    return Found(position, told["records"], told["compared"], pairs)


def _keep(connection: psycopg.Connection[Any], found: Linked, tell: Tell) -> int:
    """Put what was found in the place of what was there, and return how many pairs it is."""
    for table in ("duplicate_pair", "duplicate_frequency", "duplicate_run"):
        connection.execute(f"DELETE FROM letopis.{table}")  # noqa: S608 - constants
    pairs = 0
    with connection.cursor().copy(_PAIRS) as copy:
        for batch in found.pairs:
            for row in batch.to_pylist():
                lesser, greater = sorted((UUID(row["id_l"]), UUID(row["id_r"])))
                told = to_json(agreement(COLUMNS, (row[sql_name(number)] for number in range(len(COLUMNS))))).decode()
                copy.write_row((pair_of(lesser, greater), lesser, greater, round(row["score"], 4), told))
            pairs += len(batch)
            tell("keeping", pairs)
    with connection.cursor().copy(_FREQUENCIES) as copy:
        for batch in found.frequencies():
            columns = [batch[f"tf_{c}"].to_pylist() for c, _ in with_frequencies(COLUMNS)]
            for client_id, *frequencies in zip(batch["id"].to_pylist(), *columns, strict=True):
                copy.write_row((client_id, frequencies))
            tell("keeping", pairs)
    return pairs
