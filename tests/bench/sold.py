"""The life of a client who is sold to, for logs whose facts every report has something to chew on."""

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from events.activity import ActivityCancelled, ActivityHeld, ActivityPlanned, CallClassified
from events.base import Event
from events.client import ClientTransferred
from events.deal import DealHandedOver, DealLost, DealMoved, DealOpened, DealReopened, DealRevalued, DealWon
from events.values import CallStatus, Channel, Direction, LossReason, Money, OwnershipCause
from infra.log.ids import new_id
from tests.bench.made_log import BEGINNING, Life, Told, about_clients
from tests.bench.past import ROAD
from tests.bench.samples import RESULT, SELLERS, TOPIC

PIPELINES = (ROAD, UUID(int=(1 << 64) + 1), UUID(int=(1 << 64) + 2))
STAGES = ("lead", "offer", "contract")
PRODUCTS = ("scales-15", "scales-60", "scales-600", "printer", "terminal", None)
REASONS = tuple(LossReason)[:6]
CURRENCIES = ("RUB", "RUB", "RUB", "USD")
CHANNELS = (Channel.CALL, Channel.CALL, Channel.CALL, Channel.CALL, Channel.MEETING, Channel.EMAIL, Channel.TASK)

TOUCHES = 9
"""Touches of a client beside the call that came in and the meeting that was planned."""


class Sale(NamedTuple):
    """Who sells what to whom; the choices are made by chance, the same ones in every run."""

    luck: random.Random
    client_id: UUID
    deal_id: UUID
    seller: UUID
    colleague: UUID
    worth: Money

    @property
    def opened(self) -> Event:
        return DealOpened(
            client_id=self.client_id,
            seller_id=self.seller,
            pipeline_id=self.luck.choice(PIPELINES),
            stage=STAGES[0],
            product_code=self.luck.choice(PRODUCTS),
            amount=self.luck.choice((None, self.worth, self.worth, self.worth)),
        )

    @property
    def won(self) -> Event:
        return DealWon(from_stage=STAGES[2], amount=self.worth, seller_id=self.seller)

    def lost_by(self, seller: UUID) -> Event:
        return DealLost(from_stage=STAGES[1], reason=RESULT, reason_code=self.luck.choice(REASONS), seller_id=seller)


def _sale(number: int, client_id: UUID) -> Sale:
    luck = random.Random(number)
    seller, colleague = luck.sample(SELLERS, 2)
    worth = Money(amount=Decimal(luck.randrange(1_000_000)) / 4, currency=luck.choice(CURRENCIES))
    return Sale(luck, client_id, new_id(), seller, colleague, worth)


_OFFERED = DealMoved(from_stage=STAGES[0], to_stage=STAGES[1])
_AGREED = DealMoved(from_stage=STAGES[1], to_stage=STAGES[2])


def _deal(sale: Sale) -> Sequence[Event]:
    """Return the life of a deal, five facts: half are won, a quarter is lost, an eighth each is open or open again."""
    revalued = DealRevalued(to_amount=sale.worth)
    handed_over = DealHandedOver(from_seller_id=sale.seller, to_seller_id=sale.colleague)
    reopened = DealReopened(to_stage=STAGES[2], reason=RESULT)
    match sale.luck.randrange(8):
        case 0 | 1 | 2:
            return sale.opened, _OFFERED, revalued, _AGREED, sale.won
        case 3:
            return sale.opened, _OFFERED, sale.lost_by(sale.seller), reopened, sale.won
        case 4 | 5:
            return sale.opened, _OFFERED, handed_over, revalued, sale.lost_by(sale.colleague)
        case 6:
            return sale.opened, _OFFERED, revalued, _AGREED, handed_over
        case _:
            return sale.opened, _OFFERED, sale.lost_by(sale.seller), reopened, revalued


def _touch(sale: Sale) -> ActivityHeld:
    channel = sale.luck.choice(CHANNELS)
    return ActivityHeld(
        channel=channel,
        direction=Direction.OUTBOUND,
        staff_id=sale.luck.choice((sale.seller, sale.seller, sale.seller, sale.colleague)),
        client_id=sale.client_id,
        deal_id=sale.deal_id,
        is_offer=channel is Channel.EMAIL,
        topic=TOPIC,
        result=RESULT,
    )


def _incoming(sale: Sale) -> tuple[Event, Event]:
    """Return a call that comes in, and what the seller says about it afterwards."""
    held = ActivityHeld(channel=Channel.CALL, direction=Direction.INBOUND, client_id=sale.client_id, topic=TOPIC)
    status = sale.luck.choice((CallStatus.FINISHED, CallStatus.TAKEN_TO_WORK, CallStatus.MISDIAL))
    return held, CallClassified(to_status=status, staff_id=sale.seller)


def _planned(sale: Sale) -> tuple[Event, Event]:
    """Return a meeting that is planned, and that it was held or will not be."""
    planned = ActivityPlanned(
        channel=Channel.MEETING, staff_id=sale.seller, client_id=sale.client_id, topic=TOPIC, due_at=BEGINNING
    )
    held = _touch(sale).model_copy(update={"was_planned": True, "channel": Channel.MEETING, "is_offer": False})
    return planned, sale.luck.choice((held, held, held, ActivityCancelled(reason=RESULT)))


def _of_one(sale: Sale) -> list[Told]:
    """Return what follows the four facts about a client: the deal's five among thirteen of touches, and a hand-over."""

    def told(stream: UUID, events: Sequence[Event], first: int = 1) -> Iterator[Told]:
        return (Told(stream, version, sale.client_id, event) for version, event in enumerate(events, start=first))

    touches = (Told(new_id(), 1, sale.client_id, _touch(sale)) for _ in range(TOUCHES))
    transferred = ClientTransferred(
        from_owner_id=sale.seller, to_owner_id=sale.colleague, cause=OwnershipCause.CONFLICT, reason=RESULT
    )
    streams = (
        touches,
        told(sale.deal_id, _deal(sale)),
        told(new_id(), _incoming(sale)),
        told(new_id(), _planned(sale)),
        told(sale.client_id, [transferred], first=5),
    )
    return list(_in_turn(streams))


def _in_turn(streams: Sequence[Iterator[Told]]) -> Iterator[Told]:
    """Give one of each stream, then another of each that has more, …"""
    while streams:
        left = []
        for stream in streams:
            for one in islice(stream, 1):
                left.append(stream)
                yield one
        streams = left


def _sold_to(ids: Sequence[UUID], first: int) -> Iterator[Told]:
    yield from about_clients(ids, first)
    lives = [_of_one(_sale(number, client_id)) for number, client_id in enumerate(ids, start=first)]
    for step in zip(*lives, strict=True):
        yield from step


BUYERS = Life(4 + TOUCHES + 5 + 2 + 2 + 1, _sold_to)
