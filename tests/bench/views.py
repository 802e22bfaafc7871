"""Keeping and rebuilding the client card, against the library's ProjectionRunner writing the same view."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.projection import ProjectionRunner

from app.composition.decoding import decoder_at, decoder_factory
from infra.projector.projection import Projection
from infra.projector.projector import ProjectorService
from projections.parties.client_card import client_card
from projections.parties.client_timeline import client_timeline
from projections.registry import PROJECTIONS
from replay.rebuilding.rebuild import rebuild
from replay.rebuilding.resources import Resources
from tests.bench.ground import Ground, Place
from tests.bench.made_log import EVENTS_PER_CLIENT, append_made_log
from tests.bench.measuring import Race
from tests.bench.stock import (
    CardProjection,
    CardView,
    StockClients,
    forget_view,
    stock_client_of_a_day,
    stock_clients,
    stock_environment,
)

LIVE_SHARE = 25
"""One turn of live folding takes in this part of the events that a rebuild takes in."""

STOCK_CLIENTS = 2_000
PATIENCE = 300.0
PROCESSES = 2


@contextmanager
def _runner_rate(ground: Ground) -> Iterator[Callable[[], float]]:
    """Lend what measures the library's ProjectionRunner: events a second into an empty view."""
    with ground.bare_database("stock") as url, stock_clients(url) as application:
        for first in range(0, STOCK_CLIENTS, 100):
            application.save(*(stock_client_of_a_day(number) for number in range(first, first + 100)))

        def rate() -> float:
            forget_view(url)
            return _watched_runner(url, ground.seconds)

        yield rate


def _watched_runner(url: str, seconds: float) -> float:
    total = STOCK_CLIENTS * EVENTS_PER_CLIENT
    with ProjectionRunner(
        application_class=StockClients, projection_class=CardProjection, view_class=CardView, env=stock_environment(url)
    ) as runner:
        view = runner.projection.view
        start = _awaited(lambda: view.max_tracking_id("StockClients") or 0)
        began = time.perf_counter()
        done = start
        while time.perf_counter() - began < seconds and done < total:
            time.sleep(0.05)
            done = view.max_tracking_id("StockClients") or 0
        return (done - start) / (time.perf_counter() - began)


def _awaited(look: Callable[[], int]) -> int:
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < deadline, "nothing was projected"
        time.sleep(0.01)
    return seen


