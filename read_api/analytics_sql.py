"""Questions of analysts' own: one SELECT over the tables of facts, and what those tables are."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal
from urllib.parse import quote

import pyarrow as pa
from fastapi import Depends, Query, Response
from pydantic import Field, StringConstraints
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from infra.analytics.answer import rows, with_seen
from infra.analytics.described import tables_of
from infra.analytics.duck import AnalyticsNotReadyError
from infra.analytics.lent import Lent
from infra.analytics.sql_door import Asking as SqlAsking
from infra.analytics.sql_door import SqlAnswer, SqlDoor, SqlRefusedError
from infra.log.past_log import AsOf
from read_api.analytics import STALE, form_of, moment_of, names_of_staff, seen_of, sight_of, told
from read_api.analytics_forms import FORMS, Form, FormQuestion, MomentQuestion, written
from read_api.reading.answer import Answer, Items, Whole
from read_api.reading.asking import Ask
from read_api.reading.declaring import Asking, Questions, json_only
from read_api.reading.desk import RETRY_AFTER, Reports
from read_api.reading.errors import (
    AnalyticsUnavailableError,
    ReadNotAllowedError,
    TooManyQuestionsError,
    ViewBehindError,
    WrongParameterError,
)
from read_api.reading.hang_ups import while_waited_for
from read_api.reading.question import Question
from read_api.reading.statement import Seen
from read_api.roles import Roles

router = Questions("analytics")

SEEING_ALL_WORK: Roles = frozenset({"analyst", "auditor", "admin"})
"""Who sees everybody's work: a question in SQL cannot be asked of a part of it."""

LIMITS = {
    "Letopis-Row-Limit": {"description": "An answer has no more rows than these.", "schema": {"type": "integer"}},
    "Letopis-Has-More": {
        "description": "Whether there are more rows than the answer has. The member `has_more` says the same.",
        "schema": {"type": "boolean"},
    },
}

Sql = Annotated[
    str,
    StringConstraints(min_length=1, max_length=16_000, pattern=r"^[^\x00]*$"),
    Field(description="One SELECT in DuckDB's SQL; what there is to select from is at /analytics/schema."),
]


class TableColumn(Answer):
    """One column of a table, with its DuckDB type and what it means, by language."""

    name: str
    type: str
    title: dict[str, str]


class DescribedTable(Answer):
    """One table that can be asked in SQL; `row` says what one row of it is, by language."""

    name: str
    row: dict[str, str]
    columns: list[TableColumn]


class SqlColumn(Answer):
    """One column of an answer, with its DuckDB type; `title` is there where it is named as a column of a table."""

    name: str
    type: str
    title: dict[str, str] | None


class SqlLimitsTold(Answer):
    """How long a question may take, how many rows its answer has at most, and how much memory it gets."""

    seconds: float
    rows: int
    megabytes: int


class SqlSchema(Items[DescribedTable]):
    """Every table that can be asked in SQL, and what a question may take."""

    limits: SqlLimitsTold


class SqlAnswered(Whole):
    """The rows of an answer, as many as the limit allows; what is no whole number of 64 bits is a decimal string.

    `address` is where the same question can be asked again, and as of the same moment. `parked` and `stale` as of a
    report.
    """

    sql: str
    address: str
    columns: list[SqlColumn]
    rows: list[dict[str, Any]]
    has_more: bool
    limits: SqlLimitsTold
    stale: Literal["behind", "broken"] | None = None


class SqlQuestion(FormQuestion):
    """A question in SQL, and in which form and of when its answer is wanted."""

    sql: Sql


