"""The door for commands: HTTP in, a request for the executor, a receipt out."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from aggregates.base import NotFoundError
from commands.base import Actor, Command
from commands.errors import (
    BatchRefusedError,
    HeaderOfOneCommandError,
    InvalidCommandError,
    InvalidHeaderError,
    NotAllowedError,
    OutcomeUnknownError,
    OverloadedError,
    UnknownCommandError,
    UnsupportedMediaTypeError,
)
from commands.execution.bounds import MAX_BATCH_VALUES, require_bounded
from commands.execution.decision import Request as CommandRequest
from commands.execution.pending import Accepted, Answer
from commands.registry import COMMANDS
from commands.standing import Granted, Standing, require_allowed

KEY_SPACE = UUID("6f0c1c1e-5b0e-5f0a-9a8f-1f3b8f6f2a11")
"""The namespace of command ids made from an actor and an idempotency key."""

OF_ONE_COMMAND = ("Idempotency-Key", "If-Match")
"""Headers that a batch would drop silently: a key names one request, and a version is that of one stream."""

NOT_KEPT = {"Cache-Control": "no-store"}
"""What an answer says that is true for a moment, or names somebody, and that nobody asks for by its ETag."""

ABSENT = "letopis.absent"
"""What the scope of a request has when part of its answer is that there is no such thing."""

MAX_KEY_LENGTH = 255
MAX_COMMANDS = 1_000

IF_MATCH = re.compile(r'"([0-9]+)(?:-[0-9a-f]+)?"')
"""The ETag of a receipt is a version; that of a read about one stream begins with it."""

SLICE = 25
"""Commands of a batch that are looked at, or told of, before others have their turn on the event loop."""

MAX_ERRORS_TOLD = 200
"""Wrong fields told of all commands of a batch: an answer must not be larger than what was sent."""


class Execute(Protocol):
    """Queues commands and waits for their answers."""

    async def __call__(self, requests: Sequence[CommandRequest], *, is_atomic: bool = False) -> list[Answer]: ...


class NoteRefusal(Protocol):
    """Puts a refusal on record if the business asks about such; returns at once."""

    def __call__(self, actor: Actor, command: str, given: Mapping[str, Any], error: Exception) -> None: ...


class TakeTurn(Protocol):
    """Counts the commands of an actor; raises TooManyRequestsError."""

    def __call__(self, actor_id: str, commands: int = 1) -> None: ...


class BatchItem(BaseModel):
    """One command of a batch: its name, its fields, and optionally its idempotency key."""

    model_config = ConfigDict(extra="forbid")

    command: str
    data: dict[str, Any]
    idempotency_key: Annotated[str, Field(min_length=1, max_length=MAX_KEY_LENGTH)] | None = None


class Batch(BaseModel):
    """Up to 1,000 commands, carried out in order; atomic: all of them or none."""

    model_config = ConfigDict(extra="forbid")

    atomic: bool = False
    commands: Annotated[list[BatchItem], Field(min_length=1, max_length=MAX_COMMANDS)]


class CommandRoute(Route):
    """A route without FastAPI's machinery (dependencies, models, exit stacks), which was half of a command's time."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether the request is ours, and name the route for the log, as FastAPI's routes do."""
        match, found = super().matches(scope)
        return match, {**found, "route": self}


def command_routes(
    execute: Execute,
    authenticate: Callable[[Sequence[str]], Awaitable[Actor]],
    keyed_hash: Callable[[str], bytes],
    problem: Callable[[Exception, str | None], Mapping[str, Any]],
    note_refusal: NoteRefusal,
    take_turn: TakeTurn,
    standing_of: Callable[[Actor], Awaitable[Standing]],
) -> list[CommandRoute]:
    """Return the routes for commands; `problem` renders an item's refusal in the language of the request.

    `standing_of` tells what an actor may ask for, and sees.
    """

    async def carry_out(request: Request) -> Response:
        headers = request.headers
        name: str = request.path_params["name"]
        actor = await authenticate(headers.getlist("authorization"))
        take_turn(actor.id)
        standing = await standing_of(actor)
        try:
            command_type = _allowed_type(name, actor, standing.granted)
        except NotAllowedError as error:
            note_refusal(actor, name, _fields_of(await request.body()), error)
            raise
        require_json(headers.get("content-type"))
        body = await request.body()
        require_bounded(body, command_type.MOST_VALUES)
        command = command_type.model_validate_json(body, strict=True)
        asked = _request(command, actor, _key(headers.get("idempotency-key")), keyed_hash, standing)
        asked.if_match = _if_match(headers.get("if-match"))
        (answer,) = await execute([asked])
        if isinstance(answer, Exception):
            note_refusal(actor, name, command.__dict__, answer)
            raise answer
        return Response(
            to_json(answer),
            media_type="application/json",
            headers={"ETag": f'"{answer.version}"', "Letopis-Position": str(answer.position), **NOT_KEPT},
        )

    async def carry_out_batch(request: Request) -> Response:
        actor = await authenticate(request.headers.getlist("authorization"))
        _require_none_of_one_command(request.headers)
        require_json(request.headers.get("content-type"))
        body = await request.body()
        require_bounded(body, MAX_BATCH_VALUES)
        await asyncio.sleep(0)
        batch = Batch.model_validate_json(body, strict=True)
        take_turn(actor.id, len(batch.commands))
        answers = await _answers(batch, actor, await standing_of(actor), keyed_hash, execute)
        request.scope[ABSENT] = any(isinstance(answer, NotFoundError) for answer in answers)
        for item, answer in zip(batch.commands, answers, strict=True):
            if isinstance(answer, Exception):
                note_refusal(actor, item.command, item.data, answer)
        language = request.headers.get("accept-language")
        results = await _told(answers, lambda answer: problem(answer, language))
        if batch.atomic:
            _require_all(answers, results)
        last = max((answer.position for answer in answers if isinstance(answer, Accepted)), default=0)
        headers = {"Letopis-Position": str(last), **NOT_KEPT}
        return Response(to_json({"results": results}), media_type="application/json", headers=headers)

    return [
        CommandRoute("/commands/{name}", carry_out, methods=["POST"]),
        CommandRoute("/commands", carry_out_batch, methods=["POST"]),
    ]


