"""Histories with facts that cannot be taken in, a worker driven by hand, and what waits afterwards."""

from collections.abc import Sequence
from typing import Any

import psycopg

from infra.projector.advance import Leased, advance, lease, reader_for
from infra.projector.generations import connect, in_use
from infra.projector.projection import Projection
from replay.repair.parked import ParkedPlace, parked
from tests.database import Database
from tests.toy.boxes import Said, coin, decode, random_history

SICK = ("box 3", "box 7")


def poisoned(seed: int, length: int) -> list[Said]:
    """Return a history in which two boxes get a coin that cannot be folded, in the middle of everything."""
    history = random_history(seed, length)
    middle = length // 3
    return [*history[:middle], *(coin(box, "3", poison=True) for box in SICK), *history[middle:]]


def take(connection: psycopg.Connection[Any], projection: Projection[Any]) -> Leased:
    """Take the generation in use in hand."""
    generation = in_use(connection, projection.name)
    assert generation is not None
    return lease(connection, projection, generation)


def follow(url: str, projections: Sequence[Projection[Any]], batch: int) -> None:
    """Follow the log to its end as the live worker does."""
    with connect(url) as connection:
        held = [take(connection, one) for one in projections]
        while advance(connection, held, reader_for(held), decode, batch):
            pass


def waiting(database: Database, name: str = "boxes") -> list[ParkedPlace]:
    """Return what waits in a read model, in order of position."""
    return parked(database.projector_url, [name])
