"""What operators ask of the analytics file of this process over HTTP: how it stands, and to mend it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import StringConstraints
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from app.operations.bodies import ROLES
from app.words.openapi_models import AnalyticsStanding, Differences, Rebuilt, TriedPlaces
from commands.base import Actor
from commands.errors import NotAllowedError
from commands.execution.door import NOT_KEPT
from infra.analytics.arrow_log import LogReplacedError
from infra.analytics.duck import AnalyticsNode, AnalyticsNotReadyError
from infra.analytics.parked_facts import WrongPlaceError, stream_from
from infra.analytics.repair import NotParkedError, retry_parked, skip_parked
from infra.analytics.sql_door import SqlDoor
from read_api.reading.errors import AnalyticsUnavailableError, NoSuchThingError, WrongParameterError

STANDING_PATH = "/projections/analytics"
REPAIR_PATHS = REBUILD_PATH, VERIFY_PATH, RETRY_PATH, SKIP_PATH, COPY_PATH = (
    f"{STANDING_PATH}/rebuild",
    f"{STANDING_PATH}/verify",
    f"{STANDING_PATH}/retry",
    f"{STANDING_PATH}/skip",
    f"{STANDING_PATH}/copy",
)
RETRY_AFTER = 2

Key = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]


def standing_of(node: AnalyticsNode) -> dict[str, Any]:
    """Return how a node stands, as AnalyticsStanding has it."""
    parked = [{"place": one.place, **one._asdict()} for one in node.parked]
    for one in parked:
        del one["stream"]
    told = {"state": node.state, "position": node.position, "problem": node.problem, "stale": node.stale}
    return {**told, "parked": parked}


def operators_router(authenticate: Callable[[Sequence[str]], Awaitable[Actor]], door: SqlDoor, url: str) -> APIRouter:
    """Return the routes by which an operator looks at and mends the analytics file; `url` is the projector's."""
    node = door.node

    async def allowed(request: Request) -> Actor:
        actor = await authenticate(request.headers.getlist("authorization"))
        if actor.role not in ROLES:
            raise NotAllowedError(role=actor.role, needed=sorted(ROLES), action=request.scope["route"].name)
        return actor

    # Who it is comes before what was sent.
    router = APIRouter(tags=["operation"], dependencies=[Depends(allowed)])

    @router.get(
        STANDING_PATH,
        summary="How the analytics stand",
        operation_id="analytics_standing",
        response_model=AnalyticsStanding,
    )
    async def analytics_standing() -> Response:
        """Roles: admin, ops."""
        return _json(standing_of(node))

    @router.post(
        REBUILD_PATH,
        summary="Fill the analytics anew",
        operation_id="rebuild_analytics",
        response_model=Rebuilt,
    )
    async def rebuild_analytics() -> Response:
        """Roles: admin, ops."""
        await run_in_threadpool(node.rebuild)
        return _json({"position": node.position})

    @router.post(
        VERIFY_PATH,
        summary="Compare the analytics",
        operation_id="verify_analytics",
        response_model=Differences,
    )
    async def verify_analytics() -> Response:
        """Roles: admin, ops."""
        found = await _done(node.verify)
        return _json({"differences": [one._asdict() for one in found]})

    @router.post(
        RETRY_PATH,
        summary="Try again what the analytics could not take in",
        operation_id="retry_analytics",
        response_model=TriedPlaces,
        responses={404: {}},
    )
    async def retry_analytics(key: Annotated[Key | None, Query()] = None) -> Response:
        """Roles: admin, ops."""
        tried = await _done(lambda: retry_parked(node, None if key is None else stream_from(key)))
        return _json({"tried": [one._asdict() for one in tried]})

    @router.post(
        SKIP_PATH,
        summary="Let the analytics pass over a fact for ever",
        operation_id="skip_analytics",
        response_model=TriedPlaces,
        responses={404: {}},
    )
    async def skip_analytics(
        actor: Annotated[Actor, Depends(allowed)], key: Annotated[Key, Query()], reason: Annotated[Reason, Query()]
    ) -> Response:
        """Roles: admin, ops."""
        tried = await _done(lambda: skip_parked(node, url, stream_from(key), reason=reason, actor=actor.id))
        return _json({"tried": [tried._asdict()]})

    @router.post(
        COPY_PATH,
        summary="Copy the facts of the analytics, beside their file",
        operation_id="copy_analytics",
        response_model=Rebuilt,
    )
    async def copy_analytics() -> Response:
        """Roles: admin, ops. `letopis analytics copy` takes it from there."""
        copied = await _done(lambda: door.copy(node.position))
        return _json({"position": copied.position})

    return router


async def _done(work: Callable[[], Any]) -> Any:
    """Do the work in a thread, and say why it cannot be done in the words of requests."""
    try:
        return await run_in_threadpool(work)
    except (AnalyticsNotReadyError, LogReplacedError) as reason:
        raise AnalyticsUnavailableError(reason=str(reason), retry_after=RETRY_AFTER) from None
    except WrongPlaceError:
        raise WrongParameterError({"pointer": "/key", "in": "query", "code": "not-a-uuid"}) from None
    except NotParkedError as absent:
        raise NoSuchThingError(kind="parked", id=absent.stream) from None


def _json(body: Any) -> Response:
    return Response(to_json(body), media_type="application/json", headers=NOT_KEPT)
