"""Questions about the jobs of operators: which there are, who asked for them and why, how far they are or ended."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from pydantic_core import from_json, to_json

from read_api.projections import JSON, with_the_head
from read_api.reading import streams
from read_api.reading.answer import Answer, Page, Sql, json_of
from read_api.reading.asking import Ask
from read_api.reading.declaring import HEADERS, Asking, Questions
from read_api.reading.desk import Unreachable
from read_api.reading.errors import NoSuchThingError
from read_api.reading.feed import Ended
from read_api.reading.question import AT_ONCE, PlainText, Question
from read_api.reading.statement import Seen
from read_api.reading.streams import ALIVE, STREAM, is_stream, opening
from read_api.roles import Roles

router = Questions("operation")

LOOKING: Roles = frozenset({"ops", "admin", "auditor"})
VARY = {"Vary": "Accept-Language"}
LOOK_SECONDS = 0.5
"""How often a job that is followed is looked at."""

_BEYOND_ANY = 2**62

Words = Callable[[str, Mapping[str, Any]], tuple[str, str]]
"""Gives the title and the detail of what has a code, by its facts."""

JobState = Literal["waiting", "running", "done", "failed", "cancelled", "abandoned"]


class JobProgress(Answer):
    """How far a job is: `done` facts of `total`, and `fraction` of all its phases, as far as anybody knows."""

    phase: str
    is_paused: bool
    done: int
    total: int | None
    fraction: float | None
    eta_seconds: float | None


class JobOutcome(Answer):
    """How a job ended: programs decide by the code, which has facts of its own; the texts are in the caller's words."""

    code: str
    title: str
    detail: str
    facts: dict[str, Any]


class Job(Answer):
    """What an operator asked for: about which read model, by whom, in which role, and why (null of what was typed).

    A job that is `running` and not heard of for 15 seconds may have lost its process: another one says what became of
    it, and it is then `abandoned`, unless it could be begun again.
    """

    id: Annotated[UUID, Sql("{row}.job_id")]
    operation: str
    about: str
    parameters: dict[str, Any]
    asked_by: str
    asked_as: str
    reason: str | None
    state: JobState
    is_heard: bool
    progress: JobProgress | None
    outcome: JobOutcome | None
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


JOB = json_of(Job, "j")
ONE = with_the_head(f"(SELECT {JOB} FROM read.operation AS j WHERE j.job_id = %(job)s)")  # noqa: S608 - constants
LIST = with_the_head(
    f"""(
    SELECT coalesce(json_agg(told.job ORDER BY told.asked_at DESC, told.job_id DESC), '[]')
    FROM (
        SELECT {JOB} AS job, j.asked_at, j.job_id
        FROM read.operation AS j
        WHERE (%(state)s::text IS NULL OR j.state = %(state)s)
            AND (%(operation)s::text IS NULL OR j.operation = %(operation)s)
            AND (%(about)s::text IS NULL OR j.about = %(about)s)
            AND (%(cursor)s::uuid IS NULL OR (j.asked_at, j.job_id) < (
                SELECT c.asked_at, c.job_id FROM read.operation AS c WHERE c.job_id = %(cursor)s))
        ORDER BY j.asked_at DESC, j.job_id DESC
        LIMIT %(limit)s
    ) AS told)"""  # noqa: S608 - constants
)


class JobsQuestion(Question):
    """Which jobs."""

    state: Annotated[JobState | None, Field(description="Only jobs in this state.")] = None
    operation: Annotated[PlainText | None, Field(description="Only jobs of this name, such as rebuild.")] = None
    about: Annotated[PlainText | None, Field(description="Only jobs about this read model.")] = None
    limit: Annotated[int, Field(ge=1, le=AT_ONCE, description="How many items a page has at most.")] = 50
    cursor: Annotated[UUID | None, Field(description="`next` of the page before.")] = None


