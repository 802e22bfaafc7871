"""`python -m tests.torture.hostile [SECONDS] [CONNECTIONS]`: many who hold lines open and do nothing good with them.

A fifth each says nothing, sends a head byte by byte, a body byte by byte, asks for much and reads nothing, or holds an
event stream; who is hung up on comes again. Beside them bodies as large as they may be. Meanwhile others work at a
steady rate: how long they wait is compared with the same seconds before, and every second it is looked how large the
service is, how many descriptors it holds and how many event streams; every ten minutes this is told.
"""

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import astuple, dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from app.demo.company import ADMIN_ID
from tests.bench.rebuild_under_load import Load, Seen
from tests.system.service import Service, token
from tests.system.wire import Wire
from tests.torture.faults import failing_site

ADMIN = token(ADMIN_ID, "admin", timedelta(days=1))
WARM_SECONDS = 5.0
RATE = 50
LEAST_SECONDS = 20.0
COMING_SECONDS = 20.0
"""How long it takes until all of them are there."""

PIECE_SECONDS = 10.0
TOLD_SECONDS = 600.0
LIMITS: Mapping[str, int] = {"/commands/register-client": 256 * 1024, "/commands": 1_000_000, "/clients/search": 16_000}
"""Bytes of the largest body that each address takes, or a little less."""

