"""Rebuilds a view that is read and written all the time (`python -m tests.bench.rebuild_under_load`).

Says what came of it: failed reads, reads that were stale without saying so, the commands' 99th percentile before and
meanwhile, how true the time left was that was told, and how long the way back took. The rebuild is throttled so that
it lasts a minute and more. The load is open: a command is due at its moment, and its time counts from there, whatever
the one before it took.
"""

import argparse
import asyncio
import itertools
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from app.composition.decoding import decoder_at
from app.logs import configure_logs
from projections.parties.client_card import client_card
from projections.registry import PROJECTIONS
from replay.rebuilding.rebuild import roll_back
from replay.repair.status import wait_until
from tests.bench.ground import Place, environment, ground
from tests.bench.http import entered, letopis, token
from tests.bench.made_log import append_made_log
from tests.bench.measuring import ROOT, machine
from tests.bench.samples import RESULT, TOPIC
from tests.system.wire import Wire

WARNING = 30
CLIENTS = 1_000
CONNECTIONS = 16
READS_PER_SECOND = 50
BASELINE_SECONDS = 20.0
BUILD_SECONDS = 900.0
# After the swap and the way back the load goes on for so long.
AFTER_SECONDS = 3.0


@dataclass
class Seen:
    """What the callers saw; latencies in seconds from the moment a command was due."""

    commands: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    reads: int = 0
    failed_reads: Counter[int] = field(default_factory=Counter)
    stale: int = 0

    @property
    def p99_ms(self) -> float:
        """The 99th percentile."""
        ordered = sorted(self.commands)
        return round(ordered[len(ordered) * 99 // 100] * 1e3, 1)


class Load:
    """Commands at a steady rate, and reads of what was just recorded."""

    def __init__(self, port: int, headers: dict[str, str], clients: list[str], rate: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._headers = headers
        self._clients = clients
        self._rate = rate
        self._ended = False
        self._number = itertools.count()
        self._newest: tuple[str, int] | None = None
        self.seen = Seen()

    def end(self) -> None:
        """Let everybody finish."""
        self._ended = True

    async def run(self) -> None:
        """Send until told to end."""
        began = time.perf_counter()
        commands = (self._commands(began, turn) for turn in range(CONNECTIONS))
        await asyncio.gather(*commands, *(self._reads() for _ in range(2)))

    async def _commands(self, began: float, turn: int) -> None:
        wire = Wire(self._address)
        for number in itertools.count(turn, CONNECTIONS):
            due = began + number / self._rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if self._ended:
                break
            client = self._clients[next(self._number) % len(self._clients)]
            body = {"channel": "call", "direction": "outbound", "client_id": client, "topic": TOPIC, "result": RESULT}
            answer = await wire.post("/commands/record-activity", body, self._headers)
            self.seen.commands.append(time.perf_counter() - due)
            self.seen.statuses[answer.status] += 1
            if answer.status == 200:
                self._newest = (client, answer.body["position"])
        wire.close()

    async def _reads(self) -> None:
        wire = Wire(self._address)
        while not self._ended:
            await asyncio.sleep(2 / READS_PER_SECOND)
            if self._newest is None:
                continue
            client, position = self._newest
            answer = await wire.get(f"/clients/{client}?min_position={position}", self._headers)
            self.seen.reads += 1
            if answer.status != 200:
                self.seen.failed_reads[answer.status] += 1
            elif answer.body["position"] < position:
                # The answer says that it is at that position, and does not have the fact.
                self.seen.stale += 1
        wire.close()


def eta_errors(told: list[tuple[float, float]], seconds: float) -> list[float]:
    """Return by how much of the whole each told end was wrong, after the first fifth; told are (when, time left)."""
    return [abs(when + left - seconds) / seconds for when, left in told if when > seconds / 5]


async def measured(place: Place, port: int, clients: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """Measure before and during a rebuild, and the way back."""
    headers = {"Authorization": f"Bearer {token(place)}"}
    load = Load(port, headers, clients, options.rate)
    running = asyncio.create_task(load.run())
    await asyncio.sleep(3)
    load.seen = before = Seen()
    await asyncio.sleep(BASELINE_SECONDS)
    load.seen = during = Seen()
    words = ["-c", "from app.terminal.cli import main; main()", "projections", "rebuild", "client_card"]
    words += ["--throttle", str(options.throttle), "--verify", options.verify]
    began = time.monotonic()
    rebuild = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, env=environment(place), stderr=subprocess.PIPE
    )
    told = await _watched(rebuild, port, headers, began)
    seconds = time.monotonic() - began
    assert rebuild.returncode == 0, (await rebuild.communicate())[1].decode()[-2000:]
    load.seen = after = Seen()
    decode = decoder_at(place.urls.projector, place.master)
    back = time.monotonic()
    await asyncio.to_thread(roll_back, client_card, place.urls.projector, decode)
    back = time.monotonic() - back
    await asyncio.sleep(AFTER_SECONDS)
    load.end()
    await running
    # The process starts and ends as well: what is told counts from when it began to fold.
    first = told[0][0] if told else 0.0
    errors = eta_errors([(when - first, left) for when, left in told], seconds - first)
    return {
        "seconds": round(seconds, 1),
        "commands_per_second": round(len(during.commands) / seconds),
        "not_200": sum(count for seen in (before, during, after) for s, count in seen.statuses.items() if s != 200),
        "reads": during.reads + after.reads,
        "failed_reads": sum(during.failed_reads.values()) + sum(after.failed_reads.values()),
        "stale_reads_unannounced": during.stale + after.stale,
        "p99_before_ms": before.p99_ms,
        "p99_during_ms": during.p99_ms,
        "eta_error_median_percent": round(100 * median(errors), 1) if errors else None,
        "eta_error_most_percent": round(100 * max(errors), 1) if errors else None,
        "rollback_seconds": round(back, 3),
    }


async def _watched(
    rebuild: asyncio.subprocess.Process, port: int, headers: dict[str, str], began: float
) -> list[tuple[float, float]]:
    """Ask once a second how far it is until it ends; return when (seconds) it told which time left."""
    wire, told = Wire(f"http://127.0.0.1:{port}"), []
    while rebuild.returncode is None:
        await asyncio.sleep(1)
        answer = await wire.get("/projections/progress", headers)
        for one in answer.body["items"]:
            how = one["rebuild"]
            if how["is_running"] and how["eta_seconds"] is not None:
                told.append((time.monotonic() - began, how["eta_seconds"]))
                print(f"{told[-1][0]:6.1f} s  {how['phase']:<12} {how['eta_seconds']:6.1f} s left", file=sys.stderr)
    wire.close()
    return told


def main() -> int:
    """Make the ground, measure, print a line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rebuild_under_load", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="length of the log that is rebuilt")
    parser.add_argument("--rate", type=int, default=500, help="commands a second")
    parser.add_argument("--throttle", type=int, default=6_000, help="events a second the rebuild may fold")
    parser.add_argument("--verify", default="sample", choices=["sample", "full", "none"])
    parser.add_argument("--folder", type=Path, help="where the server's temporary folder goes")
    asked = parser.parse_args()
    configure_logs(level=WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ground(is_quick=True, events=None, folder=asked.folder) as lent, lent.place("load") as place:
        clients = entered(place, CLIENTS)
        last = append_made_log(place.urls.owner, place.master, asked.events)
        with letopis(place, "all") as port:
            names = [one.name for one in PROJECTIONS]
            assert wait_until(place.urls.projector, names, last, BUILD_SECONDS), "the views were not built in time"
            found = asyncio.run(measured(place, port, clients, asked))
    print(json.dumps({**vars(asked), **found, "machine": machine()}, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main())
