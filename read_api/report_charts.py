"""The chart of a report, described for whoever draws it (Vega-Lite), and drawn as a picture."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import pyarrow as pa
from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_json
from starlette.concurrency import run_in_threadpool

from infra.analytics.answer import rows, stale_of
from infra.analytics.drawing import SECONDS, DrawingNotInstalledError, NotDrawnError, drawn
from infra.analytics.fact_schema import Chart
from infra.analytics.fact_schema import Report as DeclaredReport
from read_api.analytics import REPORTING, STALE, answer_of, report_named, reports_of
from read_api.analytics_forms import MomentQuestion
from read_api.analytics_sql import room
from read_api.pipelines import PIPELINES
from read_api.reading.asking import JSON, Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import ChartNotDrawnError, ChartsNotInstalledError, NoSuchThingError
from read_api.vega_lite import Words, spec_of

router = Questions("analytics")

LABELS = "given_label"
"""As the analytics name the table of the words of lists: list, code, and what it is called in English and Russian."""

PICTURES = {"svg": "image/svg+xml", "png": "image/png"}
OWN = ("data", "format", "min_position")
"""What a chart is asked with that is nothing of its data."""


class VegaLite(BaseModel):
    """A description of a chart (Vega-Lite 5): https://vega.github.io/vega-lite/docs/spec.html."""

    model_config = ConfigDict(extra="allow")

    schema_: str = Field(alias="$schema")


class ChartQuestion(MomentQuestion):
    """In which form a chart is wanted, and of when; further parameters are the report's own."""

    model_config = ConfigDict(extra="allow", frozen=True)

    format: Annotated[Literal["json", "svg", "png"] | None, Field(description="A description of it, or a picture.")] = (
        None
    )
    data: Annotated[
        Literal["inline", "url"] | None,
        Field(
            description="Of a description: with its rows in it, or with the address of the report, which needs a token."
        ),
    ] = None


@router.question(
    "/analytics/{report}/chart",
    "The chart of a report: described as Vega-Lite, or a picture",
    answers=VegaLite,
    roles=REPORTING,
    forms={kind: {"schema": {"type": "string", "format": "binary"}} for kind in PICTURES.values()},
    more_headers=STALE,
    responses={501: {}},
)
async def get_report_chart(report: str, ask: Asking, question: Annotated[ChartQuestion, Query()]) -> Response:
    found = report_named(ask, report)
    if found.chart is None:
        raise NoSuchThingError(kind="chart", id=report)
    table, seen = await answer_of(ask, found, question)
    spec = await _spec(ask, found, found.chart, question, table)
    stale = stale_of(table)
    headers = {"Vary": "Accept, Accept-Language"} | ({} if stale is None else {"Letopis-Stale": stale})
    form = question.format or "json"
    if form == "json":
        return ask.answer(to_json(spec), seen, JSON, headers)
    async with room(ask):
        try:
            picture = await run_in_threadpool(drawn, spec, form)
        except DrawingNotInstalledError:
            raise ChartsNotInstalledError from None
        except NotDrawnError as error:
            raise ChartNotDrawnError(seconds=SECONDS, reason=str(error)) from None
    return ask.answer(picture, seen, PICTURES[form], headers)


async def _spec(
    ask: Ask, report: DeclaredReport, chart: Chart, question: ChartQuestion, table: pa.Table
) -> dict[str, Any]:
    language = ask.desk.language_of(ask.request.headers.get("accept-language"))
    url = None
    if question.data == "url" and question.format in {None, "json"}:
        asked = [(name, value) for name, value in ask.request.query_params.items() if name not in OWN]
        # Of no host: behind a proxy, or passed on by another process of ours, we are called otherwise.
        url = f"/analytics/{report.name}?{urlencode(asked)}".rstrip("?")
    return spec_of(report, chart, rows(table), language, await _words(ask, report, language), url)


async def _words(ask: Ask, report: DeclaredReport, language: str) -> Words:
    """Return what people call the codes in a report's columns; of stages what their pipelines call them today."""
    at = {"en": 2, "ru": 3}[language]
    lists: dict[str, dict[str, str]] = {}
    for row in reports_of(ask).lent.get(LABELS, ()):
        lists.setdefault(str(row[0]), {})[str(row[1])] = str(row[at])
    words: dict[str, Mapping[str, str]] = {
        column.name: lists.get(column.list, {}) for column in report.columns if column.list is not None
    }
    if any(column.name == "stage" for column in report.columns):
        _seen, [(told,)] = await ask.fetch(PIPELINES, {})
        stages = (stage for road in from_json(told)["items"] for stage in road["stages"])
        words["stage"] = {stage["code"]: stage["name"] for stage in stages if stage["name"]}
    return words