Lines = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Crowd:
    """Those who hold lines open; `done` counts how often a line came to its end, by what was done with it."""

    address: str
    done: Counter[str] = field(default_factory=Counter)

    async def run(self, connections: int) -> None:
        """Hold so many lines, each opened again when it ends, until cancelled."""
        ways: list[tuple[str, Callable[[Lines], Awaitable[None]]]] = [
            ("idle", self._idle),
            ("slow head", self._slow_head),
            ("slow body", self._slow_body),
            ("reads nothing", self._reads_nothing),
            ("event stream", self._stream),
        ]
        held = (self._hold(number / connections, *ways[number % len(ways)]) for number in range(connections))
        await asyncio.gather(*held, *(self._large(path, size) for path, size in LIMITS.items()))

    async def _hold(self, place: float, name: str, do: Callable[[Lines], Awaitable[None]]) -> None:
        parts = urlsplit(self.address)
        await asyncio.sleep(place * COMING_SECONDS)
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                lines = await asyncio.open_connection(parts.hostname, parts.port)
                try:
                    await do(lines)
                finally:
                    lines[1].close()
            self.done[name] += 1
            # Who is refused at once comes again: not so often that it is requests and no longer lines that are tried.
            await asyncio.sleep(5)

    async def _idle(self, lines: Lines) -> None:
        await lines[0].read()

    async def _slow_head(self, lines: Lines) -> None:
        await self._slowly(lines, b"GET /clients HTTP/1.1\r\nHost: test\r\nX-Long: " + b"x" * 10_000)

    async def _slow_body(self, lines: Lines) -> None:
        head = self._head("POST", "/commands/register-client", 10_000)
        lines[1].write(head)
        await self._slowly(lines, b'{"name": "' + b"x" * 9_000)

    async def _slowly(self, lines: Lines, what: bytes) -> None:
        reader, writer = lines
        for place in range(len(what)):
            if reader.at_eof() or writer.is_closing():
                return
            writer.write(what[place : place + 1])
            await asyncio.sleep(1)

    async def _reads_nothing(self, lines: Lines) -> None:
        lines[1].transport.pause_reading()  # type: ignore[attr-defined]
        # Together they are more than any socket holds.
        for _ in range(20):
            lines[1].write(self._head("GET", "/openapi.json"))
        while not lines[1].is_closing():  # noqa: ASYNC110 - who reads nothing hears of nothing
            await asyncio.sleep(1)

    async def _stream(self, lines: Lines) -> None:
        lines[1].write(self._head("GET", "/events", accept="text/event-stream"))
        await lines[0].read()

    async def _large(self, path: str, size: int) -> None:
        body = {"name": "x" * (size - 200), "commands": [], "phone": "1"}
        while True:
            wire = Wire(self.address)
            with suppress(OSError, asyncio.IncompleteReadError):
                answer = await wire.post(path, body, ADMIN)
                self.done[f"large body, {answer.status}"] += 1
            wire.close()
            await asyncio.sleep(0.2)

    def _head(self, method: str, path: str, length: int = 0, accept: str = "*/*") -> bytes:
        headers = {
            "Host": "test",
            "Accept": accept,
            "Content-Type": "application/json",
            "Content-Length": str(length),
            **ADMIN,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode()


@dataclass
class Size:
    """How large the service is: bytes of memory, descriptors, event streams."""

    memory: int = 0
    descriptors: int = 0
    streams: int = 0

    def __str__(self) -> str:
        return f"{self.memory / 1e6:.0f} MB, {self.descriptors} descriptors, {self.streams} event streams"


@dataclass
class Watch:
    """The largest that the service was, and how large it was every ten minutes, by the seconds since the beginning."""

    running: Service
    most: Size = field(default_factory=Size)
    now: Size = field(default_factory=Size)
    told: dict[int, str] = field(default_factory=dict)

    async def go_on(self) -> None:
        """Look every second until cancelled."""
        began = time.monotonic()
        for number in itertools.count():
            # To ask for the metrics is work for the service.
            await self._look(with_streams=number % 10 == 0)
            seconds = time.monotonic() - began
            if seconds >= len(self.told) * TOLD_SECONDS:
                self.told[round(seconds)] = str(self.now)
                print(f"{seconds:.0f} s: {self.now}", file=sys.stderr, flush=True)
            await asyncio.sleep(1)

    async def _look(self, *, with_streams: bool) -> None:
        process = Path("/proc") / str(self.running.process.pid)
        pages = int((process / "statm").read_text(encoding="ascii").split()[1])
        descriptors = sum(1 for _ in (process / "fd").iterdir())
        streams = await asyncio.to_thread(self._streams) if with_streams else self.now.streams
        self.now = Size(pages * os.sysconf("SC_PAGESIZE"), descriptors, streams)
        self.most = Size(*map(max, zip(astuple(self.most), astuple(self.now), strict=True)))

    def _streams(self) -> int:
        metrics = httpx.get(f"{self.running.address}/metrics", timeout=60).text
        [line] = [line for line in metrics.splitlines() if line.startswith("letopis_event_streams ")]
        return int(line.partition(" ")[2])


@asynccontextmanager
async def going_on(work: Awaitable[None]) -> AsyncIterator[None]:
    """Let something go on beside the block; if it fails, so does the block's end."""
    task = asyncio.ensure_future(work)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def registered(address: str) -> list[str]:
    """Register clients to work with; return their ids. (A new service has the demo company, and its administrator.)"""
    wire = Wire(address)
    ids = []
    for number in range(100):
        contact_points = [{"kind": "email", "value": f"client{number}@example.org"}]
        body = {"kind": "person", "name": f"Client {number}", "contact_points": contact_points}
        ids.append((await wire.post("/commands/register-client", body, ADMIN)).body["stream_id"])
    wire.close()
    return ids


def beside(address: str, connections: int) -> "subprocess.Popen[str]":
    """Start the crowd in a process of its own, so that those who are measured do not wait for it."""
    crowd = [sys.executable, "-m", "tests.torture.hostile", "crowd", address, str(connections)]
    return subprocess.Popen(crowd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def measured(running: Service, seconds: float, connections: int) -> dict[str, object]:
    """Return what others saw without the crowd and with it."""
    load = Load(int(running.address.rpartition(":")[2]), ADMIN, await registered(running.address), RATE)
    told: dict[str, object] = {}
    watch = Watch(running)
    async with going_on(load.run()), going_on(watch.go_on()):
        await asyncio.sleep(WARM_SECONDS)
        load.seen = quiet = Seen()
        await asyncio.sleep(max(LEAST_SECONDS, min(seconds, 60)))
        told["quiet"] = _seen(quiet, watch)
        with beside(running.address, connections) as process:
            await asyncio.sleep(COMING_SECONDS + WARM_SECONDS)
            told["crowded"], told["p99_ms of each ten seconds"] = await _crowded(load, seconds, watch)
            assert process.poll() is None, "the crowd has gone"
            said, _ = process.communicate("")
        told["lines that ended"] = json.loads(said)
        told["every ten minutes, and at the end"] = [*watch.told.values(), str(watch.now)]
        load.end()
    return told


async def _crowded(load: Load, seconds: float, watch: Watch) -> tuple[dict[str, object], list[float]]:
    """Return what others see for so long, in all and in each piece of it."""
    everything, pieces = Seen(), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        load.seen = piece = Seen()
        await asyncio.sleep(PIECE_SECONDS)
        pieces.append(piece.p99_ms)
        everything.commands += piece.commands
        everything.statuses += piece.statuses
        everything.failed_reads += piece.failed_reads
    return _seen(everything, watch), pieces


def _seen(seen: Seen, watch: Watch) -> dict[str, object]:
    return {
        "commands": len(seen.commands),
        "statuses": dict(seen.statuses),
        "p99_ms": seen.p99_ms,
        "worst_ms": round(max(seen.commands) * 1e3, 1),
        "failed_reads": dict(seen.failed_reads),
        "at most": str(watch.most),
    }


async def _crowd(address: str, connections: int) -> None:
    """Be the crowd until the standard input ends; print what came of it."""
    crowd = Crowd(address)
    async with going_on(crowd.run(connections)):
        await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(crowd.done))


def main() -> None:
    """Measure, or be the crowd."""
    if sys.argv[1:2] == ["crowd"]:
        asyncio.run(_crowd(sys.argv[2], int(sys.argv[3])))
        return
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    with failing_site() as (_, running):
        print(json.dumps(asyncio.run(measured(running, seconds, connections)), indent=2))


if __name__ == "__main__":
    main()
