"""Questions about how the company sells: the pipelines with their stages."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.reading.answer import Answer, Items, Sql, json_of, list_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.question import PastQuestion
from read_api.reading.statement import Statement
from read_api.roles import EVERYBODY

router = Questions("catalogue")


class PipelineStage(Answer):
    """One stage of a pipeline, in order."""

    code: Annotated[str, Sql("g.key")]
    name: Annotated[str | None, Sql("g.value -> 'name'")]
    probability: Annotated[int | None, Sql("g.value -> 'probability'")]
    is_retired: Annotated[bool, Sql("coalesce((g.value ->> 'is_retired')::boolean, false)")]


_STAGES = Sql(
    list_of(json_of(PipelineStage, "g"), "jsonb_each(p.stages) AS g", order="(g.value ->> 'order')::integer, g.key")
)


class Pipeline(Answer):
    """One road of stages that deals take."""

    pipeline_id: UUID
    name: str | None
    stages: Annotated[list[PipelineStage], _STAGES]
    defined_at: datetime | None
    retired_at: datetime | None
    version: int
    position: int


_ITEMS = list_of(json_of(Pipeline, "p"), f"{views.PIPELINES} AS p", order="p.defined_at, p.pipeline_id")
PIPELINES = Statement(
    f"""
SELECT seen.*, json_build_object('items', {_ITEMS})::text
FROM seen""",  # noqa: S608 - constants
    (views.PIPELINES,),
)


@router.question("/pipelines", "Pipelines and stages", answers=Items[Pipeline], roles=EVERYBODY)
async def list_pipelines(ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(PIPELINES, {}, question)
