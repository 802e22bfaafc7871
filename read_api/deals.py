"""Questions about deals: lists, one deal, and the board of a pipeline with counts and sums."""

from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from infra.amounts import Currency
from read_api import views
from read_api.filters import OF_MEMBERS, OF_PLANS, member_of, next_step
from read_api.lists import DealStatus, ForecastCategory, LossReason
from read_api.pipelines import PipelineStage
from read_api.reading.answer import Answer, Page, Sql, Sum, Whole, amount_in, json_of, members, page_or_part_of, sums_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import NoSuchThingError
from read_api.reading.joined import answers, is_named
from read_api.reading.paging import Around, Listing, Sorting, item_statement
from read_api.reading.question import Amount, Day, ListQuestion, PageQuestion, PastQuestion, PlainDay, PlainText
from read_api.reading.seen import sees
from read_api.roles import FRONT_OFFICE

router = Questions("deals")


class Deal(Whole):
    """A deal as it stands (docs/figures.md); `stage` is the open stage it is in, or was in at its end."""

    deal_id: UUID
    client_id: Annotated[UUID | None, Sql(answers("{column}"))]
    client_name: Annotated[str | None, Sql("c.name")]
    seller_id: UUID
    seller_name: Annotated[str | None, Sql("s.name")]
    pipeline_id: UUID
    stage: str
    stage_since: datetime
    status: DealStatus
    title: str | None
    product_code: str | None
    amount: Annotated[str | None, amount_in("currency")]
    currency: str | None
    expected_on: date | None
    category: ForecastCategory
    won_amount: Annotated[str | None, amount_in("won_currency")]
    won_currency: str | None
    opened_at: datetime
    closed_at: datetime | None
    lost_reason: str | None
    lost_reason_code: LossReason | None
    external_id: str | None
    date_unknown: bool
    version: int
    position: int


class Count(Answer):
    """How many deals, and what they are worth by currency."""

    count: Annotated[int, Sql("coalesce(sum(t.deals), 0)")]
    sums: Annotated[list[Sum], Sql(sums_of("t"))]


class BoardStage(Count):
    """One column of the board."""

    code: str
    name: str | None
    probability: int | None
    is_retired: bool


class Board(Page[Deal]):
    """The board of one pipeline (docs/figures.md): its stages, what is won and lost, the open deals page by page."""

    pipeline_id: UUID
    name: str | None
    stages: list[BoardStage]
    won: Count
    lost: Count


JOINS = f"""LEFT JOIN {views.CLIENT_CARD} AS c ON c.client_id = {answers("d.client_id")} AND {sees("client", "c")}
LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = d.seller_id"""
NAMES = (views.CLIENT_CARD, views.STAFF_DIRECTORY)

DEALS = Listing(
    name="deals",
    view=views.PIPELINE_BOARD,
    alias="d",
    item=Deal,
    order={"opened_at": "timestamptz", "deal_id": "uuid"},
    always=f"d.opened_at IS NOT NULL AND {sees('deal', 'd')}",
    filters={
        "ids": "d.deal_id = ANY(%(ids)s::uuid[])",
        "seller": "d.seller_id = %(seller)s",
        "team_id": member_of("team_id", "d.seller_id"),
        "branch_id": member_of("branch_id", "d.seller_id"),
        "client": is_named("d.client_id", "%(client)s"),
        "pipeline": "d.pipeline_id = %(pipeline)s",
        "status": "d.status = %(status)s",
        "stage": "d.stage = %(stage)s",
        "product": "d.product_code = %(product)s",
        "currency": "d.currency = %(currency)s",
        "amount_from": "d.amount >= %(amount_from)s",
        "amount_to": "d.amount <= %(amount_to)s",
        "category": "d.category = %(category)s",
        "expected_from": "d.expected_on >= %(expected_from)s::date",
        "expected_to": "d.expected_on <= %(expected_to)s::date",
        "opened_from": "d.opened_at >= %(opened_from)s",
        "opened_to": "d.opened_at < %(opened_to)s",
        "closed_from": "d.closed_at >= %(closed_from)s",
        "closed_to": "d.closed_at < %(closed_to)s",
        **next_step("n.deal_id = d.deal_id"),
    },
    steady=frozenset({"seller", "client", "product"}),
    parties=frozenset({"client"}),
    joins=JOINS,
    names=NAMES,
    searched=frozenset(OF_MEMBERS),
    beside={**OF_MEMBERS, **OF_PLANS},
    sortings={
        "opened": Sorting({"opened_at": "timestamptz", "deal_id": "uuid"}),
        "expected": Sorting({"expected_on": "date", "deal_id": "uuid"}, only="d.expected_on IS NOT NULL"),
        "closed": Sorting({"closed_at": "timestamptz", "deal_id": "uuid"}, only="d.closed_at IS NOT NULL"),
        "amount": Sorting({"amount": "numeric", "deal_id": "uuid"}, only="d.amount IS NOT NULL"),
    },
)

BOARD = Listing(
    name="board",
    view=views.PIPELINE_BOARD,
    alias="d",
    item=Deal,
    order={"stage": "text", "opened_at": "timestamptz", "deal_id": "uuid"},
    always=" AND ".join(
        (
            "d.pipeline_id = (SELECT b.pipeline_id FROM board AS b)",
            "d.status = 'open' AND d.stage IS NOT NULL AND d.opened_at IS NOT NULL",
            sees("deal", "d"),
        )
    ),
    filters={
        "pipeline": "true",
        "seller": "d.seller_id = %(seller)s",
        "team_id": member_of("team_id", "d.seller_id"),
        "branch_id": member_of("branch_id", "d.seller_id"),
        "stage": "d.stage = %(stage)s",
    },
    steady=frozenset({"pipeline"}),
    joins=JOINS,
    names=NAMES,
    searched=frozenset(OF_MEMBERS),
    beside=OF_MEMBERS,
)

