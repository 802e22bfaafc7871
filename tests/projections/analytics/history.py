"""Random histories of a small company, as rows of the log: likely and unlikely orders of facts, odd dates included."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import psycopg
from hypothesis import strategies as st

from events.activity import ActivityCancelled, ActivityEntryReverted, ActivityHeld, CallClassified
from events.base import Event
from events.client import ClientClaimed, ClientRegistered, ClientReleased, ClientTransferred, LifecycleAdvanced
from events.deal import (
    DealCategorised,
    DealClientNamed,
    DealClosingExpected,
    DealEntryReverted,
    DealHandedOver,
    DealLost,
    DealMoved,
    DealOpened,
    DealReopened,
    DealRevalued,
    DealWon,
    ForecastCategory,
)
from events.examples import example_of, stream_of_example
from events.pipeline import PipelineDefined, PipelineRetired
from events.product import ProductAliasAdded, ProductListed
from events.registry import EVENT_TYPES
from events.staff import StaffDeparted, StaffHired
from events.values import (
    CallStatus,
    Channel,
    ClientKind,
    Direction,
    Lifecycle,
    LossReason,
    Money,
    OwnershipCause,
    StaffRole,
    Stage,
)
from projections.registry import FACT_TABLES


class Stored(NamedTuple):
    """One row of the log as far as analysts see it; its position is its place in the list, from 1."""

    stream: UUID
    topic: str
    body: str
    occurred_at: datetime
    schema_version: int = 1


# An hour and a half before midnight in Moscow: day and month are other ones there.
NEW_YEAR = datetime(2025, 12, 31, 19, 30, tzinfo=UTC)
RECORDING_BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
# One id below and one above the half of all ids: a signed comparison would order them the other way round.
SELLERS = (UUID(int=0x51), UUID(int=0xF << 124 | 0x52), UUID(int=0x53))
PIPELINES = (UUID(int=0xB1), UUID(int=0xE << 124 | 0xB2))
CLIENTS = (UUID(int=0xC1), UUID(int=0xC2))

sellers = st.sampled_from(SELLERS)
stages = st.sampled_from(("prospecting", "engaging", "offer"))
reasons = st.sampled_from(("Дорого", "price", "Price"))
money = st.builds(
    Money,
    amount=st.decimals(min_value=0, max_value=Decimal("99999999999999.9999"), places=4),
    currency=st.sampled_from(("USD", "RUB", "JPY", "KWD", "CLF", "QQQ")),
)
products = st.none() | st.sampled_from(("gtx-pro", "mg-special"))
moments = st.builds(
    lambda minutes, micro: NEW_YEAR + timedelta(minutes=minutes, microseconds=micro),
    st.integers(0, 90 * 24 * 60),
    st.sampled_from((0, 1, 999_999)),
)

opened = st.builds(
    DealOpened,
    client_id=st.none() | st.sampled_from(CLIENTS),
    seller_id=sellers,
    pipeline_id=st.sampled_from(PIPELINES),
    stage=stages,
    title=st.none(),
    product_code=products,
    amount=st.none() | money,
    external_id=st.none(),
    date_unknown=st.sampled_from((False, False, False, True)),
)
deal_steps: st.SearchStrategy[Event] = st.one_of(
    st.builds(DealMoved, from_stage=stages, to_stage=stages, reason=st.none() | reasons),
    st.builds(DealRevalued, from_amount=st.none() | money, to_amount=st.none() | money, reason=st.none()),
    st.builds(DealHandedOver, from_seller_id=sellers, to_seller_id=sellers, reason=st.none()),
    st.builds(DealClientNamed, client_id=st.sampled_from(CLIENTS)),
    st.builds(DealWon, from_stage=stages, amount=money, seller_id=sellers, product_code=products),
    st.builds(DealWon, from_stage=stages, amount=money, seller_id=sellers, product_code=products),
    st.builds(
        DealLost,
        from_stage=stages,
        reason=reasons,
        reason_code=st.none() | st.sampled_from(LossReason),
        seller_id=sellers,
    ),
    st.builds(DealReopened, to_stage=stages, reason=reasons),
    st.builds(
        DealClosingExpected,
        from_day=st.none(),
        to_day=st.none() | st.integers(-1, 92).map(lambda day: (NEW_YEAR + timedelta(days=day)).date()),
        reason=st.none(),
    ),
    st.builds(
        DealCategorised, from_category=st.sampled_from(ForecastCategory), to_category=st.sampled_from(ForecastCategory)
    ),
)
held = st.builds(
    ActivityHeld,
    channel=st.sampled_from((Channel.CALL, Channel.MEETING, Channel.TASK, Channel.CHAT)),
    direction=st.sampled_from(Direction),
    staff_id=st.none() | sellers,
    client_id=st.none() | st.sampled_from(CLIENTS),
    contact_id=st.none(),
    deal_id=st.none(),
    is_offer=st.booleans(),
    call_status=st.none() | st.sampled_from(CallStatus),
    contact_name=st.just("enc:somebody"),
    contact_data=st.none(),
    topic=st.just("enc:something"),
    result=st.none(),
)
classified = st.builds(CallClassified, from_status=st.none(), to_status=st.sampled_from(CallStatus), staff_id=sellers)
others: st.SearchStrategy[Event] = st.sampled_from(
    (
        StaffHired(name="enc:name", role=StaffRole.SELLER),
        StaffDeparted(successor_id=SELLERS[0]),
        ProductListed(code="gtx-pro", name="GTX Pro"),
        ProductAliasAdded(alias="GTXPro"),
        ClientRegistered(kind=ClientKind.PERSON, name="enc:name", source="web"),
        ClientClaimed(owner_id=SELLERS[0], cause=OwnershipCause.OFFER),
        ClientTransferred(
            from_owner_id=SELLERS[0], to_owner_id=SELLERS[1], cause=OwnershipCause.CONFLICT, reason="reported"
        ),
        ClientReleased(from_owner_id=SELLERS[1], cause=OwnershipCause.RELEASE, reason="left"),
        LifecycleAdvanced(from_state=Lifecycle.PROSPECT, to_state=Lifecycle.CONTACTED),
        ActivityCancelled(reason="ill"),
    )
)


ROAD = PipelineDefined(name="Розница", stages=(Stage(code="offer", name="Offer"),))


@st.composite
def histories(draw: st.DrawFn) -> list[Stored]:
    """Some deals and activities, their facts shuffled together: each stream in its order, dates in any."""
    streams: list[tuple[UUID, list[Event]]] = []
    for number in range(draw(st.integers(1, 6))):
        first = draw(st.sampled_from((True, True, True, False)))
        steps: list[Event] = [draw(opened)] if first else []
        steps += draw(st.lists(deal_steps, max_size=6))
        if draw(st.sampled_from((False, False, True))):
            # The import that brought it was reverted, and perhaps another one brought it once more.
            steps.append(DealEntryReverted(import_id=UUID(int=0x1), reason="enc:wrong file"))
            if draw(st.booleans()):
                steps += [draw(opened), *draw(st.lists(deal_steps, max_size=2))]
        streams.append((UUID(int=0xD0 + number), steps))
    for number in range(draw(st.integers(0, 6))):
        touch: list[Event] = [draw(held), *draw(st.lists(classified, max_size=2))]
        touch = list(draw(st.permutations(touch)))
        if draw(st.sampled_from((False, False, True))):
            touch.append(ActivityEntryReverted(import_id=UUID(int=0x1), reason="enc:wrong file"))
        streams.append((UUID(int=0xA0 + number), touch))
    streams.append((UUID(int=0xE0), draw(st.lists(others, max_size=4))))
    streams.append((PIPELINES[0], draw(st.sampled_from(([], [ROAD], [ROAD, PipelineRetired()])))))
    order = draw(st.permutations([index for index, (_, steps) in enumerate(streams) for _ in steps]))
    queues = [iter(steps) for _, steps in streams]
    return [draw(stored(streams[index][0], next(queues[index]))) for index in order]


@st.composite
def stored(draw: st.DrawFn, stream: UUID, event: Event) -> Stored:
    """The event as a row; a field without a value is stored as null or not at all."""
    body = event.model_dump_json(exclude_none=draw(st.booleans()))
    return Stored(stream, event.TOPIC, body, draw(moments), event.SCHEMA_VERSION)


def recorded_at(position: int) -> datetime:
    """When the log stored the row: three at the same moment, then an hour later."""
    return RECORDING_BEGAN + timedelta(hours=position // 3)


def write_log(url: str, history: Sequence[Stored], *, after: int = 0, salt: int = 0) -> None:
    """Append the rows to the log as its owner; `salt` gives the same facts other event ids."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        statement = (
            "COPY letopis.event (position, event_id, stream_id, version, topic, schema_version, subject_id,"
            " occurred_at, recorded_at, actor, command_id, correlation_id, parties, body) FROM STDIN"
        )
        with cursor.copy(statement) as copy:
            for position, row in enumerate(history, after + 1):
                event_id = UUID(int=(salt << 64) + position)
                copy.write_row(
                    (
                        position,
                        event_id,
                        row.stream,
                        position,
                        row.topic,
                        row.schema_version,
                        row.stream,
                        row.occurred_at,
                        recorded_at(position),
                        "policy:test",
                        event_id,
                        event_id,
                        [row.stream],
                        row.body,
                    )
                )