def _wait_until_at(place: Place, projections: Sequence[Projection[Any]], position: int) -> None:
    """Wait until these read models are live and have come as far as the position."""
    names = [one.name for one in projections]
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(place.urls.owner, autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute(
                "SELECT count(*) FROM letopis.projection WHERE state = 'live' AND position >= %s AND name = ANY(%s)",
                [position, names],
            ).fetchone()
            if row == (len(names),):
                return
            time.sleep(0.005)
    raise AssertionError("the projector did not catch up")


def projected_up_to(place: Place, projections: Sequence[Projection[Any]], position: int) -> float:
    """Let the live projector work until these read models have come so far, and return the seconds it took."""
    decode = decoder_at(place.urls.projector, place.master)
    service = ProjectorService(projections, decode, place.urls.projector)
    began = time.perf_counter()
    service.start()
    try:
        _wait_until_at(place, projections, position)
        return time.perf_counter() - began
    finally:
        service.stop()


@contextmanager
def _live(ground: Ground, projections: Sequence[Projection[Any]]) -> Iterator[Race]:
    backlog = ground.events // LIVE_SHARE // EVENTS_PER_CLIENT * EVENTS_PER_CLIENT
    with ground.place("live") as place, _runner_rate(ground) as baseline:

        def ours() -> float:
            last = append_made_log(place.urls.owner, place.master, backlog)
            return backlog / projected_up_to(place, projections, last)

        projected_up_to(place, projections, 0)
        ours()
        name = "eventsourcing ProjectionRunner, client card"
        yield Race(ours, baseline, name, "events/s", extras=lambda: {"backlog": backlog})


@contextmanager
def live_projection(ground: Ground) -> Iterator[Race]:
    """The live projector keeps all ten read models at least ten times as fast as ProjectionRunner keeps one.

    Ours writes a batch of up to 2,000 facts and its checkpoint in one transaction, theirs one fact in each. Ours does
    not wait for the disk (a lost view is folded again), theirs does, as the library ships: much of the difference.
    Ours decrypts the personal fields, theirs has them in plain text. Unfair would be a view of theirs without the
    indexes of ours: it has them all.
    """
    with _live(ground, PROJECTIONS) as race:
        yield race


@contextmanager
def live_projection_card(ground: Ground) -> Iterator[Race]:
    """The live projector with the client card alone: like against like, otherwise as `live_projection`."""
    with _live(ground, (client_card,)) as race:
        yield race


@contextmanager
def rebuild_postgres(ground: Ground) -> Iterator[Race]:
    """A rebuild of the client card by 2 processes does 150,000 events/s and is 200 times as fast as ProjectionRunner.

    From start to the swap, the start of the processes, the decryption of every personal field, the COPY and all
    indexes included. ProjectionRunner is given the same view, and is measured on the first seconds of an empty one,
    when its indexes are smallest. Unfair would be to rebuild a log without personal fields, or few events a client.
    """
    with ground.place("rebuild") as place, _runner_rate(ground) as baseline:
        began = time.perf_counter()
        append_made_log(place.urls.owner, place.master, ground.many)
        made = time.perf_counter() - began
        decoder = decoder_factory(place.urls.projector, place.master)

        def ours() -> float:
            done = rebuild(
                client_card, place.urls.projector, decoder, check="none", resources=Resources(processes=PROCESSES)
            )
            assert done is not None
            assert done.events == ground.many
            return done.events / done.seconds

        name = "eventsourcing ProjectionRunner, client card"
        extras = {"events": ground.many, "log_made_in_s": round(made, 1)}
        yield Race(ours, baseline, name, "events/s", extras=lambda: extras)


@contextmanager
def rebuild_append_only(ground: Ground) -> Iterator[Race]:
    """A rebuild of the client timeline is at least half as fast as a COPY of the same rows into the same table.

    Ours reads, decrypts and folds the log and makes two indexes; theirs has the finished rows in memory, in
    PostgreSQL's own binary form, and makes the same indexes one after the other. Both begin with an
    empty table without indexes.
    """
    with ground.place("rebuild") as place:
        append_made_log(place.urls.owner, place.master, ground.events)
        decoder = decoder_factory(place.urls.projector, place.master)

        def ours() -> float:
            done = rebuild(
                client_timeline, place.urls.projector, decoder, check="none", resources=Resources(processes=PROCESSES)
            )
            assert done is not None
            return rows / done.seconds if rows else 0.0

        rows = 0
        ours()
        with psycopg.connect(place.urls.owner, autocommit=True) as connection:
            table = "client_timeline_g1.client_timeline"
            with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)".encode()) as copy:
                finished = [bytes(piece) for piece in copy]
            rows = int(connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchall()[0][0])
            connection.execute("CREATE SCHEMA copied")
            connection.execute(f"CREATE TABLE copied.shape (LIKE {table})".encode())

            def theirs() -> float:
                connection.execute("CREATE TABLE copied.timeline (LIKE copied.shape)")
                began = time.perf_counter()
                with connection.cursor().copy("COPY copied.timeline FROM STDIN (FORMAT binary)") as copy:
                    for piece in finished:
                        copy.write(piece)
                connection.execute("ALTER TABLE copied.timeline ADD PRIMARY KEY (event_position, party_id)")
                connection.execute("CREATE INDEX ON copied.timeline (party_id, occurred_at, event_position)")
                seconds = time.perf_counter() - began
                connection.execute("DROP TABLE copied.timeline")
                return rows / seconds

            yield Race(ours, theirs, "COPY of the same rows, the same indexes", "rows/s", extras=lambda: {"rows": rows})
