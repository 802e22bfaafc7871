"""What operators ask of the running service about its analytics file, which only the service can open."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from app.auth import issue_token
from app.composition.wiring import analytics_node
from app.database import Urls
from app.http_client import request
from app.settings import Settings
from app.words.openapi_models import Differences, Rebuilt
from commands.base import Actor
from commands.errors import NotAllowedError
from infra.analytics.answer import rows
from infra.analytics.duck import AnalyticsFileInUseError, AnalyticsNode, AnalyticsNotReadyError
from infra.log.crypto import MasterKey
from infra.told import ToldError
from read_api.reading.errors import AnalyticsUnavailableError

ADDRESS_FILE = "service.address"
ROLES = frozenset({"ops", "admin"})
REBUILD_PATH, VERIFY_PATH = REPAIR_PATHS = ("/projections/analytics/rebuild", "/projections/analytics/verify")
TIMEOUT_SECONDS = 3600
LOOK_SECONDS = 2
RETRY_AFTER = 2

Progress = Callable[[int, int], None]


class ServiceRefusedError(ToldError):
    """The running service could not do what the command line asked of it; says why and what to do."""


class AnalyticsInHand(Protocol):
    """The analytics file, here or in the running service."""

    def rebuild(self, progress: Progress | None = None) -> None:
        """Fill the file anew from position 0, and swap it in."""
        ...

    def verify(self) -> list[dict[str, Any]]:
        """Return the tables that are not what the log makes, with how many rows differ."""
        ...

    def report(self, name: str, parameters: dict[str, str], min_position: int) -> list[dict[str, Any]]:
        """Return the rows of a report that counts everything up to a position of the log."""
        ...


def operators_router(authenticate: Callable[[str | None], Actor], node: AnalyticsNode) -> APIRouter:
    """Return the routes by which an operator rebuilds and verifies the analytics file of this process."""
    router = APIRouter(tags=["operation"])

    def check_right(request: Request) -> None:
        actor = authenticate(request.headers.get("authorization"))
        if actor.role not in ROLES:
            raise NotAllowedError(role=actor.role, needed=sorted(ROLES), action=request.scope["route"].name)

    @router.post(
        REBUILD_PATH,
        summary="Fill the analytics anew",
        operation_id="rebuild_analytics",
        response_model=Rebuilt,
    )
    async def rebuild_analytics(request: Request) -> Response:
        """Roles: admin, ops."""
        check_right(request)
        await run_in_threadpool(node.rebuild)
        return Response(to_json({"position": node.position}), media_type="application/json")

    @router.post(
        VERIFY_PATH,
        summary="Compare the analytics",
        operation_id="verify_analytics",
        response_model=Differences,
    )
    async def verify_analytics(request: Request) -> Response:
        """Roles: admin, ops."""
        check_right(request)
        try:
            found = await run_in_threadpool(node.verify)
        except AnalyticsNotReadyError as reason:
            raise AnalyticsUnavailableError(reason=str(reason), retry_after=RETRY_AFTER) from None
        return Response(to_json({"differences": [one._asdict() for one in found]}), media_type="application/json")

    return router


class _Here:
    def __init__(self, node: AnalyticsNode) -> None:
        self._node = node

    def rebuild(self, progress: Progress | None = None) -> None:
        self._node.rebuild(progress)

    def verify(self) -> list[dict[str, Any]]:
        self._node.follow_once()
        return [one._asdict() for one in self._node.verify()]

    def report(self, name: str, parameters: dict[str, str], min_position: int) -> list[dict[str, Any]]:
        while self._node.follow_once() or self._node.position < min_position:
            pass
        return rows(self._node.query(name, parameters))


class _InTheService:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def rebuild(self, progress: Progress | None = None) -> None:
        position = int(self._ask("POST", REBUILD_PATH)["position"])
        if progress is not None:
            progress(position, position)

    def verify(self) -> list[dict[str, Any]]:
        return list(self._ask("POST", VERIFY_PATH)["differences"])

    def report(self, name: str, parameters: dict[str, str], min_position: int) -> list[dict[str, Any]]:
        query = urlencode({**parameters, "min_position": min_position})
        return list(self._ask("GET", f"/analytics/{name}?{query}")["rows"])

    def _ask(self, method: str, path: str) -> Any:
        try:
            address = (self._settings.var / ADDRESS_FILE).read_text()
            token = issue_token(self._settings, "system:cli", "admin", timedelta(hours=1))
            headers = {"Authorization": f"Bearer {token}"}
            answer = request(method, address + path, headers=headers, timeout=TIMEOUT_SECONDS)
            body = json.loads(answer.body)
        except (OSError, ValueError) as error:
            raise ServiceRefusedError(
                "The analytics file is held by another Letopis process, which cannot be asked: "
                f"{error}. Stop that process, or ask it yourself: {method} {path}."
            ) from None
        if answer.status != HTTPStatus.OK:
            raise ServiceRefusedError(f"The running service answered {answer.status}: {body.get('detail', body)}")
        return body


@contextmanager
def analytics_in_hand(settings: Settings, urls: Urls, master: MasterKey) -> Iterator[AnalyticsInHand]:
    """Lend the analytics file: opened here, or in the hands of the running service that holds it."""
    try:
        node = analytics_node(settings, urls, master)
    except AnalyticsFileInUseError:
        yield _InTheService(settings)
        return
    try:
        yield _Here(node)
    finally:
        node.stop()


def note_address(var: Path, address: str) -> None:
    """Note where the running service is, for commands typed beside it."""
    var.mkdir(parents=True, exist_ok=True)
    (var / ADDRESS_FILE).write_text(address)


def noted_address(var: Path) -> str | None:
    """Return where a service of this folder was last, whether or not it still runs."""
    try:
        return (var / ADDRESS_FILE).read_text()
    except OSError:
        return None


def is_letopis(address: str) -> bool:
    """Tell whether Letopis answers at an address."""
    try:
        return request("GET", f"{address}/health", timeout=LOOK_SECONDS).body == b'{"status":"alive"}'
    except OSError:
        return False


def reports_position(var: Path) -> int | None:
    """Return the position the reports of this folder's running service count in; None when none can be asked."""
    address = noted_address(var)
    if address is None:
        return None
    try:
        lines = request("GET", f"{address}/metrics", timeout=LOOK_SECONDS).body.decode().splitlines()
    except OSError:
        return None
    return next((int(float(line.split()[1])) for line in lines if line.startswith("letopis_analytics_position ")), None)
