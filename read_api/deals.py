"""Questions about deals: lists, one deal, and the board of a pipeline with counts and sums."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from read_api import answers
from read_api.reading.asking import Ask, Asking, PageQuestion, PastPageQuestion, PastQuestion, PlainText, described
from read_api.reading.desk import SEEN, Seen
from read_api.reading.errors import NoSuchThingError
from read_api.reading.paging import Listing

router = APIRouter(tags=["deals"])

ITEM = {
    "deal_id": "d.deal_id",
    "client_id": "d.client_id",
    "client_name": "c.name",
    "seller_id": "d.seller_id",
    "seller_name": "s.name",
    "pipeline_id": "d.pipeline_id",
    "stage": "d.stage",
    "stage_since": "d.stage_since",
    "status": "d.status",
    "title": "d.title",
    "product_code": "d.product_code",
    "amount": "d.amount::text",
    "currency": "d.currency",
    "won_amount": "d.won_amount::text",
    "won_currency": "d.won_currency",
    "opened_at": "d.opened_at",
    "closed_at": "d.closed_at",
    "lost_reason": "d.lost_reason",
    "external_id": "d.external_id",
    "date_unknown": "d.date_unknown",
    "version": "d.version",
    "position": "d.position",
}
JOINS = """LEFT JOIN read.client_card_v1 AS c ON c.client_id = d.client_id
LEFT JOIN read.staff_directory_v2 AS s ON s.staff_id = d.seller_id"""
NAMES = ("client_card", "staff_directory")

DEALS = Listing(
    name="deals",
    view="pipeline_board",
    shape=1,
    alias="d",
    item=ITEM,
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
    steady=frozenset({"seller", "client"}),
    joins=JOINS,
    joined=NAMES,
)

BOARD = Listing(
    name="board",
    view="pipeline_board",
    shape=1,
    alias="d",
    item=ITEM,
    order={"stage": "text", "opened_at": "timestamptz", "deal_id": "uuid"},
    always="d.pipeline_id = %(pipeline)s AND d.status = 'open' AND d.stage IS NOT NULL AND d.opened_at IS NOT NULL",
    filters={"pipeline": "true", "seller": "d.seller_id = %(seller)s", "stage": "d.stage = %(stage)s"},
    steady=frozenset({"pipeline"}),
    joins=JOINS,
    joined=NAMES,
)

_MEMBERS = ", ".join(f"'{name}', {value}" for name, value in ITEM.items())
DEAL = f"""{SEEN}
SELECT seen.*, (
    SELECT json_build_object({_MEMBERS})::text
    FROM read.pipeline_board_v1 AS d
    {JOINS}
    WHERE d.deal_id = %(deal_id)s AND d.opened_at IS NOT NULL
)
FROM seen"""  # noqa: S608 - put together from constants

_COUNT = """'count', coalesce(sum(t.deals), 0), 'sums', coalesce(
                json_agg(json_build_object('currency', t.currency, 'amount', t.amount::text) ORDER BY t.currency)
                    FILTER (WHERE t.currency IS NOT NULL),
                '[]'
            )"""
# The first pipeline that was defined is shown when none is named. What is won counts at what it was won for.
TOTALS = f"""{SEEN}, board AS (
    SELECT p.pipeline_id, p.name, p.stages
    FROM read.pipelines_v1 AS p
    WHERE p.pipeline_id = coalesce(%(pipeline)s::uuid, p.pipeline_id)
    ORDER BY p.defined_at, p.pipeline_id
    LIMIT 1
), total AS (
    SELECT
        d.status,
        CASE WHEN d.status = 'open' THEN d.stage END AS stage,
        CASE WHEN d.status = 'won' THEN d.won_currency ELSE d.currency END AS currency,
        count(*) AS deals,
        sum(CASE WHEN d.status = 'won' THEN d.won_amount ELSE d.amount END) AS amount
    FROM read.pipeline_board_v1 AS d
    JOIN board AS b USING (pipeline_id)
    WHERE %(seller)s::uuid IS NULL OR d.seller_id = %(seller)s
    GROUP BY 1, 2, 3
)
SELECT seen.*, b.pipeline_id, json_build_object(
    'pipeline_id', b.pipeline_id,
    'name', b.name,
    'stages', (
        SELECT coalesce(json_agg(json_build_object(
            'code', g.key, 'name', g.value -> 'name', 'probability', g.value -> 'probability',
            'is_retired', coalesce((g.value ->> 'is_retired')::boolean, false), 'count', n.count, 'sums', n.sums
        ) ORDER BY (g.value ->> 'order')::integer, g.key), '[]')
        FROM jsonb_each(b.stages) AS g
        CROSS JOIN LATERAL (
            SELECT o -> 'count' AS count, o -> 'sums' AS sums
            FROM (
                SELECT json_build_object({_COUNT}) AS o
                FROM total AS t
                WHERE t.status = 'open' AND t.stage = g.key
            ) AS made
        ) AS n
    ),
    'won', (SELECT json_build_object({_COUNT}) FROM total AS t WHERE t.status = 'won'),
    'lost', (SELECT json_build_object({_COUNT}) FROM total AS t WHERE t.status = 'lost')
)::text
FROM seen
LEFT JOIN board AS b ON true"""  # noqa: S608 - put together from constants


class DealsQuestion(PageQuestion):
    """Which deals."""

    seller: UUID | None = None
    client: UUID | None = None
    pipeline: UUID | None = None
    status: Literal["open", "won", "lost"] | None = None
    stage: PlainText | None = None
    product: PlainText | None = None


class BoardQuestion(PastPageQuestion):
    """Which pipeline (the first one defined, if none is named), and whose deals."""

    pipeline: UUID | None = None
    seller: UUID | None = None
    stage: PlainText | None = None


@router.get("/deals", summary="Deals by opening", **described("list_deals", answers.Page[answers.Deal]))
async def list_deals(ask: Asking, question: Annotated[DealsQuestion, Query()]) -> Response:
    return await ask.page(DEALS, question)


@router.get("/deals/{deal_id}", summary="One deal", **described("get_deal", answers.Deal, has_id=True))
async def get_deal(deal_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    async with ask.then("deal", deal_id, question) as asked:
        return await asked.one(DEAL, {"deal_id": deal_id}, ("pipeline_board", *NAMES), question, ("deal", deal_id))


@router.get(
    "/pipeline",
    summary="The board: stages with counts and sums, open deals by stage",
    **described("get_pipeline", answers.Board, has_id=True),
)
async def get_pipeline(ask: Asking, question: Annotated[BoardQuestion, Query()]) -> Response:
    async with ask.then("board", None, question) as asked:
        return await _board(asked, question)


async def _board(ask: Ask, question: BoardQuestion) -> Response:
    values = {"pipeline": question.pipeline, "seller": question.seller}
    views = ("pipelines", "pipeline_board")
    seen, rows = await ask.fetch(TOTALS, values, views, question.min_position)
    pipeline, totals = rows[0]
    if pipeline is None:
        raise NoSuchThingError(kind="pipeline", id=question.pipeline)
    page = await ask.page_body(BOARD, question, {**question.filters(), "pipeline": pipeline})
    body = totals.removesuffix("}").encode() + b"," + page.body + b"}"
    return ask.answer(body, Seen(min(seen.position, page.seen.position), page.seen.parked or seen.parked))