async def _told(answers: Sequence[Answer], problem: Callable[[Exception], Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the answers in words; of the wrong fields only the first ones, and never too many at a time."""
    results: list[dict[str, Any]] = []
    left = MAX_ERRORS_TOLD
    for place, answer in enumerate(answers):
        if place % SLICE == SLICE - 1:
            await asyncio.sleep(0)
        if isinstance(answer, Accepted):
            results.append({"status": 200, **_plain(answer)})
            continue
        told = dict(problem(answer))
        if "errors" in told:
            left -= len(told["errors"])
            if left < 0:
                told["errors_left_out"] = told.get("errors_left_out", 0) + len(told.pop("errors"))
        results.append(told)
    return results


def _require_all(answers: Sequence[Answer], results: Sequence[Mapping[str, Any]]) -> None:
    """Raise BatchRefusedError when a command of an atomic batch was refused, or why none can be carried out now."""
    for index, answer in enumerate(answers):
        if isinstance(answer, OverloadedError | OutcomeUnknownError):
            raise answer
        if isinstance(answer, Exception) and not isinstance(answer, BatchRefusedError):
            raise BatchRefusedError(index=index, results=results) from answer


def _plain(answer: Accepted) -> dict[str, Any]:
    return {
        "command_id": answer.command_id,
        "stream_id": answer.stream_id,
        "version": answer.version,
        "position": answer.position,
        "events": answer.events,
        "replayed": answer.replayed,
    }


async def _answers(
    batch: Batch, actor: Actor, standing: Standing, keyed_hash: Callable[[str], bytes], execute: Execute
) -> list[Answer]:
    answers: list[Answer | None] = [None] * len(batch.commands)
    requests, places = [], []
    for place, item in enumerate(batch.commands):
        if place % SLICE == SLICE - 1:
            await asyncio.sleep(0)
        try:
            # Validated as JSON, not as Python objects: a text must not pass for a number here and fail one by one.
            command_type = _allowed_type(item.command, actor, standing.granted)
            command = command_type.model_validate_json(to_json(item.data), strict=True)
            requests.append(_request(command, actor, _key(item.idempotency_key), keyed_hash, standing))
            places.append(place)
        except (ValidationError, InvalidCommandError, NotAllowedError, UnknownCommandError) as error:
            answers[place] = error
    if batch.atomic and len(requests) < len(batch.commands):
        index = next(place for place, answer in enumerate(answers) if answer is not None)
        return [answer or BatchRefusedError(index=index) for answer in answers]
    if requests:
        for place, answer in zip(places, await execute(requests, is_atomic=batch.atomic), strict=True):
            answers[place] = answer
    return [answer for answer in answers if answer is not None]


def _allowed_type(name: str, actor: Actor, granted: Granted) -> type[Command]:
    command_type = COMMANDS.get(name)
    if command_type is None:
        raise UnknownCommandError(command=name)
    require_allowed(command_type, actor, granted)
    return command_type


def _fields_of(body: bytes) -> dict[str, Any]:
    """Return the fields of a command that nobody has checked; none if it is no command at all."""
    try:
        given = from_json(body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _request(
    command: Command, actor: Actor, key: str | None, keyed_hash: Callable[[str], bytes], standing: Standing
) -> CommandRequest:
    now = datetime.now(UTC)
    if command.occurred_at is not None and command.occurred_at > now:
        raise InvalidCommandError({"pointer": "/occurred_at", "code": "in-the-future"})
    command_id = None if key is None else uuid5(KEY_SPACE, f"{actor.id}\n{key}")
    return CommandRequest.of(command, actor, keyed_hash, command_id=command_id, received_at=now, standing=standing)


def _require_none_of_one_command(headers: Mapping[str, str]) -> None:
    for header in OF_ONE_COMMAND:
        if header in headers:
            raise HeaderOfOneCommandError(header=header)


def require_json(content_type: str | None) -> None:
    """Refuse a body that is not JSON by its Content-Type; raises UnsupportedMediaTypeError."""
    if content_type is None or content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaTypeError(content_type=content_type or "", needed="application/json")


def _key(given: str | None) -> str | None:
    if given is not None and not 0 < len(given) <= MAX_KEY_LENGTH:
        raise InvalidHeaderError(header="Idempotency-Key", needed=f"1–{MAX_KEY_LENGTH} characters")
    return given


def _if_match(given: str | None) -> int | None:
    """Read the version out of a strong ETag, of a receipt or a read; `*` and absence mean no condition."""
    if given is None or given.strip() == "*":
        return None
    found = IF_MATCH.fullmatch(given.strip())
    if found is None:
        raise InvalidHeaderError(header="If-Match", needed='"<version>"')
    return int(found[1][:18])
