"""Loading one stream into an empty memory, however long it is."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from statistics import median
from uuid import UUID

from aggregates.client import Client
from commands.execution.snapshots import Snapshots
from commands.execution.streams import LONG, Streams
from events.registry import EVENT_TYPES, UPCASTERS
from infra.log.crypto import Keyring
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import LogKeys, read_streams
from infra.log.ids import new_id
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from tests.bench.ground import Ground, Place
from tests.bench.made_log import append_made_client, append_made_log
from tests.bench.measuring import Race

EVENTS_OF_A_LONG_CLIENT = 100_000
EVENTS_OF_A_SHORT_CLIENT = 10


@contextmanager
def load_long_stream(ground: Ground) -> Iterator[Race]:
    """A client of 100,000 events is loaded in less than 5 ms, and in not much more than one of 10 events takes.

    Loading is what a command waits for whose client is not in memory: reading, opening, folding. Neither the client nor
    any key is in memory; the log holds other clients besides. Ours is the long client at its worst, 49 events after its
    last snapshot, against the short one. Unfair would be to measure right after a snapshot. `without_snapshots_ms` is
    the long client folded from all its events.
    """
    with ground.place("streams") as place, closing(OwnConnection(place.urls.writer)) as borrow:
        append_made_log(place.urls.owner, place.master, ground.events)
        long, short = new_id(), new_id()
        append_made_client(place.urls.owner, place.master, short, 1, EVENTS_OF_A_SHORT_CLIENT)
        append_made_client(place.urls.owner, place.master, long, 1, EVENTS_OF_A_LONG_CLIENT - LONG + 1)
        _loaded(place, borrow, long).keep_snapshots()
        append_made_client(
            place.urls.owner, place.master, long, EVENTS_OF_A_LONG_CLIENT - LONG + 2, EVENTS_OF_A_LONG_CLIENT
        )
        seen: dict[UUID, list[float]] = {long: [], short: []}

        def rate(client_id: UUID) -> float:
            _repeated(ground.seconds, seen[client_id], lambda: _loaded(place, borrow, client_id))
            return 1 / median(seen[client_id])

        def extras() -> Mapping[str, float]:
            began = time.perf_counter()
            _loaded(place, borrow, long, is_shortened=False)
            whole = time.perf_counter() - began
            times = {"long_ms": median(seen[long]), "short_ms": median(seen[short]), "without_snapshots_ms": whole}
            return {name: round(1_000 * seconds, 2) for name, seconds in times.items()}

        yield Race(
            ours=lambda: rate(long),
            baseline=lambda: rate(short),
            baseline_name=f"ours, a client of {EVENTS_OF_A_SHORT_CLIENT} events",
            unit="loads/s",
            extras=extras,
        )


def _loaded(place: Place, borrow: OwnConnection, client_id: UUID, *, is_shortened: bool = True) -> Streams:
    """Load a client into an empty memory and return that."""
    mapper = Mapper(EVENT_TYPES, UPCASTERS, Keyring(place.master, LogKeys(borrow)))

    def read(after: Mapping[UUID, int], limit: int | None = None, /) -> Sequence[RecordedEvent]:
        with borrow() as connection:
            return read_streams(connection, after, limit)

    streams = Streams(read, mapper.to_event, Snapshots(borrow, mapper.keyring) if is_shortened else None)
    assert streams.get(Client, client_id).aggregate.exists
    return streams


def _repeated(seconds: float, times: list[float], step: Callable[[], object]) -> None:
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        step()
        times.append(time.perf_counter() - began)
