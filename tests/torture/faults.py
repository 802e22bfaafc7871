"""A running service under a steady load of commands while its database fails: what was promised has to be there."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from commands.execution.executor import DEADLINE
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import ROLE_PASSWORDS, urls_of
from tests.system.service import Service, service, token
from tests.system.wire import Wire

OPERATOR = token("operator", "operator")
CALLERS = 200
RATE = 200.0
# The fewest the service lives on, and few enough to be taken away from it in a moment.
SETTINGS = {"max_connections": "40", "shared_buffers": "128MB"}
WATCH_EVERY = 0.1
Disk = AbstractContextManager[None]
Happen = Callable[[EmbeddedPostgres, float], Awaitable[None]]
LOST = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ValueError, IndexError)


@dataclass
class Tally:
    """What the callers were told: per key the receipt, and how often something else."""

    sent: int = 0
    retried: int = 0
    refused: int = 0
    broken_off: int = 0
    receipts: dict[str, Any] = field(default_factory=dict)
    surprises: Counter[str] = field(default_factory=Counter)

    def minus(self, before: "Tally") -> tuple[int, int, int]:
        """Return how many were acknowledged, refused and retried since."""
        acknowledged = len(self.receipts) - len(before.receipts)
        return acknowledged, self.refused - before.refused, self.retried - before.retried

    def copy(self) -> "Tally":
        """Return the numbers as they are now."""
        return Tally(self.sent, self.retried, self.refused, self.broken_off, dict(self.receipts))


@dataclass
class Fault:
    """One fault: what the callers heard during it and after, and what `/ready` said."""

    name: str
    acknowledged: int
    refused: int
    retried: int
    ready_said: list[int]
    seconds_to_ready: float


class Callers:
    """Callers who send a command each under a key of its own, and send it again until it is acknowledged."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._next = 0
        self.tally = Tally()
        self.is_over = False

    async def run(self) -> None:
        """Send until it is over; what is under way then is still brought to its end."""
        await asyncio.gather(*(self._call(number) for number in range(CALLERS)))

    async def _call(self, place: int) -> None:
        wire = Wire(self._address)
        pace = CALLERS / RATE
        await asyncio.sleep(pace * place / CALLERS)
        while not self.is_over:
            began = time.monotonic()
            self._next += 1
            wire = await self._until_acknowledged(wire, self._next)
            await asyncio.sleep(max(0.0, pace - (time.monotonic() - began)))
        wire.close()

    async def _until_acknowledged(self, wire: Wire, number: int) -> Wire:
        key = f"fault-{number}"
        body = {
            "kind": "organisation",
            "name": f"Client {number}",
            "contact_points": [{"kind": "email", "value": f"client{number}@example.org"}],
        }
        headers = {**OPERATOR, "Idempotency-Key": key}
        while True:
            self.tally.sent += 1
            try:
                async with asyncio.timeout(DEADLINE + 15):
                    answer = await wire.post("/commands/register-client", body, headers)
            except LOST:
                self.tally.broken_off += 1
                wire.close()
                wire = Wire(self._address)
            else:
                if answer.status == httpx.codes.OK:
                    self.tally.receipts[key] = answer.body
                    return wire
                if answer.status != httpx.codes.SERVICE_UNAVAILABLE:
                    self.tally.surprises[f"{answer.status} {answer.body}"[:300]] += 1
                    return wire
                self.tally.refused += 1
            self.tally.retried += 1
            await asyncio.sleep(0.3)


class Watcher:
    """Asks `/ready` all the time."""

    def __init__(self, address: str) -> None:
        self._address = address
        self.said: list[tuple[float, int]] = []
        self.is_over = False

    async def run(self) -> None:
        """Ask until it is over."""
        async with httpx.AsyncClient(timeout=10) as client:
            while not self.is_over:
                with suppress(httpx.TransportError):
                    answer = await client.get(f"{self._address}/ready")
                    self.said.append((time.monotonic(), answer.status_code))
                await asyncio.sleep(WATCH_EVERY)

    def since(self, moment: float) -> list[int]:
        """Return what it said after a moment."""
        return [status for at, status in self.said if at > moment]

    async def ready_after(self, moment: float, patience: float) -> float:
        """Wait until it says 200 once more, and return after how many seconds."""
        while time.monotonic() - moment < patience:
            for at, status in self.said:
                if at > moment and status == httpx.codes.OK:
                    return at - moment
            await asyncio.sleep(WATCH_EVERY)
        raise AssertionError(f"/ready did not say 200 within {patience} s: {self.since(moment)[-5:]}")


