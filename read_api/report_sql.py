"""A report as a question in SQL: to read how it counts, and to ask something like it oneself."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import ConfigDict
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from infra.analytics.fact_schema import ReportParameterError
from infra.analytics.report_question import question_of
from read_api.analytics import WRONG_CODES, parameters_of, report_named, reports_of, sight_of
from read_api.analytics_forms import MomentQuestion
from read_api.analytics_sql import SEEING_ALL_WORK, address_of, require_sight_of_all
from read_api.reading.answer import Whole
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import WrongParameterError
from read_api.reading.statement import Seen

router = Questions("analytics")


class ReportAsSql(Whole):
    """A report as one SELECT over the tables of /analytics/schema; `address` is where it is asked."""

    report: str
    sql: str
    address: str


class ReportSqlQuestion(MomentQuestion):
    """Of when a report is wanted; further parameters are the report's own."""

    model_config = ConfigDict(extra="allow", frozen=True)


@router.question("/analytics/{report}/sql", "A report as a question in SQL", answers=ReportAsSql, roles=SEEING_ALL_WORK)
async def get_report_sql(report: str, ask: Asking, question: Annotated[ReportSqlQuestion, Query()]) -> Response:
    found, reports = report_named(ask, report), reports_of(ask)
    require_sight_of_all(ask, question)
    await ask.desk.require_log(question.min_position)
    parameters, sight = parameters_of(ask, found, question), sight_of(ask, question)
    try:
        sql = await run_in_threadpool(question_of, reports.facts, found.name, parameters, sight, reports.settings)
    except ReportParameterError as wrong:
        code = WRONG_CODES.get(wrong.type or "", "invalid")
        raise WrongParameterError({"pointer": f"/{wrong.name}", "in": "query", "code": code}) from None
    body = {"report": found.name, "sql": sql, "address": address_of(sql, question.as_of)}
    return ask.answer(to_json(body), Seen(reports.position))