@router.question("/analytics/schema", "The tables that can be asked in SQL", answers=SqlSchema, roles=SEEING_ALL_WORK)
async def list_tables(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    reports, door = _at(ask)
    items = [
        {"name": one.name, "row": one.row, "columns": [each._asdict() for each in one.columns]}
        for one in await run_in_threadpool(tables_of, reports.facts)
    ]
    return ask.answer(to_json({"items": items, "limits": door.limits._asdict()}), Seen(reports.position))


@router.question(
    "/analytics/sql",
    "A question in SQL, as JSON, CSV, a workbook for Excel, Parquet or an Arrow stream",
    answers=SqlAnswered,
    roles=SEEING_ALL_WORK,
    forms=FORMS,
    more_headers={**STALE, **LIMITS},
)
async def get_sql(ask: Asking, question: Annotated[SqlQuestion, Query()]) -> Response:
    return await _answer(ask, question, "query")


@router.question(
    "/analytics/sql",
    "The same, for questions too long for an address",
    answers=SqlAnswered,
    roles=SEEING_ALL_WORK,
    method="POST",
    forms=FORMS,
    more_headers={**STALE, **LIMITS},
    dependencies=[Depends(json_only)],
)
async def ask_sql(ask: Asking, question: SqlQuestion) -> Response:
    return await _answer(ask, question, "body")


async def _answer(ask: Ask, question: SqlQuestion, place: str) -> Response:
    reports, door = _at(ask)
    require_sight_of_all(ask, question)
    form = form_of(ask, question, reports.facts.words.get("column", {}))
    await ask.desk.require_log(question.min_position)
    as_of, needed = await moment_of(ask, question)
    names, lent = await names_of_staff(ask, question.min_position)
    asking = SqlAsking()
    async with room(ask):
        work = run_in_threadpool(_asked, ask, question.sql, as_of, lent, needed, asking)
        try:
            answer = await while_waited_for(ask.request, work, asking.give_up)
        except SqlRefusedError as refused:
            raise WrongParameterError({"pointer": "/sql", "in": place, "code": refused.code, **refused.facts}) from None
    table = with_seen(answer.table, answer.position, answer.parked, reports.stale)
    body = await run_in_threadpool(_rendered, question, answer, table, reports, door, form, place)
    limited = {"Letopis-Row-Limit": str(door.limits.rows), "Letopis-Has-More": str(answer.has_more).lower()}
    return told(ask, body, form, seen_of(table, as_of, names), reports.stale, "sql", limited)


def _at(ask: Ask) -> tuple[Reports, SqlDoor]:
    reports, door = ask.desk.reports, ask.desk.sql
    if reports is None or door is None:
        raise AnalyticsUnavailableError(retry_after=RETRY_AFTER)
    return reports, door


def require_sight_of_all(ask: Ask, question: MomentQuestion) -> None:
    """Refuse a role whose scope was narrowed by a right that was granted; raises ReadNotAllowedError."""
    if sight_of(ask, question).within is not None:
        action = ask.request.scope["route"].name
        raise ReadNotAllowedError(role=ask.caller.role, needed=sorted(SEEING_ALL_WORK), action=action)


@asynccontextmanager
async def room(ask: Ask) -> AsyncIterator[None]:
    """Let few ask at once: each has a core for some seconds. Raises TooManyQuestionsError for who waits too long."""
    try:
        await asyncio.wait_for(ask.desk.sql_room.acquire(), ask.desk.timeout)
    except TimeoutError:
        raise TooManyQuestionsError(retry_after=RETRY_AFTER) from None
    try:
        yield
    finally:
        ask.desk.sql_room.release()


def _asked(
    ask: Ask, sql: str, as_of: AsOf | None, lent: Lent, min_position: int | None, asking: SqlAsking
) -> SqlAnswer:
    reports, door = _at(ask)
    if min_position is not None and not reports.wait_for(min_position, ask.desk.timeout):
        raise ViewBehindError(position=reports.position, min_position=min_position)
    try:
        return door.ask(sql, as_of, lent, min_position or 0, asking)
    except AnalyticsNotReadyError:
        raise AnalyticsUnavailableError(retry_after=RETRY_AFTER) from None


def _rendered(
    question: SqlQuestion, answer: SqlAnswer, table: pa.Table, reports: Reports, door: SqlDoor, form: Form, place: str
) -> bytes:
    try:
        if form.kind != "json":
            return written(table, form)
        told_rows = rows(table)
    except (OverflowError, ValueError, pa.ArrowException) as error:
        # A day of the year 290000, a text that is no text.
        reason = f"{type(error).__name__}: {error}"
        raise WrongParameterError(
            {"pointer": "/sql", "in": place, "code": "sql-not-written", "reason": reason, "format": form.kind}
        ) from None
    titles: Mapping[str, Any] = reports.facts.words.get("column", {})
    body = {
        "sql": question.sql,
        "address": address_of(question.sql, question.as_of),
        "columns": [
            {"name": name, "type": kind, "title": titles.get(name)}
            for name, kind in zip(table.column_names, answer.types, strict=True)
        ],
        "rows": told_rows,
        "has_more": answer.has_more,
        "limits": door.limits._asdict(),
    }
    if reports.stale is not None:
        body["stale"] = reports.stale
    return to_json(body, inf_nan_mode="null")


def address_of(sql: str, as_of: str | None) -> str:
    """Return where a question in SQL is asked."""
    when = "" if as_of is None else f"&as_of={quote(as_of, safe=':')}"
    return f"/analytics/sql?sql={quote(sql, safe='')}{when}"
