"""Questions about imports of old records: who asked for each, which file it was, what became of its rows."""

from collections.abc import Mapping
from itertools import product
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from pydantic_core import from_json, to_json

from read_api import views
from read_api.import_told import Import, import_told
from read_api.operations import JOB, VARY, followed
from read_api.projections import JSON
from read_api.reading import streams
from read_api.reading.answer import Page
from read_api.reading.asking import Ask
from read_api.reading.cursors import Paged, cut, from_cursor
from read_api.reading.declaring import HEADERS, Asking, Questions
from read_api.reading.errors import NoSuchThingError
from read_api.reading.question import PageQuestion, PastQuestion
from read_api.reading.statement import Statement
from read_api.reading.streams import STREAM, is_stream
from read_api.roles import Roles

router = Questions("imports")

LOOKING: Roles = frozenset({"operator", "ops", "admin", "auditor"})
"""Who may look at imports; an operator at their own."""

# What was sent, with its last job; of what was typed at a terminal there are the facts alone. They are what there is of
# the past: a file that was sent and not imported is no fact.
_FACTS = """
SELECT
    f.import_id AS id, f.started_at AS sent_at, f.source, f.is_strict, f.asked_by, (
        SELECT coalesce(jsonb_agg(jsonb_build_object('name', n.name, 'digest', n.digest) ORDER BY n.place), '[]')
        FROM unnest(f.file_names, f.digests) WITH ORDINALITY AS n (name, digest, place)
    ) AS files, f.finished_at, f.version, f.rows, f.accepted, f.refused, f.wrong,
    f.reverted
FROM {view} AS f
WHERE f.started_at IS NOT NULL"""
_SENT = """
SELECT
    u.import_id AS id, u.uploaded_at AS sent_at, coalesce(f.source, u.source) AS source, f.is_strict, u.asked_by,
    json_build_array(json_build_object('name', u.name, 'digest', u.digest))::jsonb AS files, f.finished_at,
    f.version, f.rows, f.accepted, f.refused, f.wrong, f.reverted,
    u.target, u.size_bytes, u.asked_as, u.is_discarded, u.has_bytes, u.has_errors, u.has_warnings, u.errors_until,
    u.digest, {job} AS job, {revert} AS revert_job
FROM read.import_upload AS u
LEFT JOIN {facts} AS f ON f.import_id = u.import_id"""
_NO_FACTS = """(
    SELECT NULL::uuid AS import_id, NULL::text AS source, NULL::boolean AS is_strict, NULL::timestamptz AS finished_at,
        NULL::bigint AS version, NULL::bigint AS rows, NULL::bigint AS accepted, NULL::bigint AS refused,
        NULL::bigint AS wrong, NULL::jsonb AS reverted
    WHERE false
)"""
_OF_NO_FILE = """,
    NULL AS target, NULL AS size_bytes, NULL AS asked_as, NULL AS is_discarded, NULL AS has_bytes, NULL AS has_errors,
    NULL AS has_warnings, NULL AS errors_until, NULL AS digest, NULL AS job, {revert} AS revert_job"""
_LAST = f"""(
    SELECT {JOB}
    FROM read.operation AS j
    WHERE j.operation = '{{operation}}' AND j.about = {{id}}::text
    ORDER BY j.asked_at DESC
    LIMIT 1
)"""  # noqa: S608 - constants
_SENT_BEFORE = """(
    SELECT b.import_id
    FROM read.import_upload AS b
    WHERE b.digest = i.digest AND b.uploaded_at < i.sent_at AND NOT b.is_discarded
        AND (%(whose)s::text IS NULL OR b.asked_by = %(whose)s)
    ORDER BY b.uploaded_at DESC
    LIMIT 1
)"""
_ALONE = f"{_FACTS} AND NOT EXISTS (SELECT FROM read.import_upload AS u WHERE u.import_id = f.import_id)"

PAST = f"({_FACTS.format(view=views.IMPORT_REPORT)})"
_WITHOUT = _OF_NO_FILE.format(revert=_LAST.format(operation="revert-import", id="f.import_id"))
_OTHERS = _ALONE.replace("\nFROM {view}", _WITHOUT + "\nFROM {view}", 1).format(view=views.IMPORT_REPORT)
_JOBS = {
    name: _LAST.format(operation=operation, id="u.import_id")
    for name, operation in (("job", "import"), ("revert", "revert-import"))
}
PRESENT = f"({_SENT.format(**_JOBS, facts=views.IMPORT_REPORT)}\nUNION ALL{_OTHERS})"
SENT = f"({_SENT.format(**_JOBS, facts=_NO_FACTS)})"
"""What was sent, without a look at the facts."""

ONE_SENT = f"""
SELECT (SELECT row_to_json(i)::jsonb || jsonb_build_object('sent_before', {_SENT_BEFORE})
    FROM {SENT} AS i WHERE i.id = %(import_id)s)::text"""  # noqa: S608 - constants
"""What gives the row, as JSON, of an import that was sent; NULL: there is none."""


