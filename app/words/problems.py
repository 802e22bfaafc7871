"""What went wrong, told the same way everywhere: a problem (RFC 9457) with a stable code, in the caller's language."""

import re
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from aggregates.base import DomainError, NotFoundError, WrongValueError
from app.auth.errors import (
    AuthenticationError,
    LoginUnknownError,
    ProviderUnreachableError,
    SuspendedError,
    TooManyKeysError,
)
from app.words.field_codes import FIELD_CODES, FORMS
from app.words.messages import language_of, words_for, words_for_field
from commands import errors as commands
from commands.execution.door import NOT_KEPT
from commands.importing import refused as imports
from infra.log.clock import ClockAheadError
from infra.postgres.faults import is_lost, is_too_much
from read_api.reading import errors as reads
from replay.repair.jobs import JobError

log = structlog.get_logger("letopis.http")

MEDIA_TYPE = "application/problem+json"
# No answer grows with what is wrong; beyond so many each would cost microseconds of the only event loop.
ERRORS_TOLD, ERRORS_LOOKED_AT = 20, 3_000
RETRY_AFTER = 2

# The one place that knows which status an error of ours has; the first line that fits counts.
STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (NotFoundError, 404),
    (WrongValueError, 422),
    (DomainError, 409),
    (AuthenticationError, 401),
    (LoginUnknownError, 403),
    (SuspendedError, 403),
    (ProviderUnreachableError, 503),
    (TooManyKeysError, 503),
    (commands.NotAllowedError, 403),
    (commands.NotLetInError, 403),
    (commands.UnknownCommandError, 404),
    (commands.PreconditionFailedError, 412),
    (commands.UnsupportedMediaTypeError, 415),
    (commands.InvalidCommandError, 422),
    (commands.InvalidHeaderError, 422),
    (commands.HeaderOfOneCommandError, 422),
    (commands.TooManyRequestsError, 429),
    (commands.OverloadedError, 503),
    (commands.OutcomeUnknownError, 503),
    (ClockAheadError, 503),
    (commands.KeyReusedError, 409),
    (commands.DuplicateClientError, 409),
    (commands.ContendedError, 409),
    (commands.BatchRefusedError, 409),
    (reads.ReadNotAllowedError, 403),
    (reads.TooManyReadsError, 429),
    (reads.NotStaffError, 403),
    (reads.TicketNotGoodError, 401),
    (reads.NoSuchThingError, 404),
    (reads.UnknownReportError, 404),
    (reads.UnacceptableFormatError, 406),
    (reads.WrongMediaTypeError, 415),
    (reads.WrongParameterError, 422),
    (reads.ViewBuildingError, 503),
    (reads.ViewParkedError, 503),
    (reads.TooManyStreamsError, 503),
    (reads.ChartsNotInstalledError, 501),
    (reads.ChartNotDrawnError, 503),
    (reads.AnalyticsUnavailableError, 503),
    (reads.TooManyQuestionsError, 503),
    (reads.TooManyPastsError, 503),
    (reads.PastTooLongError, 503),
    (reads.PastUnreadableError, 503),
    (reads.FileBytesGoneError, 410),
    (reads.FileBytesDamagedError, 503),
    (reads.FactNotTakenInError, 409),
    (reads.DoctorAwayError, 503),
    (reads.ViewBehindError, 504),
    (JobError, 409),
    (imports.FileTooLargeError, 413),
    (imports.NoRoomForFileError, 507),
    (imports.ImportOverError, 409),
    (imports.ImportNotBegunError, 409),
    (imports.TooManyLooksError, 503),
    (imports.ImportRefusedError, 422),
)

HTTP_CODES = {
    400: "bad-request",
    404: "unknown-route",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "payload-too-large",
    415: "unsupported-media-type",
}

# What FastAPI says of a body that its JSON reader cannot even refuse in order: nested too deep, not in UTF-8.
UNPARSED = "There was an error parsing the body"
# Where pydantic's JSON reader stopped.
_PLACE = re.compile(r" at line (\d+) column (\d+)$")
_LIMITS = ("ge", "gt", "le", "lt")
_STANDARD = frozenset({"type", "title", "status", "detail", "code", "instance", "errors"})


