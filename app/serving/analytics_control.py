"""What operators ask of the running service about its analytics file, which only the service can open."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from app.auth.issuing import issue_token
from app.auth.keys import TokenKeyError
from app.composition.wiring import ANALYTICS_FILE, analytics_node
from app.database import Urls
from app.http_client import request
from app.serving.analytics_routes import (
    COPY_PATH,
    REBUILD_PATH,
    RETRY_PATH,
    SKIP_PATH,
    STANDING_PATH,
    VERIFY_PATH,
    standing_of,
)
from app.settings import Settings
from app.words.openapi_models import AnalyticsStanding
from infra.analytics.answer import rows
from infra.analytics.duck import AnalyticsFileInUseError, AnalyticsNode
from infra.analytics.parked_facts import stream_from
from infra.analytics.repair import retry_parked, skip_parked
from infra.analytics.sql_door import SqlDoor, SqlLimits, copy_of
from infra.log.crypto import MasterKey
from infra.told import ToldError

ADDRESS_FILE = "service.address"
TIMEOUT_SECONDS = 3600
CLI = "cli"
"""Who asks when something is typed beside a running service."""

LOOK_SECONDS = 2

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

    def standing(self) -> dict[str, Any]:
        """Return how it stands, as AnalyticsStanding has it."""
        ...

    def retry(self, key: str | None) -> list[dict[str, Any]]:
        """Try again what waits, of one key or of all; return what became of each, as TriedPlace has it."""
        ...

    def skip(self, key: str, reason: str, actor: str) -> dict[str, Any]:
        """Pass over the one fact that a key waits for, for ever; return what became of it, as TriedPlace has it."""
        ...

    def copied(self) -> Path:
        """Return where a closed copy of the file is, with all that is in the log now; the next one replaces it."""
        ...


class _Here:
    def __init__(self, node: AnalyticsNode, url: str) -> None:
        self._node = node
        self._url = url

    def rebuild(self, progress: Progress | None = None) -> None:
        self._node.rebuild(progress)

    def verify(self) -> list[dict[str, Any]]:
        self._node.follow_once()
        return [one._asdict() for one in self._node.verify()]

    def report(self, name: str, parameters: dict[str, str], min_position: int) -> list[dict[str, Any]]:
        while self._node.follow_once() or self._node.position < min_position:
            pass
        return rows(self._node.query(name, parameters))

    def standing(self) -> dict[str, Any]:
        # It was opened for the look: that nobody has followed with it yet says nothing of the file.
        told = standing_of(self._node)
        return {**told, "state": "live"} if self._node.problem is None else told

    def retry(self, key: str | None) -> list[dict[str, Any]]:
        return [one._asdict() for one in retry_parked(self._node, None if key is None else stream_from(key))]

    def skip(self, key: str, reason: str, actor: str) -> dict[str, Any]:
        return skip_parked(self._node, self._url, stream_from(key), reason=reason, actor=actor)._asdict()

    def copied(self) -> Path:
        while self._node.follow_once():
            pass
        return SqlDoor(self._node, SqlLimits()).copy(self._node.position).path


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

    def standing(self) -> dict[str, Any]:
        return AnalyticsStanding.model_validate(self._ask("GET", STANDING_PATH)).model_dump()

    def retry(self, key: str | None) -> list[dict[str, Any]]:
        query = "" if key is None else f"?{urlencode({'key': str(stream_from(key))})}"
        return list(self._ask("POST", RETRY_PATH + query)["tried"])

    def skip(self, key: str, reason: str, actor: str) -> dict[str, Any]:
        query = urlencode({"key": str(stream_from(key)), "reason": reason})
        return dict(self._ask("POST", f"{SKIP_PATH}?{query}", actor)["tried"][0])

    def copied(self) -> Path:
        self._ask("POST", COPY_PATH)
        return copy_of(self._settings.var / ANALYTICS_FILE)

    def _ask(self, method: str, path: str, actor: str = CLI) -> Any:
        try:
            address = (self._settings.var / ADDRESS_FILE).read_text()
            headers = _as_operator(self._settings, actor)
            answer = request(method, address + path, headers=headers, timeout=TIMEOUT_SECONDS)
            body = json.loads(answer.body)
        except (OSError, ValueError, TokenKeyError) as error:
            raise ServiceRefusedError(
                "The analytics file is held by another Letopis process, which cannot be asked: "
                f"{error}. Stop that process, or ask it yourself: {method} {path}."
            ) from None
        if answer.status != HTTPStatus.OK:
            raise ServiceRefusedError(f"The running service answered {answer.status}: {body.get('detail', body)}")
        return body


def _as_operator(settings: Settings, actor: str) -> dict[str, str]:
    """Return the header that makes a request an operator's; raises TokenKeyError where others sign tokens."""
    return {"Authorization": f"Bearer {issue_token(settings, actor, 'admin', timedelta(hours=1))}"}


@contextmanager
def analytics_in_hand(settings: Settings, urls: Urls, master: MasterKey) -> Iterator[AnalyticsInHand]:
    """Lend the analytics file: opened here, or in the hands of the running service that holds it."""
    try:
        node = analytics_node(settings, urls, master)
    except AnalyticsFileInUseError:
        yield _InTheService(settings)
        return
    try:
        yield _Here(node, urls.projector)
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


def metrics_of(settings: Settings) -> dict[str, float] | None:
    """Return what is measured in this folder's running service, by name and labels; None when none can be asked."""
    address = noted_address(settings.var)
    if address is None:
        return None
    try:
        answer = request("GET", f"{address}/metrics", timeout=LOOK_SECONDS)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            # It listens at an address that others may ask at as well.
            headers = _as_operator(settings, CLI)
            answer = request("GET", f"{address}/metrics", headers=headers, timeout=LOOK_SECONDS)
    except (OSError, TokenKeyError):
        return None
    if answer.status != HTTPStatus.OK:
        return None
    lines = answer.body.decode().splitlines()
    samples = (line.rpartition(" ") for line in lines if line.startswith("letopis_"))
    return {name: float(value) for name, _, value in samples}
