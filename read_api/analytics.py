"""Questions for analysts: which reports there are, and each in every form."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pyarrow as pa
from fastapi import Query, Response
from pydantic import ConfigDict, Field
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from infra.analytics.answer import parked_of, position_of, rows, stale_of
from infra.analytics.drawing import is_installed
from infra.analytics.duck import AnalyticsNotReadyError
from infra.analytics.fact_schema import Report as DeclaredReport
from infra.analytics.fact_schema import ReportParameterError, Sight, UnknownReportError
from infra.analytics.lent import NOTHING_LENT, Lent
from infra.log.past_log import AsOf
from read_api import views
from read_api.analytics_forms import FORMS, Form, FormQuestion, MomentQuestion, Wanted, kind_of, written
from read_api.reading.answer import Answer, Items, Whole
from read_api.reading.asking import NO_HEADERS, Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.desk import RETRY_AFTER, Reports
from read_api.reading.errors import (
    AnalyticsUnavailableError,
    ViewBehindError,
    WrongParameterError,
)
from read_api.reading.errors import (
    UnknownReportError as NoSuchReportError,
)
from read_api.reading.moments import WRITTEN_OUT, as_of_from
from read_api.reading.question import Question
from read_api.reading.statement import Seen, Statement
from read_api.roles import FRONT_OFFICE, Roles

router = Questions("analytics")

REPORTING: Roles = frozenset({"head", "marketer", "analyst", "auditor", "admin"})

WRONG_CODES = {"DATE": "not-a-date", "UUID": "not-a-uuid", "BOOLEAN": "not-yes-or-no"}
STALE = {
    "Letopis-Stale": {
        "description": "Only when the reports are older than they should be: `behind` the log, or `broken` and at rest"
        " until they are mended. The member `stale` says the same.",
        "schema": {"type": "string", "enum": ["behind", "broken"]},
    }
}

STAFF = "given_staff"
"""As the analytics name the table of what the staff are called."""

NAMES = Statement(
    f"SELECT seen.*, s.staff_id::text, s.name FROM seen LEFT JOIN {views.STAFF_DIRECTORY} AS s ON true",  # noqa: S608
    (views.STAFF_DIRECTORY,),
)


class ReportParameter(Answer):
    """What a report may be asked with."""

    name: str
    type: str
    title: dict[str, str]
    default: str | None


class ReportColumn(Answer):
    """One column of a report, named for people by language; its codes are words of `list`, one of /labels."""

    name: str
    title: dict[str, str]
    list: str | None


class ReportChart(Answer):
    """How a report is drawn: a `mark` along a column, as high as each of those it counts, with a colour for each `by`.

    Where `along` is empty, what it is coloured by is the place; amounts are drawn for each currency by itself.
    """

    mark: Literal["bar", "line", "area", "point"]
    along: str
    counts: list[str]
    by: str | None
    formats: list[Literal["json", "svg", "png"]] = Field(
        description="In which it is at /analytics/{report}/chart: pictures where what draws them is installed."
    )


class Report(Answer):
    """A report that can be asked for."""

    name: str
    title: dict[str, str]
    parameters: list[ReportParameter]
    columns: list[ReportColumn]
    chart: ReportChart | None


class ReportAnswer(Whole):
    """The rows of a report; amounts are decimal strings.

    `parked` is the position of the first fact that should be counted and could not be taken in. `stale` is there only
    when the answer is older than it should be: the reports are `behind` the log, or `broken` and go on no more.
    """

    report: str
    title: dict[str, str]
    columns: list[ReportColumn]
    rows: list[dict[str, Any]]
    stale: Literal["behind", "broken"] | None = None


class ReportQuestion(FormQuestion):
    """How a report is wanted; further parameters are the report's own."""

    model_config = ConfigDict(extra="allow", frozen=True)


