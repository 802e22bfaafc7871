"""Questions about deals: lists, one deal, and the board of a pipeline with counts and sums."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.lists import DealStatus
from read_api.pipelines import PipelineStage
from read_api.reading.answer import Answer, Page, Sql, Sum, Whole, amount_in, json_of, members, sums_of
from read_api.reading.asking import Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import NoSuchThingError
from read_api.reading.paging import Listing, item_statement
from read_api.reading.question import PageQuestion, PastQuestion, PlainText
from read_api.reading.statement import Seen, Statement
from read_api.roles import FRONT_OFFICE

router = Questions("deals")


class Deal(Whole):
    """A deal as it stands; `stage` is the open stage it is in, or was in at its end."""

    deal_id: UUID
    client_id: UUID | None
    client_name: Annotated[str | None, Sql("c.name")]
    seller_id: UUID | None
    seller_name: Annotated[str | None, Sql("s.name")]
    pipeline_id: UUID | None
    stage: str | None
    stage_since: datetime | None
    status: DealStatus
    title: str | None
    product_code: str | None
    amount: Annotated[str | None, amount_in("currency")]
    currency: str | None
    won_amount: Annotated[str | None, amount_in("won_currency")]
    won_currency: str | None
    opened_at: datetime | None
    closed_at: datetime | None
    lost_reason: str | None
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
    """The board of one pipeline: its stages in order, what is won and lost, and the open deals page by page."""

    pipeline_id: UUID
    name: str | None
    stages: list[BoardStage]
    won: Count
    lost: Count


JOINS = f"""LEFT JOIN {views.CLIENT_CARD} AS c ON c.client_id = d.client_id
LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = d.seller_id"""
NAMES = (views.CLIENT_CARD, views.STAFF_DIRECTORY)

DEALS = Listing(
    name="deals",
    view=views.PIPELINE_BOARD,
    alias="d",
    item=Deal,
    order={"opened_at": "timestamptz", "deal_id": "uuid"},
    always="d.opened_at IS NOT NULL",
    filters={
        "seller": "d.seller_id = %(seller)s",
        "client": "d.client_id = %(client)s",
        "pipeline": "d.pipeline_id = %(pipeline)s",
        "status": "d.status = %(status)s",
        "stage": "d.stage = %(stage)s",
        "product": "d.product_code = %(product)s",
    },
    steady=frozenset({"seller", "client", "product"}),
    parties=frozenset({"client"}),
    joins=JOINS,
    names=NAMES,
)

BOARD = Listing(
    name="board",
    view=views.PIPELINE_BOARD,
    alias="d",
    item=Deal,
    order={"stage": "text", "opened_at": "timestamptz", "deal_id": "uuid"},
    always="d.pipeline_id = %(pipeline)s AND d.status = 'open' AND d.stage IS NOT NULL AND d.opened_at IS NOT NULL",
    filters={"pipeline": "true", "seller": "d.seller_id = %(seller)s", "stage": "d.stage = %(stage)s"},
    steady=frozenset({"pipeline"}),
    joins=JOINS,
    names=NAMES,
)

DEAL = item_statement(DEALS, "d.deal_id = %(deal_id)s")

# The first pipeline in use that was defined is shown when none is named. What is won counts at what it was won for.
_TOTALS = f""", board AS (
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
    WHERE %(seller)s::uuid IS NULL OR d.seller_id = %(seller)s
    GROUP BY 1, 2, 3
)
SELECT seen.*, b.pipeline_id, json_build_object(
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
)::text
FROM seen
LEFT JOIN board AS b ON true"""  # noqa: S608 - put together from constants
TOTALS = Statement(_TOTALS, (views.PIPELINES, views.PIPELINE_BOARD))


class DealsQuestion(PageQuestion):
    """Which deals."""

    seller: UUID | None = None
    client: UUID | None = None
    pipeline: UUID | None = None
    status: DealStatus | None = None
    stage: PlainText | None = None
    product: PlainText | None = None


class BoardQuestion(PageQuestion):
    """Which pipeline (the first one defined that is in use, if none is named), and whose deals."""

    pipeline: UUID | None = None
    seller: UUID | None = None
    stage: PlainText | None = None


@router.question("/deals", "Deals by opening", answers=Page[Deal], roles=FRONT_OFFICE)
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
    async with ask.then(question, TOTALS.views) as asked:
        return await _board(asked, question)


async def _board(ask: Ask, question: BoardQuestion) -> Response:
    values = {"pipeline": question.pipeline, "seller": question.seller}
    seen, rows = await ask.fetch(TOTALS, values, question.min_position)
    pipeline, totals = rows[0]
    if pipeline is None:
        raise NoSuchThingError(kind="pipeline", id=question.pipeline)
    page = await ask.page_body(BOARD, question, {**question.filters(), "pipeline": pipeline})
    body = totals.removesuffix("}").encode() + b"," + page.body + b"}"
    return ask.answer(body, Seen(min(seen.position, page.seen.position), page.seen.parked or seen.parked))