@router.question("/operations/jobs", "What operators asked for, the latest first", answers=Page[Job], roles=LOOKING)
async def list_jobs(ask: Asking, question: Annotated[JobsQuestion, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    wanted = question.model_dump(exclude={"min_position"})
    [(position, text)] = await ask.desk.rows(LIST, {**wanted, "limit": question.limit + 1})
    rows = from_json(text)["items"]
    page = rows[: question.limit]
    following = page[-1]["id"] if len(rows) > len(page) else None
    body = {"items": [_told(ask, row) for row in page], "next": following}
    return ask.answer(to_json(body), Seen(position), more=VARY)


@router.question(
    "/operations/jobs/{job}",
    "One job: once, or as a stream until it ends with Accept: text/event-stream",
    answers=Job,
    roles=LOOKING,
    has_forms=True,
    note=" In the stream `data` is the job whenever it has changed; `event: end` says why the stream ends.",
    responses={200: {"headers": HEADERS, "content": {STREAM: {"schema": {"type": "string"}}}}},
)
async def get_job(ask: Asking, job: UUID, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    wants_stream = is_stream(ask.request.headers.get("accept"), JSON)
    if wants_stream:
        ask.desk.feed.require_room(ask.caller.id)
    position, row = await _looked(ask, job)
    if row is None:
        raise NoSuchThingError(kind="job", id=job)
    if wants_stream:

        async def looked() -> tuple[bytes, bool]:
            _, now = await _looked(ask, job)
            assert now is not None  # noqa: S101 - no job is ever deleted
            return to_json(_told(ask, now)), now["ended_at"] is not None

        stream = followed(ask, looked, "job-ended")
        return StreamingResponse(stream, media_type=STREAM, headers={**streams.HEADERS, **VARY})
    return ask.answer(to_json(_told(ask, row)), Seen(position), more=VARY)


async def _looked(ask: Ask, job: UUID) -> tuple[int, dict[str, Any] | None]:
    [(position, text)] = await ask.desk.rows(ONE, {"job": job})
    return position, from_json(text)["items"]


async def followed(ask: Ask, looked: Callable[[], Awaitable[tuple[bytes, bool]]], reason: str) -> AsyncIterator[bytes]:
    """Yield what is `looked` at whenever it has changed, until it has ended: then that is the reason told."""
    yield opening()
    feed = ask.desk.feed
    over, told, told_at = time.monotonic() + feed.life, b"", 0.0
    async with feed.followed_by(ask.caller.id):
        while time.monotonic() < over:
            if feed.tail.is_ending:
                yield _end(Ended.SERVICE_STOPS)
                return
            try:
                body, has_ended = await looked()
            except Unreachable:
                yield _end(Ended.DATABASE_UNREACHABLE)
                return
            if body != told:
                told, told_at = body, time.monotonic()
                yield b"data: %b\n\n" % body
            elif time.monotonic() - told_at >= feed.heartbeat:
                told_at = time.monotonic()
                yield ALIVE
            if has_ended:
                yield _end(reason)
                return
            # Nothing is beyond that position: it only ends sooner when the service stops.
            await feed.tail.reaches_beyond(_BEYOND_ANY, LOOK_SECONDS)
        yield _end(Ended.TIME_IS_OVER)


def _end(reason: str) -> bytes:
    return b'event: end\ndata: {"reason":"%b"}\n\n' % reason.encode()


def _told(ask: Ask, row: Mapping[str, Any]) -> Job:
    language = ask.desk.language_of(ask.request.headers.get("accept-language"))
    return job_told(row, lambda code, facts: ask.desk.words_for(code, language, facts))


def job_told(row: Mapping[str, Any], words: Words) -> Job:
    """Return a job as it is told, with how it ended in words."""
    ended = row["outcome"]
    outcome = None
    if ended is not None:
        title, detail = words(ended["code"], ended["facts"])
        outcome = JobOutcome(code=ended["code"], title=title, detail=detail, facts=ended["facts"])
    return Job.model_validate({**row, "outcome": outcome})