@router.question("/analytics", "The reports there are", answers=Items[Report], roles=REPORTING)
async def list_reports(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    reports = reports_of(ask)
    formats = ["json", "svg", "png"] if is_installed() else ["json"]
    items = [
        {
            "name": report.name,
            "title": report.title,
            "parameters": [
                {"name": one.name, "type": one.type, "title": one.title, "default": one.default}
                for one in report.parameters
            ],
            "columns": _columns(report),
            "chart": report.chart and {**report.chart._asdict(), "formats": formats},
        }
        for report in reports.reports
    ]
    return ask.answer(to_json({"items": items}), Seen(reports.position))


@router.question(
    "/analytics/{report}",
    "One report, as JSON, CSV, a workbook for Excel, Parquet or an Arrow stream",
    answers=ReportAnswer,
    roles=REPORTING,
    forms=FORMS,
    more_headers=STALE,
)
async def get_report(report: str, ask: Asking, question: Annotated[ReportQuestion, Query()]) -> Response:
    found = report_named(ask, report)
    form = form_of(ask, question, {column.name: column.title for column in found.columns})
    table, seen = await answer_of(ask, found, question)
    return told(ask, _rendered(found, table, form), form, seen, stale_of(table), found.name)


def report_named(ask: Ask, name: str) -> DeclaredReport:
    """Return the report of this name; raises UnknownReportError and AnalyticsUnavailableError."""
    reports = reports_of(ask).reports
    found = next((one for one in reports if one.name == name), None)
    if found is None:
        raise NoSuchReportError(report=name, known=[one.name for one in reports])
    return found


async def answer_of(ask: Ask, report: DeclaredReport, question: MomentQuestion) -> tuple[pa.Table, Seen]:
    """Return a report's rows with the parameters of the request, and how true they are."""
    parameters = parameters_of(ask, report, question)
    await ask.desk.require_log(question.min_position)
    as_of, needed = await moment_of(ask, question)
    names, lent = await names_of_staff(ask, question.min_position) if _says_names(report) else (None, NOTHING_LENT)
    sight, reports = sight_of(ask, question), reports_of(ask)
    table = await run_in_threadpool(
        _answer, reports, report.name, parameters, needed, ask.desk.timeout, as_of, sight, lent
    )
    return table, seen_of(table, as_of, names)


def form_of(ask: Ask, question: Wanted, titles: Mapping[str, Mapping[str, str]]) -> Form:
    """Return how an answer is wanted; `titles` are what people call its columns, by language."""
    headers = ask.request.headers
    language = ask.desk.language_of(headers.get("accept-language"))
    words = {name: title[language] for name, title in titles.items()} if question.headings == "words" else None
    return Form(kind_of(question, headers.get("accept")), language, ask.desk.zone, words, bool(question.excel))


def told(
    ask: Ask, body: bytes, form: Form, seen: Seen, stale: str | None, name: str, more: Mapping[str, str] = NO_HEADERS
) -> Response:
    """Return the answer; what is no text for a screen is a file of this name."""
    headers = {**more} if stale is None else {**more, "Letopis-Stale": stale}
    if form.kind in {"parquet", "xlsx"}:
        headers["Content-Disposition"] = f'attachment; filename="{name}.{form.kind}"'
    return ask.answer(body, seen, form.media_type, headers)


def seen_of(table: pa.Table, as_of: AsOf | None, names: Seen | None) -> Seen:
    """Return how true an answer is; `names` is how true what the staff are called in it is."""
    position = position_of(table) if as_of is None else min(position_of(table), as_of.position or 0)
    waits = (parked_of(table), names and names.parked)
    return Seen(position, min((one for one in waits if one is not None), default=None))


def _says_names(report: DeclaredReport) -> bool:
    return any(column.name in {"seller", "staff"} for column in report.columns)


async def names_of_staff(ask: Ask, min_position: int | None) -> tuple[Seen, Lent]:
    """Return what the staff are called today, whatever moment is asked for: who is forgotten is so in the past too."""
    seen, rows = await ask.fetch(NAMES, {}, min_position)
    return seen, {STAFF: [row for row in rows if row[0] is not None]}


async def moment_of(ask: Ask, question: MomentQuestion) -> tuple[AsOf | None, int | None]:
    """Return the moment asked for, as a place in the log, and the position that the facts must have reached."""
    if question.as_of is None:
        return None, question.min_position
    moment = as_of_from(question.as_of, ask.desk.zone)
    cut = await ask.desk.past.cut(moment)
    # What was recorded by then must all be there, else the report would be another one later.
    needed = cut.position if moment.recorded is not None else 0
    return AsOf(occurred=cut.occurred, position=cut.position), max(needed, question.min_position or 0)


def sight_of(ask: Ask, question: MomentQuestion) -> Sight:
    """Return what the caller may see: whose work, and no day that is ahead."""
    return Sight(within=whose_work(ask), upto=ask.now(question.as_of).date())


def whose_work(ask: Ask) -> list[str] | None:
    """Return of whom the reports count the work: whose deals the caller sees, or None, which is everybody.

    Those who meet no client are told figures of everybody.
    """
    deals = ask.reach.deals if ask.caller.role in FRONT_OFFICE else None
    return None if deals is None else [str(each) for each in deals]


def reports_of(ask: Ask) -> Reports:
    """Return the analytics of this process; raises AnalyticsUnavailableError."""
    if ask.desk.reports is None:
        raise AnalyticsUnavailableError(retry_after=RETRY_AFTER)
    return ask.desk.reports


def parameters_of(ask: Ask, report: DeclaredReport, question: MomentQuestion) -> dict[str, str]:
    """Return what a report is asked with; raises WrongParameterError."""
    given = {name: value for name, value in ask.request.query_params.items() if name not in type(question).model_fields}
    known = {parameter.name for parameter in report.parameters}
    if unknown := [name for name in given if name not in known]:
        raise WrongParameterError(
            *({"pointer": f"/{name}", "in": "query", "code": "unknown-parameter"} for name in unknown)
        )
    begin, end = given.get("from", ""), given.get("to", "")
    if WRITTEN_OUT.fullmatch(begin) and WRITTEN_OUT.fullmatch(end) and end < begin:
        raise WrongParameterError({"pointer": "/to", "in": "query", "code": "ends-before-it-begins"})
    return given


def _answer(
    reports: Reports,
    report: str,
    parameters: dict[str, str],
    min_position: int | None,
    timeout: float,
    as_of: AsOf | None,
    sight: Sight,
    lent: Lent,
) -> pa.Table:
    if min_position is not None and not reports.wait_for(min_position, timeout):
        raise ViewBehindError(position=reports.position, min_position=min_position)
    try:
        return reports.query(report, parameters, as_of, sight, lent)
    except ReportParameterError as wrong:
        code = WRONG_CODES.get(wrong.type or "", "invalid")
        raise WrongParameterError({"pointer": f"/{wrong.name}", "in": "query", "code": code}) from None
    except UnknownReportError:
        raise NoSuchReportError(report=report, known=[one.name for one in reports.reports]) from None
    except AnalyticsNotReadyError:
        raise AnalyticsUnavailableError(retry_after=RETRY_AFTER) from None


def _columns(report: DeclaredReport) -> list[dict[str, Any]]:
    return [{"name": column.name, "title": column.title, "list": column.list} for column in report.columns]


def _rendered(report: DeclaredReport, table: pa.Table, form: Form) -> bytes:
    if form.kind != "json":
        return written(table, form)
    body = {"report": report.name, "title": report.title, "columns": _columns(report), "rows": rows(table)}
    if (stale := stale_of(table)) is not None:
        body["stale"] = stale
    return to_json(body, inf_nan_mode="null")