DEAL = item_statement(DEALS, "d.deal_id = %(deal_id)s")

_BOARD = f"""json_build_object(
    'pipeline_id', b.pipeline_id,
    'name', b.name,
    'stages', (
        SELECT coalesce(json_agg(json_build_object(
            {members(PipelineStage, "g")}, 'count', n.count, 'sums', n.sums
        ) ORDER BY (g.value ->> 'order')::integer, g.key), '[]')
        FROM jsonb_each(b.stages) AS g
        CROSS JOIN LATERAL (
            SELECT o -> 'count' AS count, o -> 'sums' AS sums
            FROM (
                SELECT {json_of(Count, "t")} AS o
                FROM total AS t
                WHERE t.status = 'open' AND t.stage = g.key
            ) AS made
        ) AS n
    ),
    'won', (SELECT {json_of(Count, "t")} FROM total AS t WHERE t.status = 'won'),
    'lost', (SELECT {json_of(Count, "t")} FROM total AS t WHERE t.status = 'lost')
)::text"""  # noqa: S608 - put together from constants
WHOSE = frozenset({"seller", "team_id", "branch_id"})
"""The filters of the board that its counts and sums go by as well."""


@cache
def board_around(whose: frozenset[str]) -> Around:
    """Return the board around a page of its deals: stages, and what is won and lost, by these of its filters.

    The first pipeline in use that was defined is shown when none is named. What is won counts at what it was won for.
    """
    conditions = " AND ".join([*(BOARD.filters[name] for name in sorted(whose)), sees("deal", "d")])
    before = f""", board AS (
    SELECT p.pipeline_id, p.name, p.stages
    FROM {views.PIPELINES} AS p
    WHERE p.pipeline_id = coalesce(%(pipeline)s::uuid, p.pipeline_id)
    ORDER BY p.retired_at IS NOT NULL, p.defined_at, p.pipeline_id
    LIMIT 1
), total AS (
    SELECT
        d.status,
        CASE WHEN d.status = 'open' THEN d.stage END AS stage,
        CASE WHEN d.status = 'won' THEN d.won_currency ELSE d.currency END AS currency,
        count(*) AS deals,
        sum(CASE WHEN d.status = 'won' THEN d.won_amount ELSE d.amount END) AS amount
    FROM {views.PIPELINE_BOARD} AS d
    JOIN board AS b USING (pipeline_id)
    WHERE {conditions}
    GROUP BY 1, 2, 3
)"""  # noqa: S608 - put together from constants
    return Around(
        columns=("b.pipeline_id", _BOARD),
        joins="LEFT JOIN board AS b ON true",
        views=(views.PIPELINES, *BOARD.views(whose)),
        before=before,
    )


class DealsQuestion(ListQuestion):
    """Which deals."""

    seller: UUID | None = None
    team_id: UUID | None = None
    branch_id: UUID | None = None
    client: UUID | None = None
    pipeline: UUID | None = None
    status: DealStatus | None = None
    stage: PlainText | None = None
    product: PlainText | None = None
    currency: Currency | None = None
    amount_from: Amount | None = None
    amount_to: Amount | None = None
    category: ForecastCategory | None = None
    expected_from: PlainDay | None = None
    expected_to: PlainDay | None = None
    opened_from: Day | None = None
    opened_to: Day | None = None
    closed_from: Day | None = None
    closed_to: Day | None = None
    without_next_step: bool | None = None
    sort: Literal["opened", "-opened", "expected", "-expected", "closed", "-closed", "amount", "-amount"] | None = None

    @model_validator(mode="after")
    def _compares_amounts_of_one_currency(self) -> "DealsQuestion":
        compares = self.amount_from is not None or self.amount_to is not None or self.sort in {"amount", "-amount"}
        if compares and self.currency is None:
            raise PydanticCustomError("needs_a_currency", "amounts of one currency are compared", {"field": "currency"})
        return self


class BoardQuestion(PageQuestion):
    """Which pipeline (the first one defined that is in use, if none is named), and whose deals."""

    pipeline: UUID | None = None
    seller: UUID | None = None
    team_id: UUID | None = None
    branch_id: UUID | None = None
    stage: PlainText | None = None


@router.question(
    "/deals", "Deals, by opening unless sorted otherwise", answers=page_or_part_of(Deal), roles=FRONT_OFFICE
)
async def list_deals(ask: Asking, question: Annotated[DealsQuestion, Query()]) -> Response:
    return await ask.page(DEALS, question)


@router.question("/deals/{deal_id}", "One deal", answers=Deal, roles=FRONT_OFFICE)
async def get_deal(deal_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(DEAL, {"deal_id": deal_id}, question, ("deal", deal_id))


@router.question(
    "/pipeline",
    "The board: stages with counts and sums, open deals by stage",
    answers=Board,
    roles=FRONT_OFFICE,
    may_be_absent=True,
)
async def get_pipeline(ask: Asking, question: Annotated[BoardQuestion, Query()]) -> Response:
    given = question.filters(ask.desk.zone)
    around = board_around(WHOSE.intersection(given))
    async with ask.then(question, around.views) as asked:
        page = await asked.page_body(BOARD, question, given, around=around, more={"pipeline": question.pipeline})
    pipeline, board = page.around
    if pipeline is None:
        raise NoSuchThingError(kind="pipeline", id=question.pipeline)
    return ask.answer(board.removesuffix("}").encode() + b"," + page.body + b"}", page.seen)
