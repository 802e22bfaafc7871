"""What the tests of the projector and of the rebuild look at: the rows there are, and those there should be."""

import time
from collections.abc import Callable
from typing import Any

from infra.log.log_reader import LogReader
from infra.projector.advance import lease
from infra.projector.folding import Decode
from infra.projector.generations import connect, in_use
from infra.projector.projection import Projection
from tests.played import play_events
from tests.toy.boxes import decode


def in_memory(url: str, projection: Projection[Any], read: Decode = decode) -> dict[Any, Any]:
    """Return the rows that the whole log makes, folded one event after the other with no projector at all."""
    with connect(url) as connection:
        reader = LogReader(projection.topics, with_parties=projection.needs_parties)
        facts = reader.between(connection, 0, 2**40)
    rows: dict[Any, Any] = {}
    play_events(projection, rows, map(read, facts))
    return {key: there for key, there in rows.items() if there.row is not None}


def in_table(url: str, projection: Projection[Any]) -> dict[Any, Any]:
    """Return the rows that the generation in use has."""
    with connect(url) as connection:
        generation = in_use(connection, projection.name)
        assert generation is not None
        store = lease(connection, projection, generation).store
        with connection.transaction():
            return store.load(connection, list(store.keys(connection)))


def eventually(is_so: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def reached(url: str, projection: Projection[Any], position: int) -> Callable[[], bool]:
    def is_there() -> bool:
        with connect(url) as connection:
            found = in_use(connection, projection.name)
            return found is not None and found.position >= position

    return is_there


def state_of(url: str, projection: Projection[Any]) -> tuple[str, int, str | None]:
    with connect(url) as connection:
        found = in_use(connection, projection.name)
        assert found is not None
        return found.state, found.position, found.error