@dataclass(frozen=True)
class Problem:
    """What went wrong, before it is put in words. `errors` are the fields: pointer, code and what is known of them."""

    status: int
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    errors: Sequence[Mapping[str, Any]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def problem_of(error: Exception) -> Problem | None:
    """Return what the error says about the request; None when it is a bug of ours."""
    if isinstance(error, RequestValidationError):
        return _invalid(cast("Sequence[Mapping[str, Any]]", error.errors()))
    if isinstance(error, ValidationError):
        return _invalid(_details(error))
    if isinstance(error, HTTPException):
        return _of_http(error)
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return _of_ours(error, status)
    return _of_database(error)


def _of_database(error: Exception) -> Problem | None:
    if is_lost(error):
        facts = {"retry_after": RETRY_AFTER}
        return Problem(503, "database-unreachable", facts, headers={"Retry-After": str(RETRY_AFTER)})
    # What else it refuses should have been refused by us.
    return Problem(422, "too-much-for-the-database") if is_too_much(error) else None


def _of_ours(error: Any, status: int) -> Problem:
    facts = dict(error.facts)
    errors = facts.pop("errors", None)
    if errors is not None:
        facts, errors = facts | _left_out(errors), errors[:ERRORS_TOLD]
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = (
            "Bearer"
            if error.code == "token-missing"
            else f'Bearer error="invalid_token", error_description="{error.code}"'
        )
    if "retry_after" in facts:
        headers["Retry-After"] = str(facts["retry_after"])
    if status == 429:
        limits = (("Limit", "limit"), ("Remaining", "remaining"), ("Reset", "retry_after"))
        headers.update({f"RateLimit-{name}": str(facts[fact]) for name, fact in limits if fact in facts})
    if status == 422 and errors is None:
        errors = _fields_of(error, facts)
    return Problem(status, error.code, facts, errors, headers)


def _fields_of(error: Any, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return which field, or which header, of a request is to be corrected."""
    if "header" in facts:
        return [{**facts, "pointer": f"/{facts['header']}", "code": error.code, "in": "header"}]
    if missing := facts.get("missing"):
        return [{"pointer": f"/{name}", "code": "missing"} for name in missing]
    field = getattr(error, "field", "")
    place = facts.pop("pointer", f"/{field}" if field else "")
    return [{**facts, "pointer": place, "code": error.code}]


def _of_http(error: HTTPException) -> Problem:
    code = HTTP_CODES.get(error.status_code, "bad-request")
    if error.detail == UNPARSED:
        code = "not-json"
    return Problem(error.status_code, code, getattr(error, "facts", {}), headers=error.headers or {})


def _invalid(details: Sequence[Mapping[str, Any]]) -> Problem:
    for detail in details:
        if detail["type"] == "json_invalid":
            found = _PLACE.search(str(detail["ctx"]["error"]))
            place = [{"pointer": "", "code": "not-json-here", "line": found[1], "column": found[2]}] if found else None
            return Problem(400, "not-json", errors=place)
    errors = [_field_error(detail) for detail in details[:ERRORS_TOLD]]
    return Problem(422, "invalid-request", _left_out(details), errors)


def _details(error: ValidationError) -> Sequence[Mapping[str, Any]]:
    if error.error_count() > ERRORS_LOOKED_AT:
        return [{"loc": (), "type": "too_many_errors"}]
    return cast("Sequence[Mapping[str, Any]]", error.errors(include_url=False, include_input=False))


def _left_out(errors: Sequence[Any]) -> dict[str, int]:
    return {"errors_left_out": len(errors) - ERRORS_TOLD} if len(errors) > ERRORS_TOLD else {}


def _field_error(detail: Mapping[str, Any]) -> dict[str, Any]:
    where, *path = detail["loc"] or ("",)
    if where not in {"body", "query", "path", "header"}:
        where, path = "body", list(detail["loc"])
    kind = str(detail["type"])
    code = FIELD_CODES.get(kind, kind.replace("_", "-"))
    if code == "unknown-field" and where == "query":
        code = "unknown-parameter"
    known = dict(detail.get("ctx") or {})
    if code == "wrong-form":
        code = FORMS.get(known["pattern"], code)
    if "field" in known:
        # A check of the whole says which field is to be mended.
        path = [*path, known.pop("field")]
    known.pop("error", None)
    limit = next((known[name] for name in _LIMITS if name in known), None)
    if limit is not None:
        known["limit"] = limit
    return {**known, "pointer": pointer(path), "code": code, "in": where}


def pointer(path: Iterable[str | int]) -> str:
    """Return the JSON pointer (RFC 6901) to a field of the request."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def told(problem: Problem, language: str) -> dict[str, Any]:
    """Return the problem in words, as the members of its JSON; facts that clash with a standard member get `its_`."""
    title, detail = words_for(problem.code, language, problem.facts)
    facts = {f"its_{name}" if name in _STANDARD else name: value for name, value in problem.facts.items()}
    body = {
        "type": f"urn:letopis:problem:{problem.code}",
        "title": title,
        "status": problem.status,
        "detail": detail,
        "code": problem.code,
        **facts,
    }
    if problem.errors is not None:
        body["errors"] = [_told_field(error, language) for error in problem.errors]
    return body


def _told_field(error: Mapping[str, Any], language: str) -> dict[str, Any]:
    where = str(error["pointer"])
    # Of a parameter of several values the parameter is named: `ids`, and no place in it.
    named = where.split("/")[1] if error.get("in") == "query" and "/" in where else where.rpartition("/")[2]
    name = named.replace("~1", "/").replace("~0", "~")
    facts = dict(error)
    if language == "ru" and isinstance(facts.get("expected"), str):
        facts["expected"] = facts["expected"].replace(" or ", " или ")
    shown = {"pointer": where, "code": error["code"], "message": words_for_field(error["code"], name, language, facts)}
    return {**shown, "in": error["in"]} if error.get("in", "body") != "body" else shown


def problem_of_item(error: Exception, accept_language: str | None) -> dict[str, Any]:
    """Return the problem of one command of a batch in the caller's language.

    A bug of ours is told by its number: what became of the commands beside it must be heard all the same.
    """
    return told(problem_of(error) or incident_of(error, method="POST"), language_of(accept_language))


def incident_of(bug: Exception, *, method: str) -> Problem:
    """Log a bug by a number, with its kind and the lines it passed, but not its words: they may name a person."""
    incident = str(uuid4())
    passed = traceback.extract_tb(bug.__traceback__)
    frames = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in passed]
    log.error("bug", incident=incident, kind=type(bug).__name__, method=method, frames=frames[-12:])
    return Problem(500, "internal-error", {"incident": incident})


def problem_response(problem: Problem, accept_language: str | None) -> Response:
    """Return the answer that tells the caller what went wrong."""
    language = language_of(accept_language)
    return Response(
        to_json(told(problem, language), fallback=str, inf_nan_mode="null"),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**problem.headers, "Content-Language": language, "Vary": "Accept-Language", **NOT_KEPT},
    )


async def answer_with_problem(request: Request, error: Exception) -> Response:
    """Answer a request that failed; raises the error again when it is a bug of ours."""
    problem = problem_of(error)
    if problem is None:
        raise error
    return problem_response(problem, request.headers.get("accept-language"))