def empty_log(url: str) -> None:
    """Forget the log of an earlier example; only the database's owner, replaying, gets past the guard."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("TRUNCATE letopis.event CASCADE")


def won(seller: UUID = SELLERS[0], amount: str = "100.0000", currency: str = "USD") -> str:
    """The stored body of a win."""
    money_body = {"amount": amount, "currency": currency}
    return json.dumps({"from_stage": "engaging", "amount": money_body, "seller_id": str(seller)})


def company(deals: int, first: int = 0) -> list[Stored]:
    """A plain history: every deal is opened and won, and a contact is held beside each."""
    opening = DealOpened(seller_id=SELLERS[0], pipeline_id=PIPELINES[0], stage="engaging").model_dump_json()
    contact = ActivityHeld(channel=Channel.CALL, direction=Direction.OUTBOUND, staff_id=SELLERS[1]).model_dump_json()
    rows: list[Stored] = []
    for number in range(first, first + deals):
        day = NEW_YEAR + timedelta(days=number % 60)
        rows += [
            Stored(UUID(int=(1 << 32) + number), DealOpened.TOPIC, opening, day),
            Stored(UUID(int=(2 << 32) + number), ActivityHeld.TOPIC, contact, day),
            Stored(UUID(int=(1 << 32) + number), DealWon.TOPIC, won(), day + timedelta(days=3)),
        ]
    return rows


def dense(seed: int, deals: int = 150) -> list[Stored]:
    """A busy quarter: enough deals in every month, seller and currency for means, ranks and borders to matter."""
    luck = random.Random(seed)
    rows: list[Stored] = []
    for number in range(deals):
        stream, seller = UUID(int=(7 << 32) + number), luck.choice(SELLERS[:2])
        start = NEW_YEAR + timedelta(hours=luck.randrange(24 * 40))
        price = Money(amount=Decimal(luck.randrange(10**6)) / 100, currency=luck.choice(("USD", "RUB")))
        ending = (
            DealWon(from_stage="offer", amount=price, seller_id=seller, product_code=luck.choice((None, "mg-special"))),
            DealLost(
                from_stage="offer",
                reason="Price",
                reason_code=luck.choice((None, LossReason.PRICE, LossReason.TERMS)),
                seller_id=luck.choice(SELLERS),
            ),
        )
        opening = DealOpened(
            seller_id=seller, pipeline_id=PIPELINES[0], stage="offer", amount=price, product_code="gtx-pro"
        )
        steps: list[tuple[Event, datetime]] = [(opening, start)]
        later = start + timedelta(hours=luck.randrange(24 * 50))
        if number % 4:
            steps.append((luck.choice((*ending, ending[0])), later))
        elif number % 12:
            day = (NEW_YEAR + timedelta(days=luck.randrange(40, 160))).date()
            steps.append((DealClosingExpected(from_day=None, to_day=day), later))
            category = luck.choice(tuple(ForecastCategory))
            steps.append((DealCategorised(from_category=ForecastCategory.PIPELINE, to_category=category), later))
        rows += [
            Stored(stream, event.TOPIC, event.model_dump_json(exclude_none=True), when, event.SCHEMA_VERSION)
            for event, when in steps
        ]
    road = Stored(PIPELINES[0], ROAD.TOPIC, ROAD.model_dump_json(), NEW_YEAR)
    return [road, *rows, *_one_of_each_other(rows)]


def _one_of_each_other(rows: list[Stored]) -> Iterator[Stored]:
    """Give the example of every fact that is counted and not there yet, so that whatever counts it finds one."""
    there = {row.topic for row in rows}
    counted = {topic for table in FACT_TABLES for topic in table.topics}
    for kind in EVENT_TYPES:
        if kind.TOPIC in counted - there:
            body = example_of(kind).model_dump_json(exclude_none=True)
            day = NEW_YEAR + timedelta(days=20)
            yield Stored(stream_of_example(kind), kind.TOPIC, body, day, kind.SCHEMA_VERSION)
