"""Questions about what the company sells and how: products, pipelines; and about the read models themselves."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from read_api import answers
from read_api.projections import REBUILD
from read_api.reading.asking import Asking, PageQuestion, Question, described
from read_api.reading.desk import SEEN, Seen
from read_api.reading.paging import Listing

router = APIRouter(tags=["catalogue"])

PRODUCTS = Listing(
    name="products",
    view="products",
    shape=1,
    alias="p",
    item={
        name: f"p.{name}"
        for name in (
            "product_id",
            "code",
            "name",
            "series",
            "aliases",
            "listed_at",
            "withdrawn_at",
            "version",
            "position",
        )
    },
    order={"code": "text", "product_id": "uuid"},
    always="p.code IS NOT NULL",
    filters={"active": "(p.withdrawn_at IS NULL) = %(active)s"},
)

PIPELINES = f"""{SEEN}
SELECT seen.*, json_build_object('items', (
    SELECT coalesce(json_agg(json_build_object(
        'pipeline_id', p.pipeline_id,
        'name', p.name,
        'stages', (
            SELECT coalesce(json_agg(json_build_object(
                'code', g.key, 'name', g.value -> 'name', 'probability', g.value -> 'probability',
                'is_retired', coalesce((g.value ->> 'is_retired')::boolean, false)
            ) ORDER BY (g.value ->> 'order')::integer, g.key), '[]')
            FROM jsonb_each(p.stages) AS g
        ),
        'defined_at', p.defined_at,
        'version', p.version,
        'position', p.position
    ) ORDER BY p.defined_at, p.pipeline_id), '[]')
    FROM read.pipelines_v1 AS p
))::text
FROM seen"""  # noqa: S608 - constants

PROJECTIONS = f"""
SELECT coalesce((SELECT h.position FROM read.log_head AS h), 0), json_build_object('items', (
    SELECT coalesce(json_agg(json_build_object(
        'name', s.name, 'generation', s.generation, 'shape', s.shape, 'state', s.state, 'position', s.position,
        'head', s.head, 'lag_events', s.lag_events, 'lag_seconds', s.lag_seconds, 'fingerprint', s.fingerprint,
        'error', s.error, 'changed_at', s.changed_at, 'is_shown', s.is_shown, 'rebuild', {REBUILD},
        'parked', coalesce(k.parked, 0), 'parked_from', k.parked_from
    ) ORDER BY s.name, s.generation), '[]')
    FROM read.generation_status AS s
    LEFT JOIN read.rebuild_status AS r ON r.name = s.name AND r.generation = s.generation AND r.is_running
    LEFT JOIN read.parked_count AS k ON k.name = s.name AND k.generation = s.generation
))::text"""  # noqa: S608 - constants


class ProductsQuestion(PageQuestion):
    """Which products."""

    active: bool | None = None


@router.get("/products", summary="Products by code", **described("list_products", answers.Page[answers.Product]))
async def list_products(ask: Asking, question: Annotated[ProductsQuestion, Query()]) -> Response:
    return await ask.page(PRODUCTS, question)


@router.get(
    "/pipelines", summary="Pipelines and stages", **described("list_pipelines", answers.Items[answers.Pipeline])
)
async def list_pipelines(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    return await ask.one(PIPELINES, {}, ("pipelines",), question)


@router.get(
    "/projections",
    summary="The read models, every generation kept: state, position and lag; and how a rebuild is going",
    **described("list_projections", answers.Items[answers.ProjectionStatus]),
)
async def list_projections(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    [(position, body)] = await ask.desk.rows(PROJECTIONS)
    return ask.answer(body.encode(), Seen(position))
