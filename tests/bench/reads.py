"""What front offices read all day over HTTP, against an endpoint that does nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from projections.registry import PROJECTIONS
from tests.bench.commands import write_side
from tests.bench.ground import Ground, Place
from tests.bench.http import http_race, letopis, noop, token
from tests.bench.made_log import EVENTS_PER_CLIENT, append_made_log
from tests.bench.measuring import Race
from tests.bench.views import projected_up_to

CLIENTS_SHARE = 300
"""One client for so many events of the large log: what is read here has no need of more, the views are indexed."""

ASKED = 500
"""Different clients asked for, in turn."""

Paths = Callable[[Sequence[str]], list[str]]


def _client_ids(place: Place) -> list[str]:
    with psycopg.connect(place.urls.owner) as connection:
        statement = "SELECT client_id::text FROM read.client_card_v1 ORDER BY client_id LIMIT %s"
        found = connection.execute(statement, [ASKED])
        return [client_id for (client_id,) in found]


@contextmanager
def _reading(ground: Ground, paths: Paths) -> Iterator[Race]:
    clients = max(100, ground.events // CLIENTS_SHARE)
    with ground.place("reads") as place:
        with write_side(place):  # hires the administrator whose token is used
            pass
        last = append_made_log(place.urls.owner, place.master, clients * EVENTS_PER_CLIENT)
        projected_up_to(place, PROJECTIONS, last)
        asked = paths(_client_ids(place))
        with letopis(place, "api") as port, noop(place) as noop_port:

            def options(addresses: list[str]) -> Callable[[], Mapping[str, Any]]:
                return lambda: {"paths": addresses, "token": token(place)}

            nothing = [f"/noop/{number}" for number in range(len(asked))]
            yield http_race(ground, (port, "getting", options(asked)), (noop_port, "getting", options(nothing)))


@contextmanager
def reads_http_card(ground: Ground) -> Iterator[Race]:
    """A client's card, its phones decrypted once when it was folded, reaches 40 % of an endpoint that does nothing.

    One statement by primary key. The no-op returns a model of the same kind; its frame and token check are ours.
    Unfair would be one client asked for over and over: it is 500 in turn.
    """
    with _reading(ground, lambda ids: [f"/clients/{client_id}" for client_id in ids]) as race:
        yield race


@contextmanager
def reads_http_list(ground: Ground) -> Iterator[Race]:
    """A page of the client list reaches 40 % of an endpoint that does nothing, though it is 50 rows against one."""
    with _reading(ground, lambda _: ["/clients?limit=50"]) as race:
        yield race


@contextmanager
def reads_http_timeline(ground: Ground) -> Iterator[Race]:
    """A page of a client's timeline, ten facts of it here, reaches 40 % of an endpoint that does nothing."""
    with _reading(ground, lambda ids: [f"/clients/{client_id}/timeline" for client_id in ids]) as race:
        yield race
