"""What operators ask for over HTTP: each request becomes a job, which is on record before it is answered."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4, uuid5

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic_core import to_json

from app.composition.readers import Readers
from app.operations.bodies import BACKUP, EXAMPLES, OPERATIONS, OTHERWISE, Operation
from app.operations.site import ANALYTICS, KNOWN
from app.operations.told import told
from app.words.messages import language_of
from commands.base import Actor
from commands.errors import NotAllowedError
from commands.execution.door import KEY_SPACE, MAX_KEY_LENGTH, NOT_KEPT, require_json
from infra.analytics.parked_facts import WrongPlaceError, stream_from
from infra.projector.parking import WrongParkedKeyError, parked_key_from
from read_api.operations import Job
from read_api.reading.errors import WrongParameterError
from replay.repair.jobs import Asked, NoPlaceForBackupsError, ask
from replay.repair.jobs import Job as Recorded

PATH = "/operations"
JOBS = f"{PATH}/jobs"

Authenticate = Callable[[Sequence[str]], Awaitable[Actor]]
AskFor = Callable[[Asked], Awaitable[Recorded]]
"""Puts a job on record; raises JobError."""

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=MAX_KEY_LENGTH)]


def jobs_at(url: str, seconds: float) -> AskFor:
    """Return what puts jobs on record, for whichever process does them; `url` is the projector's."""
    readers = Readers(url, 1, seconds)

    async def ask_for(asked: Asked) -> Recorded:
        return await readers.ask(partial(ask, asked=asked))

    return ask_for


def operations_router(authenticate: Authenticate, ask_for: AskFor, backup_to: Path | None) -> APIRouter:
    """Return the routes by which operators start jobs; backups go to a folder of the server's own, if one is named."""

    async def allowed(request: Request) -> Actor:
        actor = await authenticate(request.headers.getlist("authorization"))
        needed = OPERATIONS[request.scope["path"].removeprefix(f"{PATH}/")].ROLES
        if actor.role not in needed:
            raise NotAllowedError(role=actor.role, needed=sorted(needed), action=request.scope["route"].name)
        require_json(request.headers.get("content-type"))
        return actor

    async def start(request: Request, name: str, actor: Actor, wanted: Operation, key: str | None) -> Response:
        if name == BACKUP and backup_to is None:
            raise NoPlaceForBackupsError
        _require_key(wanted)
        job = await ask_for(
            Asked(
                job_id=uuid4() if key is None else uuid5(KEY_SPACE, f"{PATH}\n{actor.id}\n{key}"),
                operation=name,
                about=wanted.about,
                parameters=wanted.parameters,
                asked_by=actor.id,
                asked_as=actor.role,
                reason=wanted.reason,
            )
        )
        body = to_json(told(job, language_of(request.headers.get("accept-language"))))
        headers = {"Location": f"{JOBS}/{job.job_id}", "Vary": "Accept-Language", **NOT_KEPT}
        return Response(body, status_code=202, media_type="application/json", headers=headers)

    def starting(name: str, kind: type[Operation]) -> Callable[..., Awaitable[Response]]:
        async def asked(
            request: Request,
            actor: Annotated[Actor, Depends(allowed)],
            wanted: kind,  # type: ignore[valid-type] # known only now
            key: Key = None,
        ) -> Response:
            return await start(request, name, actor, wanted, key)

        return asked

    router = APIRouter(tags=["operation"])
    for name, kind in OPERATIONS.items():
        called = f"start_{name}".replace("-", "_")
        router.add_api_route(
            f"{PATH}/{name}",
            starting(name, kind),
            methods=["POST"],
            name=called,
            operation_id=called,
            summary=(kind.__doc__ or name).strip(),
            description=f"Roles: {', '.join(sorted(kind.ROLES))}.",
            status_code=202,
            response_model=Job,
            responses={202: _ACCEPTED, 409: {}},
            openapi_extra={
                "requestBody": {"content": {"application/json": {"example": EXAMPLES.get(name, OTHERWISE)}}}
            },
        )
    return router


_ACCEPTED: dict[str, Any] = {
    "description": "The job, which goes on whether or not anybody waits.",
    "headers": {"Location": {"description": "Where the job is watched.", "schema": {"type": "string"}}},
    "links": {"job": {"operationId": "get_job", "parameters": {"job": "$response.body#/id"}}},
}


def _require_key(wanted: Operation) -> None:
    """Refuse what cannot be the key of anything; raises WrongParameterError."""
    key = getattr(wanted, "key", None)
    if key is None:
        return
    try:
        if wanted.about == ANALYTICS:
            stream_from(key)
        else:
            parked_key_from(KNOWN[wanted.about], key)
    except (WrongPlaceError, WrongParkedKeyError):
        raise WrongParameterError({"pointer": "/key", "code": "not-a-key"}) from None
