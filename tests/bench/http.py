"""The service over HTTP, each side in a process of its own, against an endpoint that does nothing."""

import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any

from app.auth.issuing import issue_token
from app.demo.company import ADMIN_ID
from commands.execution.decision import Request
from tests.bench.commands import ADMIN, write_side
from tests.bench.ground import Ground, Place, environment
from tests.bench.measuring import ROOT, Race
from tests.bench.samples import registrations

CONNECTIONS = 32
START_SECONDS = 60.0
CLIENTS = 2_000
WARM_SECONDS = 1.0
"""A statement is prepared, on each connection, when it has run five times there."""

_processes = count(1)


@contextmanager
def served(place: Place, *words: str) -> Iterator[int]:
    """Run a server, and lend the port that it says it listens on."""
    said = place.settings.var / f"said-{next(_processes)}.log"
    with (
        said.open("wb") as log,
        subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment(place), stdout=log, stderr=log) as server,
    ):
        try:
            yield _port(server, said)
        finally:
            server.terminate()
            server.wait()


def _port(server: subprocess.Popen[bytes], said: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", said.read_text(encoding="utf-8"))
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(f"the server did not start; it said: {said.read_text(encoding='utf-8')[-2000:]}")


def letopis(place: Place, role: str) -> Any:
    """Lend the port of the real service, started as `letopis serve` starts it."""
    return served(place, "-c", "from app.terminal.cli import main; main()", "serve", "--port", "0", "--role", role)


def usual_reads(place: Place) -> Any:
    """Lend the port of the reads as most teams write them."""
    return served(place, "-m", "tests.bench.usual_reads")


def noop(place: Place) -> Any:
    """Lend the port of the service that does nothing."""
    return served(place, "-m", "tests.bench.noop")


def token(place: Place, actor: object = ADMIN_ID, role: str = "admin") -> str:
    """Return a token, good for both: the administrator's unless said."""
    return issue_token(place.settings, str(actor), role, timedelta(hours=1))


def load(
    port: int, seconds: float, kind: str, options: Mapping[str, Any], per_second: float | None = None
) -> dict[str, float]:
    """Load a server from a process of its own, at a steady rate or as fast as it goes, and return what it saw.

    Every answer must be 200.
    """
    asked = {
        "host": "127.0.0.1",
        "port": port,
        "connections": CONNECTIONS,
        "seconds": seconds,
        "kind": kind,
        "options": options,
        "pace": CONNECTIONS / per_second if per_second else 0.0,
    }
    words = [sys.executable, "-m", "tests.bench.load"]
    limit = seconds + START_SECONDS
    ran = subprocess.run(
        words, cwd=ROOT, input=json.dumps(asked), check=False, capture_output=True, text=True, timeout=limit
    )
    assert ran.returncode == 0, ran.stderr
    seen: dict[str, float] = json.loads(ran.stdout)
    assert not seen["not_200"], f"{seen['not_200']} answers were not 200"
    return seen


Options = Callable[[], Mapping[str, Any]]

Asked = tuple[int, str, Options]
"""A server as it is loaded: its port, the kind of requests, what they are made of."""


def http_race(
    ground: Ground,
    ours: Asked,
    noop: Asked,
    others: Mapping[str, tuple[str, Asked]] = MappingProxyType({}),
    baseline: str = "a no-op FastAPI endpoint",
) -> Race:
    """Return the race of servers; `others` are further baselines by what is added to the name, with what they are."""
    seen: dict[str, list[float]] = defaultdict(list)

    def sampler(server: Asked, whose: str, *, has_median: bool = False) -> Callable[[], float]:
        port, kind, options = server
        load(port, WARM_SECONDS, kind, options())

        def sample() -> float:
            found = load(port, ground.seconds, kind, options())
            if has_median:
                seen[f"{whose}p50_ms"].append(found["p50_ms"])
            seen[f"{whose}p99_ms"].append(found["p99_ms"])
            return found["rate"]

        return sample

    return Race(
        sampler(ours, "", has_median=True),
        sampler(noop, "noop_"),
        f"{baseline}, {CONNECTIONS} connections",
        "requests/s",
        extras=lambda: {name: median(values) for name, values in seen.items()},
        others=[
            (added, f"{what}, {CONNECTIONS} connections", sampler(server, f"{added}_"))
            for added, (what, server) in others.items()
        ],
    )


@contextmanager
def _registering(ground: Ground, role: str) -> Iterator[Race]:
    with ground.place("http") as place:
        with write_side(place):  # hires the administrator whose token is used
            pass
        with letopis(place, role) as port, noop(place) as noop_port:
            runs = count(1)

            def options(path: str) -> Options:
                # A sample never registers as many as lie between two of these numbers.
                return lambda: {"path": path, "token": token(place), "first": next(runs) * 1_000_000}

            ours = (port, "registering", options("/commands/register-client"))
            yield http_race(ground, ours, (noop_port, "registering", options("/noop/register-client")))


@contextmanager
def commands_http(ground: Ground) -> Iterator[Race]:
    """Registering a client over HTTP reaches at least 40 % (reach for 60 %) of an endpoint that does nothing.

    The same frame, token check, command model and server flags on both sides; every answer of ours is durable. Server,
    PostgreSQL and load generator share the machine, the no-op has it nearly alone: with 2 cores that is hard on ours.
    `letopis serve --role api`: what follows the log is measured by `commands_http_all`. Unfair would be a heavy load
    generator, which would hide the difference, and answers that nobody checks.
    """
    with _registering(ground, "api") as race:
        yield race


@contextmanager
def commands_http_all(ground: Ground) -> Iterator[Race]:
    """The same with everything in one service: projector, policies and DuckDB follow the log while commands arrive.

    On 2 cores the followers take about half of them, so we expect little more than half of `commands_http`; the no-op
    is followed by nobody.
    """
    with _registering(ground, "all") as race:
        yield race


@contextmanager
def commands_http_activity(ground: Ground) -> Iterator[Race]:
    """Recording a call with a known client: the command front offices send most; no identities, one cached client.

    2,000 clients in turn, as many as a busy office touches in a day. Otherwise as `commands_http`.
    """
    with ground.place("http") as place:
        client_ids = entered(place, CLIENTS)
        with letopis(place, "api") as port, noop(place) as noop_port:

            def options(path: str) -> Options:
                return lambda: {"path": path, "token": token(place), "client_ids": client_ids}

            ours = (port, "recording", options("/commands/record-activity"))
            yield http_race(ground, ours, (noop_port, "recording", options("/noop/record-activity")))


def entered(place: Place, number: int) -> list[str]:
    """Register so many clients and return their ids."""
    with write_side(place) as side:
        commands = registrations()
        asked = [Request.of(next(commands), ADMIN, place.master.keyed_hash) for _ in range(number)]
        return [str(getattr(answer, "stream_id")) for answer in side.carry_out(asked)]  # noqa: B009 - any answer
