"""What front offices read all day over HTTP, against an endpoint that does nothing and against the usual way."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg

from read_api import views
from tests.bench.commands import write_side
from tests.bench.filled import fill
from tests.bench.ground import Ground, Place
from tests.bench.http import Asked, http_race, letopis, noop, token, usual_reads
from tests.bench.measuring import Race

ASKED = 5_000
"""Different clients asked for, in turn, from everywhere in the tables."""

SHARE = 0.4
"""There are eighteen lines here: a turn takes this part of the seconds that others get."""

Paths = Callable[[Sequence[str]], list[str]]

READS: Mapping[str, Paths] = {
    "card": lambda ids: [f"/clients/{client_id}" for client_id in ids],
    "list": lambda _: ["/clients?limit=50"],
    "timeline": lambda ids: [f"/clients/{client_id}/timeline" for client_id in ids],
}


def client_ids_of(place: Place) -> list[str]:
    """Return the ids of clients from everywhere in the tables."""
    with psycopg.connect(place.urls.owner) as connection:
        statement = (
            f"SELECT client_id::text FROM read.{views.CLIENT_CARD} ORDER BY md5(client_id::text) LIMIT %s".encode()
        )
        return [client_id for (client_id,) in connection.execute(statement, [ASKED])]


@contextmanager
def _reading(ground: Ground, clients: int) -> Iterator[Mapping[str, Race]]:
    ground = replace(ground, seconds=ground.seconds * SHARE)
    with ground.place("reads") as place:
        with write_side(place):  # hires the administrator whose token is used
            pass
        fill(place, clients)
        client_ids = client_ids_of(place)
        with letopis(place, "api") as port, noop(place) as noop_port, usual_reads(place) as usual_port:

            def asked(server: int, paths: list[str]) -> Asked:
                options: Mapping[str, Any] = {"paths": paths, "token": token(place)}
                return server, "getting", lambda: options

            def race(paths: list[str]) -> Race:
                nothing = asked(noop_port, [f"/noop/{number}" for number in range(500)])
                usual = "FastAPI with SQLAlchemy", asked(usual_port, paths)
                return http_race(ground, asked(port, paths), nothing, {"sqlalchemy": usual})

            yield {name: race(paths(client_ids)) for name, paths in READS.items()}


@contextmanager
def reads_http_10k(ground: Ground) -> Iterator[Mapping[str, Race]]:
    """With 10,000 clients, reads reach 40 % of an endpoint that does nothing, and three times SQLAlchemy.

    A card comes with its contact points, owner, open deals, people and subsidiaries; a page of the client list is 50
    clients; a timeline has ten facts. The no-op returns a model about as large as a card; SQLAlchemy's answers have the
    same content as ours, read by the same role from the same views through as many connections. Frame, token check and
    server flags are the same everywhere; all share the machine with PostgreSQL and the load generator, of which the
    no-op needs least. Unfair would be one client asked for over and over: it is 5,000 from everywhere in turn. The
    views are filled by the database with copies of a hundred real clients, not by folding a log.
    """
    with _reading(ground, 10_000) as races:
        yield races


@contextmanager
def reads_http_1m(ground: Ground) -> Iterator[Mapping[str, Race]]:
    """The same with 1,000,000 clients and ten million facts: each question goes through an index, so little changes."""
    with _reading(ground, 1_000_000) as races:
        yield races
