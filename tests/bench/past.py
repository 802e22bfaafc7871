"""The past over HTTP: a card and a board as of a moment long gone, against a plain read of the facts they rest on."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from statistics import median
from uuid import UUID

import httpx
import psycopg

from events.deal import DealLost, DealMoved, DealOpened, DealRevalued, DealWon
from events.pipeline import PipelineDefined
from events.staff import StaffHired
from events.values import Money, StaffRole, Stage
from infra.log.ids import new_id
from infra.log.past_log import Cut, PastLog
from projections.interactions.activities import activities
from projections.parties.client_card import client_card
from projections.parties.contact_persons import contact_persons
from projections.sales.pipeline_board import pipeline_board
from tests.bench.ground import Ground, Place
from tests.bench.http import letopis, token
from tests.bench.made_log import BEGINNING, Life, Told, about_clients, append_made_log, calls
from tests.bench.measuring import Race
from tests.bench.samples import SELLERS

ROAD = UUID(int=1 << 64)
STAGES = tuple(Stage(code=code, name=code, probability=20) for code in ("lead", "offer", "contract"))

DEALS_OF_A_REGULAR, CALLS_OF_A_REGULAR = 10, 946
"""With four facts about the client and five about each deal they are 1,000."""

CALLS_OF_A_BUYER = 11
"""With four facts about the client and five about the one deal they are 20: every fourth fact is about a deal."""

REGULARS_AMONG = 20
"""Clients with 1,000 facts, mixed with one another."""

CARDS_IN_A_TURN = 20

FACTS_OF_A_CARD = sorted({*client_card.topics, *contact_persons.topics, *pipeline_board.topics, *activities.topics})


def _company(ids: Sequence[UUID], _first: int) -> Iterator[Told]:
    """Give the pipeline, and whoever sells."""
    yield Told(ROAD, 1, ids[0], PipelineDefined(name="Продажи", stages=STAGES))
    for number, seller in enumerate(SELLERS):
        yield Told(seller, 1, ids[0], StaffHired(name=f"Анна {number}", role=StaffRole.SELLER))


def deals(ids: Sequence[UUID]) -> Iterator[Told]:
    """Give the life of a deal with each client: everybody's first event, then everybody's second one, …"""
    streams = [new_id() for _ in ids]
    worth = Money(amount=Decimal(250_000), currency="RUB")
    for number, (deal, client) in enumerate(zip(streams, ids, strict=True)):
        seller = SELLERS[number % len(SELLERS)]
        opened = DealOpened(client_id=client, seller_id=seller, pipeline_id=ROAD, stage="lead", title="Весы")
        yield Told(deal, 1, client, opened)
    moved, revalued = DealMoved(from_stage="lead", to_stage="offer"), DealRevalued(to_amount=worth)
    for version, event in enumerate((moved, revalued, DealMoved(from_stage="offer", to_stage="contract")), start=2):
        yield from (Told(deal, version, client, event) for deal, client in zip(streams, ids, strict=True))
    for number, (deal, client) in enumerate(zip(streams, ids, strict=True)):
        seller = SELLERS[number % len(SELLERS)]
        lost = DealLost(from_stage="contract", reason="дорого", seller_id=seller)
        won = DealWon(from_stage="contract", amount=worth, seller_id=seller)
        yield Told(deal, 5, client, won if number % 3 else lost)


def _bought(ids: Sequence[UUID], first: int) -> Iterator[Told]:
    yield from about_clients(ids, first)
    yield from calls(ids, CALLS_OF_A_BUYER)
    yield from deals(ids)


def _regular(ids: Sequence[UUID], first: int) -> Iterator[Told]:
    yield from about_clients(ids, first)
    yield from calls(ids, CALLS_OF_A_REGULAR)
    for _ in range(DEALS_OF_A_REGULAR):
        yield from deals(ids)


COMPANY = Life(1 + len(SELLERS), _company)
BUYERS = Life(4 + CALLS_OF_A_BUYER + 5, _bought)
REGULARS = Life(4 + CALLS_OF_A_REGULAR + 5 * DEALS_OF_A_REGULAR, _regular)


def _moment(position: int) -> str:
    """Return when the made log had come to a position, as `as_of` takes it."""
    return (BEGINNING + timedelta(seconds=position)).isoformat().replace("+00:00", "Z")


@contextmanager
def _race(place: Place, path: str, times: int, read: Callable[[], int], name: str) -> Iterator[Race]:
    """Ask one thing over HTTP so many times a turn, one after the other; the baseline reads the facts it rests on.

    Both rates are in facts, so that a log of any size can be compared.
    """
    took: list[float] = []
    facts = read()
    header = {"Authorization": f"Bearer {token(place)}"}

    def baseline() -> float:
        began = time.perf_counter()
        for _ in range(times):
            assert read() == facts
        return facts * times / (time.perf_counter() - began)

    with letopis(place, "api") as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=header) as caller:

        def ours() -> float:
            turn = []
            for _ in range(times):
                began = time.perf_counter()
                answer = caller.get(path, timeout=120)
                assert answer.status_code == 200, answer.text
                turn.append(time.perf_counter() - began)
            took.extend(turn)
            return facts * times / sum(turn)

        ours()
        took.clear()
        told = {"facts": facts}
        yield Race(ours, baseline, name, "facts/s", extras=lambda: {**told, "median_ms": round(median(took) * 1000, 1)})


@contextmanager
def as_of_card(ground: Ground) -> Iterator[Race]:
    """The card of a client with 1,000 facts is there within 50 ms as of a moment at which it had nine tenths of them.

    Over HTTP, by one caller: found, read, decrypted, folded, and asked with the statement of the present card. The
    baseline reads the same facts from the log and makes nothing of them.
    """
    with ground.place("card") as place:
        append_made_log(place.urls.owner, place.master, COMPANY.events_per_client, COMPANY)
        last = append_made_log(place.urls.owner, place.master, REGULARS_AMONG * REGULARS.events_per_client, REGULARS)
        past = last * 9 // 10
        with psycopg.connect(place.urls.projector, autocommit=True) as log:
            row = log.execute("SELECT stream_id FROM letopis.event WHERE topic = 'client.registered'").fetchone()
            assert row is not None
            reader = PastLog(log, Cut(past), seconds=60)

            def read() -> int:
                return len(reader.of_party(row[0], FACTS_OF_A_CARD))

            path = f"/clients/{row[0]}?as_of={_moment(past)}"
            with _race(place, path, CARDS_IN_A_TURN, read, "a plain read of the client's facts") as race:
                yield race


@contextmanager
def as_of_board(ground: Ground) -> Iterator[Race]:
    """A whole board as of a past moment over a log of 1,000,000 facts (300,000 with `--quick`) is there within 8 s.

    Over HTTP, by one caller: every deal folded, the stages counted and summed, a page of deals with names of clients
    and sellers. Every fourth fact is about a deal, and the moment leaves out the last tenth of the log. The baseline
    reads the same facts and makes nothing of them.
    """
    count = ground.many // BUYERS.events_per_client * BUYERS.events_per_client
    with ground.place("board") as place:
        append_made_log(place.urls.owner, place.master, COMPANY.events_per_client, COMPANY)
        past = append_made_log(place.urls.owner, place.master, count, BUYERS) * 9 // 10
        with psycopg.connect(place.urls.projector, autocommit=True) as log:
            reader = PastLog(log, Cut(past), seconds=600)

            def read() -> int:
                return sum(map(len, reader.every(pipeline_board.topics, with_parties=True)))

            path = f"/pipeline?as_of={_moment(past)}&limit=50"
            with _race(place, path, 1, read, "a plain read of the facts about deals") as race:
                yield race