@contextmanager
def failing_site(disk: Callable[[Path], Disk] | None = None) -> Iterator[tuple[EmbeddedPostgres, Service]]:
    """Lend a durable server of few connections, and a service that uses it as a database of somebody else's.

    `disk` puts a disk of its own under the server's folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="letopis-faults-"))
    folder.chmod(0o711)
    try:
        with (
            disk(folder / "postgres") if disk is not None else nullcontext(),
            EmbeddedPostgres(folder / "postgres", settings=SETTINGS, say=lambda _: None) as server,
            service(folder, "service", database_url=server.owner_url) as running,
        ):
            yield server, running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _restarted(server: EmbeddedPostgres, seconds: float) -> None:
    await asyncio.to_thread(server.stop)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)


async def _killed(server: EmbeddedPostgres, seconds: float) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)


async def _out_of_connections(server: EmbeddedPostgres, seconds: float) -> None:
    """Take every connection there is, those of the service included, and give them back after a while."""
    await asyncio.to_thread(_hog, server, seconds)


def _hog(server: EmbeddedPostgres, seconds: float) -> None:
    name = f"hog_{uuid4().hex[:8]}"
    url = f"{urls_of(server, 'letopis').reader_url}?application_name={name}"
    taken: list[psycopg.Connection[Any]] = []
    end = time.monotonic() + seconds
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        while time.monotonic() < end:
            try:
                taken.append(psycopg.connect(url))
            except psycopg.OperationalError:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = ANY (%s) AND application_name <> %s",
                    [list(ROLE_PASSWORDS), name],
                )
                time.sleep(0.02)
    for connection in taken:
        connection.close()


async def _read_only(server: EmbeddedPostgres, seconds: float) -> None:
    """Let the service read but not write, as a stand-by does that it was led to by mistake."""
    change = "ALTER ROLE letopis_writer IN DATABASE letopis {} default_transaction_read_only"
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        owner.execute(change.format("SET").encode() + b" = on")
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'letopis_writer'")
        await asyncio.sleep(seconds)
        owner.execute(change.format("RESET").encode())


@contextmanager
def stopped(server: EmbeddedPostgres) -> Iterator[None]:
    """Stop every process of the server, as a machine does that swaps; it neither answers nor hangs up."""
    with psycopg.connect(server.owner_url, autocommit=True) as owner:
        # First the one that makes others.
        os.kill(server.pid, signal.SIGSTOP)
        others = owner.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()").fetchall()
    pids = [server.pid, *(pid for (pid,) in others)]
    try:
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


async def _hanging(server: EmbeddedPostgres, seconds: float) -> None:
    with stopped(server):
        await asyncio.sleep(seconds)


FAULTS: Mapping[str, Happen] = {
    "restarted": _restarted,
    "killed (kill -9)": _killed,
    "out of connections": _out_of_connections,
    "readable, but storing nothing": _read_only,
}
# What is over before anybody has lost patience is no fault.
LONG_FAULTS: Mapping[str, Happen] = {**FAULTS, "hanging (SIGSTOP)": _hanging}


async def _play(
    server: EmbeddedPostgres, running: Service, seconds: float, happenings: Mapping[str, Happen]
) -> tuple[Callers, list[Fault]]:
    callers, watcher = Callers(running.address), Watcher(running.address)
    tasks = [asyncio.create_task(callers.run()), asyncio.create_task(watcher.run())]
    faults = []
    try:
        await watcher.ready_after(time.monotonic(), 60)
        for name, happen in happenings.items():
            before, began = callers.tally.copy(), time.monotonic()
            await happen(server, seconds)
            to_ready = await watcher.ready_after(time.monotonic(), 60)
            await asyncio.sleep(1)
            faults.append(Fault(name, *callers.tally.minus(before), watcher.since(began), to_ready))
        callers.is_over = True
        await asyncio.wait_for(tasks[0], 60)
    finally:
        callers.is_over = watcher.is_over = True
    await tasks[1]
    return callers, faults


def play(
    server: EmbeddedPostgres, running: Service, seconds: float, happenings: Mapping[str, Happen] = FAULTS
) -> tuple[Tally, list[Fault]]:
    """Let every fault happen for so long under load; return what the callers were told."""
    callers, faults = asyncio.run(_play(server, running, seconds, happenings))
    return callers.tally, faults


def stored(server: EmbeddedPostgres) -> dict[str, int]:
    """Return, by command id, how many clients each command has registered in the log."""
    with psycopg.connect(server.owner_url) as owner:
        return {
            str(command_id): count
            for command_id, count in owner.execute(
                "SELECT command_id, count(*) FROM letopis.event WHERE topic = 'client.registered' GROUP BY command_id"
            )
        }


def table(tally: Tally, faults: list[Fault], in_log: dict[str, int]) -> Iterator[str]:
    """Give the lines that say it to people."""
    yield "| fault | acknowledged | refused (503) | retried | `/ready` meanwhile | ready again after |"
    yield "|---|---:|---:|---:|---|---:|"
    for one in faults:
        said = ", ".join(f"{status} × {times}" for status, times in sorted(Counter(one.ready_said).items()))
        yield (
            f"| {one.name} | {one.acknowledged} | {one.refused} | {one.retried} | {said} "
            f"| {one.seconds_to_ready:.1f} s |"
        )
    missing = sum(1 for answer in tally.receipts.values() if in_log.get(answer["command_id"]) != 1)
    yield ""
    yield (
        f"Acknowledged {len(tally.receipts)}, stored {len(in_log)}, refused {tally.refused}, retried {tally.retried}, "
        f"broken off {tally.broken_off}, acknowledged and missing {missing}."
    )
