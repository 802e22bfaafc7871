"""SQL: a question of one's own, what there is to ask, and the answer as a table and as files.

What is asked may name somebody. So no address of ours says it: it is kept, sealed by a word that the address has.
"""

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from read_api.console.calling import RefusedError
from read_api.console.page import File, Gone, Pages, View, Visit
from read_api.console.sessions import ASKED, SESSION_SECONDS
from read_api.console.taking import asked_as, base_of, curl, duckdb, files_at, python

pages = Pages()

QUESTION, QUESTION_SECONDS = "question", 90 * 24 * 3600.0
"""The kind of what is kept of a question, and how long after it was asked last: as long as links are sent about."""

KEPT_ASKED = 15
"""So many of the questions of a session are listed."""

SHOWN_CELLS = 480
"""A page shows so many cells at most, beside all the tables there are to ask."""

LONGEST_CELL = 300

NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)|BIGNUM)")
MOMENTS = re.compile(r"TIMESTAMP WITH TIME ZONE")

LINE = re.compile(r"LINE (\d+): ")

GROUPS = ("", "dim_", "fact_")
"""The tables by how their names begin, those first that are ready to be counted."""

EXAMPLES: Mapping[str, str] = {
    "won": """SELECT s.name AS seller, count(*) AS deals, sum(d.amount) AS amount, d.currency
FROM ended_deal AS d
LEFT JOIN dim_staff AS s ON s.staff_id = d.seller_id
WHERE d.status = 'won'
GROUP BY ALL
ORDER BY deals DESC""",
    "stages": """SELECT p.place, p.name AS stage, count(*) AS deals, sum(d.amount) AS amount, d.currency
FROM deal_now AS d
JOIN dim_stage AS p ON p.pipeline_id = d.pipeline_id AND p.stage = d.last_stage
WHERE d.status = 'open'
GROUP BY ALL
ORDER BY p.place""",
    "weekdays": """SELECT c.weekday, t.channel, count(*) AS contacts
FROM touchpoint AS t
JOIN dim_calendar AS c ON c.day = t.held_on
GROUP BY ALL
ORDER BY c.weekday, contacts DESC""",
}
"""Questions to begin with, by the word for what they ask."""


class Question(NamedTuple):
    """What is asked, and of when."""

    sql: str
    as_of: str


class Cells(NamedTuple):
    """The first rows of an answer as texts (None: nothing stands there), and which columns have numbers."""

    columns: Sequence[tuple[str, str, bool]]
    rows: Sequence[Sequence[str | None]]
    row_count: int


@pages.page("/sql", name="sql", asks="ask_sql", key="q")
async def sql(visit: Visit) -> View:
    """Show the editor; with an example in it, if the address names one."""
    return await _shown(visit, Question(EXAMPLES.get(visit.query.get("example", ""), ""), ""))


@pages.form("/sql")
async def ask(visit: Visit) -> View | Gone:
    """Keep a question, and answer it at an address of its own."""
    as_of = visit.past(visit.form.get("as_of", "").strip())
    question = Question(visit.form.get("sql", "").replace("\r\n", "\n").strip(), as_of)
    if not question.sql:
        return await _shown(visit, question)
    key = token_urlsafe(16)
    await visit.kept.keep(QUESTION, key, to_json(question._asdict()), QUESTION_SECONDS)
    if not visit.is_inside:
        return Gone(f"/console/sql/{key}")
    view = await _answered(visit, key, question)
    view.address = f"/console/sql/{key}"
    return view


@pages.page("/sql/{key}")
async def asked(visit: Visit, key: str) -> View:
    """Show the answer to a question that somebody asked: whoever may ask it has it answered anew."""
    question = await _kept(visit, key)
    if question is None:
        return _forgotten(visit)
    return await _answered(visit, key, question)


@pages.page("/sql/{key}/file")
async def sql_file(visit: Visit, key: str) -> File | View:
    """Pass an answer on in the form asked for."""
    question, form = await _kept(visit, key), visit.query.get("format", "csv")
    if question is None:
        return _forgotten(visit)
    body = {**_body(question), **asked_as(form)}
    if body.get("excel"):
        body["excel"] = True
    return File(await visit.api.file("/analytics/sql", body), f"sql.{form}")


async def _kept(visit: Visit, key: str) -> Question | None:
    kept = await visit.kept.read(QUESTION, key)
    if kept is None:
        return None
    await visit.kept.keep(QUESTION, key, kept, QUESTION_SECONDS)
    return Question(**from_json(kept))


