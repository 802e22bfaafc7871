"""The HTTP application: the doors for commands and reads in one frame, and what operators and developers look at."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.serving.frame import Frame, SizeLimits
from app.serving.guards import CONSOLE, OF_ITS_OWN, guards_of
from app.serving.in_process import InProcess
from app.serving.metrics import MEDIA_TYPE, Gauge, Gauges, Measured, exposition
from app.words.docs import DOCS, docs_router, page_of, policy_of
from app.words.labels import labels_router
from app.words.openapi import ApiDocument
from app.words.problems import STATUSES, Problem, answer_with_problem, problem_response
from commands.execution.door import NOT_KEPT
from read_api.console.calling import Wire

CORS_REQUEST_HEADERS = (
    "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID",
    "Letopis-Purpose",
)  # fmt: skip
CORS_ANSWER_HEADERS = (
    "ETag", "Letopis-Head", "Letopis-Parked", "Letopis-Position", "Letopis-Stale", "Link", "Location",
    "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After",
)  # fmt: skip

DOCUMENT = "/openapi.json"


@dataclass(frozen=True)
class Check:
    """One thing that must be true before requests are sent here; `reason` says what is not."""

    name: str
    is_ready: bool
    reason: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Readiness(BaseModel):
    """Everything that was checked; each check has facts of its own besides these."""

    status: Literal["ready"]
    checks: list[dict[str, Any]]


Checks = Callable[[], Awaitable[Sequence[Check]]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


async def no_checks() -> Sequence[Check]:
    """Nothing but this process is needed."""
    return ()


async def anybody(_: Request) -> None:
    """Let in whoever asks."""


async def no_gauges() -> Sequence[Gauge]:
    """Nothing but requests is counted."""
    return ()


@dataclass(frozen=True)
class Parts:
    """What the application is put together from; `actor_of` names the actor of a checked token for the log."""

    # Looked at before everything else, in this order.
    first_routes: Sequence[BaseRoute] = ()
    # Looked at before the reads, in this order.
    other_routers: Sequence[APIRouter] = ()
    read_router: APIRouter | None = None
    # Looked at last: pages of a guest that knows us by what it is given here, and asks as everybody does.
    guest_routes: Callable[[Wire], Sequence[BaseRoute]] = lambda _call: ()
    actor_of: Callable[[str | None], str | None] = lambda _header: None
    # Who is not let in to what is measured is refused by an exception.
    may_measure: Callable[[Request], Awaitable[None]] = anybody
    checks: Checks = no_checks
    gauges: Gauges = no_gauges
    measured: Measured = field(default_factory=Measured)
    cors_origins: Sequence[str] = ()
    body_limit: int = 1024 * 1024
    lifespan: Lifespan | None = None
    # How many answers that have no end are being given.
    streams: Callable[[], int] = lambda: 0
    # Called on the event loop when the service begins to stop: answers that have no end must end now.
    on_stop: Callable[[], None] = lambda: None


def create_app(parts: Parts) -> FastAPI:
    """Return the application made of these parts."""
    app = FastAPI(
        title="Letopis",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=parts.lifespan,
    )
    app.include_router(_operators_router(parts))
    document = ApiDocument(app)
    app.openapi = document  # type: ignore[method-assign]
    app.add_api_route(DOCUMENT, document.answer, include_in_schema=False)
    page = page_of(app.title, DOCUMENT)
    app.include_router(docs_router(page))
    app.include_router(labels_router())
    for router in (*parts.other_routers, parts.read_router):
        if router is not None:
            app.include_router(router)
    # Asked for most often, so looked at first, and by the application itself: every router between costs its share.
    app.router.routes[:0] = parts.first_routes
    app.router.routes += parts.guest_routes(InProcess(app))
    ours = [kind for kind, _status in STATUSES]
    for kind in (HTTPException, RequestValidationError, ValidationError, psycopg.Error, *ours):
        app.add_exception_handler(kind, answer_with_problem)
    app.add_exception_handler(405, _answer_another_method)
    # The last one added is the outermost.
    app.add_middleware(SizeLimits, limit=parts.body_limit)
    if parts.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(parts.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=[*CORS_REQUEST_HEADERS],
            expose_headers=[*CORS_ANSWER_HEADERS],
        )
    pages = {DOCS: guards_of(policy_of(page)), CONSOLE: OF_ITS_OWN}
    app.add_middleware(Frame, measured=parts.measured, actor_of=parts.actor_of, pages=pages)
    return app


async def _answer_another_method(request: Request, error: Exception) -> Response:
    """Name every method that the address takes: Starlette knows those of the first route that fits, and no HEAD."""
    assert isinstance(error, HTTPException)  # noqa: S101 - it is called for those of one status
    error.headers = {"Allow": ", ".join(sorted(methods_at(request.app.routes, request.scope["path"])))}
    return await answer_with_problem(request, error)


def methods_at(routes: Sequence[BaseRoute], path: str) -> set[str]:
    """Return the methods that an address takes: those of its own routes, else those of a pattern that fits it."""
    fitting = [route for route in _each_of(routes) if route.path_regex.match(path)]
    own = [route for route in fitting if route.path == path]
    methods = {method for route in own or fitting for method in route.methods or ()}
    # Whoever may GET something may ask for its head alone (see Frame).
    return methods | {"HEAD"} if "GET" in methods else methods


def _each_of(routes: Sequence[BaseRoute]) -> Iterator[Route]:
    for route in routes:
        if isinstance(route, Route):
            yield route
        else:
            # FastAPI keeps a router that was included as one, with its own routes in it.
            yield from _each_of(route.original_router.routes)  # type: ignore[attr-defined]


def _operators_router(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["operation"])

    @router.get("/health", operation_id="health", summary="Is the process alive?", response_model=dict[str, str])
    async def health() -> Response:
        return Response(b'{"status":"alive"}', media_type="application/json", headers=NOT_KEPT)

    @router.get(
        "/ready",
        operation_id="ready",
        summary="Is the log reachable, and are the views within their lag?",
        response_model=Readiness,
        responses={503: {}},
    )
    async def ready(request: Request) -> Response:
        checks = [
            {"name": check.name, "is_ready": check.is_ready, "reason": check.reason, **check.facts}
            for check in await parts.checks()
        ]
        if all(check["is_ready"] for check in checks):
            body = to_json({"status": "ready", "checks": checks})
            return Response(body, media_type="application/json", headers=NOT_KEPT)
        problem = Problem(503, "not-ready", {"checks": checks}, headers={"Retry-After": "2"})
        return problem_response(problem, request.headers.get("accept-language"))

    @router.get(
        "/metrics",
        operation_id="metrics",
        summary="Counters, histograms and gauges for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics(request: Request) -> Response:
        """Roles: admin, ops; on the machine itself nobody is asked for a token."""
        await parts.may_measure(request)
        headers = {"Content-Type": MEDIA_TYPE, **NOT_KEPT}
        return Response(exposition(parts.measured, await parts.gauges()), headers=headers)

    return router