def _one(source: str, before: str) -> Statement:
    told = f"row_to_json(i)::jsonb || jsonb_build_object('sent_before', {before})"
    return Statement(
        f"\nSELECT seen.*, (SELECT {told} FROM {source} AS i WHERE i.id = %(import_id)s)::text\nFROM seen",  # noqa: S608
        (views.IMPORT_REPORT,),
    )


ONE, ONE_THEN = _one(PRESENT, _SENT_BEFORE), _one(PAST, "NULL")

PAGED = Paged("imports", {"sent_at": "timestamptz", "id": "uuid"})


def _list(source: str, before: str, has_cursor: bool, has_count: bool) -> Statement:
    own = "(%(asked_by)s::text IS NULL OR i.asked_by = %(asked_by)s)"
    after = " AND (i.sent_at, i.id) < (%(after_0)s::timestamptz, %(after_1)s::uuid)" if has_cursor else ""
    count = f"(SELECT count(*) FROM {source} AS i WHERE {own})" if has_count else "NULL"  # noqa: S608
    sql = f"""
SELECT seen.*, (
    SELECT coalesce(
        jsonb_agg(row_to_json(p)::jsonb - 'sent_before' || jsonb_build_object('sent_before', p.sent_before)
            ORDER BY p.sent_at DESC, p.id DESC),
        '[]')::text
    FROM (
        SELECT i.*, {before} AS sent_before
        FROM {source} AS i
        WHERE {own}{after}
        ORDER BY i.sent_at DESC, i.id DESC
        LIMIT %(limit)s
    ) AS p
), {count}
FROM seen"""  # noqa: S608 - constants
    return Statement(sql, (views.IMPORT_REPORT,))


_LISTS = {
    (is_past, *has): _list(*((PAST, "NULL::uuid") if is_past else (PRESENT, _SENT_BEFORE)), *has)
    for is_past, *has in product((False, True), repeat=3)
}


class Asker(Protocol):
    """Who asks."""

    @property
    def id(self) -> str: ...
    @property
    def role(self) -> str: ...


def whose_of(caller: Asker) -> str | None:
    """Return whose imports somebody knows of: an operator their own; None: everybody's."""
    return caller.id if caller.role == "operator" else None


class ImportsQuestion(PageQuestion):
    """Which imports."""

    mine: Annotated[bool | None, Field(description="Only those that the caller asked for.")] = None


@router.question(
    "/imports",
    "Imports of old records, the latest first",
    answers=Page[Import],
    roles=LOOKING,
    note=" An operator sees their own. As of a moment there are those that had begun by then, as the log has them.",
)
async def list_imports(ask: Asking, question: Annotated[ImportsQuestion, Query()]) -> Response:
    asked_by = ask.caller.id if question.mine else whose_of(ask.caller)
    named = {"mine": asked_by, "as_of": question.as_of}
    place = {} if question.cursor is None else from_cursor(PAGED, named, question.cursor)
    statement = _LISTS[question.as_of is not None, bool(place), question.count]
    values = {"asked_by": asked_by, "whose": whose_of(ask.caller), **place, "limit": question.limit + 1}
    async with ask.then(question, statement.views) as asked:
        seen, [(text, count)] = await asked.fetch(statement, values, question.min_position)
    found = [(row, (row["sent_at"], row["id"])) for row in from_json(text)]
    page, following = cut(PAGED, named, found, question.limit)
    body: dict[str, Any] = {"items": [_told(ask, row) for row in page], "next": following}
    return ask.answer(to_json(body if count is None else {**body, "count": count}), seen, more=VARY)


@router.question(
    "/imports/{import_id}",
    "One import: once, or as a stream until it has ended with Accept: text/event-stream",
    answers=Import,
    roles=LOOKING,
    has_forms=True,
    note=" In the stream `data` is the import whenever it has changed; `event: end` says why the stream ends.",
    responses={200: {"headers": HEADERS, "content": {STREAM: {"schema": {"type": "string"}}}}},
)
async def get_import(import_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    wants_stream = is_stream(ask.request.headers.get("accept"), JSON)
    if wants_stream:
        ask.desk.feed.require_room(ask.caller.id)
    values = {"import_id": import_id, "whose": whose_of(ask.caller)}
    statement = ONE if question.as_of is None else ONE_THEN
    async with ask.then(question, statement.views) as asked:
        seen, [(text,)] = await asked.fetch(statement, values, question.min_position)
    row = None if text is None else from_json(text)
    if row is None or values["whose"] not in {None, row["asked_by"]}:
        raise NoSuchThingError(kind="import", id=import_id)
    if not wants_stream:
        return ask.answer(to_json(_told(ask, row)), seen, more=VARY)

    async def looked() -> tuple[bytes, bool]:
        _, [(now,)] = await ask.fetch(ONE, values)
        told = _told(ask, from_json(now))
        return to_json(told), all(job is None or job.ended_at is not None for job in (told.job, told.revert_job))

    stream = followed(ask, looked, "import-ended")
    return StreamingResponse(stream, media_type=STREAM, headers={**streams.HEADERS, **VARY})


def _told(ask: Ask, row: Mapping[str, Any]) -> Import:
    language = ask.desk.language_of(ask.request.headers.get("accept-language"))
    return import_told(row, lambda code, facts: ask.desk.words_for(code, language, facts))