def _forgotten(visit: Visit) -> View:
    return View("sql_gone.html", visit.words("sql.gone"), status=404)


async def _answered(visit: Visit, key: str, question: Question) -> View:
    """Answer a question; why it is not answered is told in the place of its answer."""
    began, told = time.perf_counter(), None
    try:
        answer = await visit.api.search("/analytics/sql", _body(question))
    except RefusedError as refused:
        if refused.status == 403:
            raise
        answer, told = None, refused
    seconds = time.perf_counter() - began
    cells = None if answer is None else _cells(visit, answer)
    await _note(visit, key, question, None if cells is None else cells.row_count, seconds)
    address = f"{base_of(visit)}/analytics/sql"
    more = {
        "answer": answer,
        "cells": cells,
        "seconds": seconds,
        "refused": told,
        "line": _line_of(told),
        "files": files_at(f"/console/sql/{key}/file", {}, "sql"),
        "copies": [
            ("curl", curl(address, _body(question))),
            ("Python", python(address, _body(question))),
            ("DuckDB", duckdb(question.sql)),
        ],
    }
    return await _shown(visit, question, key, more)


async def _shown(visit: Visit, question: Question, key: str = "", more: Mapping[str, Any] | None = None) -> View:
    schema = await visit.api.get("/analytics/schema")
    nothing = {"answer": None, "cells": None, "refused": None, "line": None, "seconds": 0.0, "files": (), "copies": ()}
    shown = {
        **nothing,
        **(more or {}),
        "question": question,
        "key": key,
        "groups": [(name, [one for one in schema["items"] if _group_of(one["name"]) == name]) for name in GROUPS],
        "limits": schema["limits"],
        "examples": EXAMPLES if not question.sql else {},
        "asked": await _asked(visit),
    }
    return View("sql.html", visit.words("sql.title"), shown)


def _group_of(table: str) -> str:
    return next((name for name in GROUPS if name and table.startswith(name)), "")


def _body(question: Question) -> dict[str, Any]:
    return {"sql": question.sql} if not question.as_of else {"sql": question.sql, "as_of": question.as_of}


# --- what was asked in this session ----------------------------------------------------------------------------------


async def _asked(visit: Visit) -> list[Mapping[str, Any]]:
    kept = await visit.kept.read(ASKED, visit.session.secret)
    return [] if kept is None else list(from_json(kept))


async def _note(visit: Visit, key: str, question: Question, rows: int | None, seconds: float) -> None:
    """Put a question at the head of those asked in this session; one asked again is there once."""
    line = " ".join(question.sql.split())
    now = {"key": key, "sql": line[:160], "as_of": question.as_of, "at": datetime.now(UTC).isoformat(), "rows": rows}
    others = [one for one in await _asked(visit) if (one["sql"], one["as_of"]) != (now["sql"], now["as_of"])]
    told = to_json([{**now, "seconds": round(seconds, 2)}, *others][:KEPT_ASKED])
    await visit.kept.keep(ASKED, visit.session.secret, told, SESSION_SECONDS)


# --- the answer ------------------------------------------------------------------------------------------------------


def _line_of(refused: RefusedError | None) -> int | None:
    """Return the line of the question that is wrong, if DuckDB says which."""
    told = "" if refused is None else refused.at("sql") or ""
    found = LINE.search(told)
    return None if found is None else int(found[1])


def _cells(visit: Visit, answer: Mapping[str, Any]) -> Cells:
    """Return the first rows as texts: what the API says, exactly; moments by the company's clocks."""
    kinds = {one["name"]: one["type"] for one in answer["columns"]}
    columns = [
        (one["name"], (one["title"] or {}).get(visit.words.language, ""), NUMBERS.fullmatch(one["type"]) is not None)
        for one in answer["columns"]
    ]
    rows = answer["rows"][: max(1, SHOWN_CELLS // (len(columns) + 1))]
    shown = [[_text(visit, kinds[name], value) for name, value in row.items()] for row in rows]
    return Cells(columns, shown, len(answer["rows"]))


def _text(visit: Visit, kind: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and MOMENTS.fullmatch(kind):
        return f"{visit.words.local(value):%Y-%m-%d %H:%M:%S}"
    told = value if isinstance(value, str) else to_json(value).decode()
    return told if len(told) <= LONGEST_CELL else f"{told[:LONGEST_CELL]}…"
