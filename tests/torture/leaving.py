"""`python -m tests.torture.leaving [PEOPLE]`: somebody leaves while others work, and how soon that holds everywhere.

A service of two processes that does everything takes 500 commands a second from others. One after the other people
leave who read, send commands and follow what changes for them, on several connections, so that both processes know
them. Told is, counted from the answer to `depart-staff`, when the last read was sent that was still answered, when the
last command that was still accepted, and when the stream had ended. Of reads and streams a second is promised, and of
commands that none is accepted that is sent later.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from app.auth.issuing import issue_token
from app.logs import configure_logs
from app.settings import Settings
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.staff import HireStaff
from events.values import StaffRole
from tests.bench.commands import ADMIN, write_side
from tests.bench.ground import Place, ground
from tests.bench.http import entered
from tests.bench.measuring import machine
from tests.bench.rebuild_under_load import WARNING, Load, Seen
from tests.system.service import SECRET, service, token, wait_ready
from tests.system.wire import Wire

CLIENTS = 1_000
RATE = 500
CONNECTIONS = 4
"""For reads and for commands each, of the one who leaves: the kernel gives them to either process."""

PAUSE = 0.01
WORKING, TRYING = 0.5, 1.5
"""Seconds for which somebody works before they leave, and for which they go on trying."""

PROMISED = 1.0
PLAN = {"channel": "task", "topic": "x", "due_at": "2030-01-01T00:00:00Z"}


class Leaver:
    """Somebody who works until they leave, and tries to go on; `last` is when what they sent was last accepted."""

    def __init__(self, address: str, staff_id: UUID) -> None:
        settings = Settings(jwt_secret=SECRET, _env_file=None)  # type: ignore[arg-type]
        bearer = issue_token(settings, str(staff_id), None, timedelta(hours=1))
        self._address = address
        self._headers = {"Authorization": f"Bearer {bearer}"}
        self._is_over = False
        self.last: dict[str, float] = {}
        self.told: Counter[tuple[str, int]] = Counter()
        self.last_words = b""

    async def work(self) -> None:
        """Read, send commands and follow until it is over."""
        trying = [self._try(kind) for kind in ("read", "command") for _ in range(CONNECTIONS)]
        await asyncio.gather(self._follow(), *trying)

    def end(self) -> None:
        """Let it be over."""
        self._is_over = True

    async def _try(self, kind: str) -> None:
        wire = Wire(self._address)
        while not self._is_over:
            sent = time.perf_counter()
            if kind == "read":
                answer = await wire.get("/clients?limit=1", self._headers)
            else:
                answer = await wire.post("/commands/plan-activity", PLAN, self._headers)
            self.told[kind, answer.status] += 1
            if answer.status == 200:
                self.last[kind] = max(sent, self.last.get(kind, 0.0))
            await asyncio.sleep(PAUSE)
        wire.close()

    async def _follow(self) -> None:
        parts = urlsplit(self._address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        lines = "".join(f"{name}: {value}\r\n" for name, value in self._headers.items())
        writer.write(f"GET /my-changes HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n{lines}\r\n".encode())
        with suppress(TimeoutError):
            while True:
                said = await asyncio.wait_for(reader.read(65_536), WORKING + TRYING + PROMISED)
                self.last_words = (self.last_words + said)[-200:]
                if not said or b"event: end" in self.last_words:
                    self.last["stream"] = time.perf_counter()
                    break
        writer.close()


async def leaves(address: str, staff_id: UUID, admin: Mapping[str, str]) -> Mapping[str, float]:
    """Let somebody work and leave; return, in seconds from then, when each of it was over."""
    leaver, wire = Leaver(address, staff_id), Wire(address)
    working = asyncio.create_task(leaver.work())
    await asyncio.sleep(WORKING)
    left = await wire.post("/commands/depart-staff", {"staff_id": str(staff_id)}, admin)
    at = time.perf_counter()
    assert left.status == 200, left.body
    await asyncio.sleep(TRYING)
    leaver.end()
    await working
    wire.close()
    assert {status for _, status in leaver.told} == {200, 403}, leaver.told
    assert b"not-let-in" in leaver.last_words, leaver.last_words
    return {kind: moment - at for kind, moment in leaver.last.items()}


async def measured(address: str, people: Sequence[UUID], clients: list[str]) -> dict[str, Any]:
    """Let all of them leave, one after the other, while others work."""
    admin = token(ADMIN.id, "admin")
    load = Load(int(address.rpartition(":")[2]), dict(admin), clients, RATE)
    running = asyncio.create_task(load.run())
    await asyncio.sleep(3)
    load.seen, began = Seen(), time.perf_counter()
    took = []
    for number, staff_id in enumerate(people, 1):
        took.append(await leaves(address, staff_id, admin))
        print(number, {kind: f"{seconds:.3f}" for kind, seconds in took[-1].items()}, file=sys.stderr, flush=True)
    seconds = time.perf_counter() - began
    load.end()
    await running
    found: dict[str, Any] = {}
    for kind in ("read", "command", "stream"):
        times = sorted(each[kind] for each in took)
        found[kind] = {"median": round(median(times), 3), "most": round(times[-1], 3)}
    others = load.seen
    return {
        "people": len(took),
        "seconds_from_departure": found,
        "kept": all(found[kind]["most"] <= PROMISED for kind in ("read", "stream")) and found["command"]["most"] <= 0,
        "others_per_second": round(len(others.commands) / seconds),
        "others_p99_ms": others.p99_ms,
        "others_not_200": sum(count for status, count in others.statuses.items() if status != 200),
    }


def hired(place: Place, people: Sequence[UUID]) -> None:
    """Let people join the company."""
    with write_side(place) as side:
        commands = (HireStaff(staff_id=each, name="Anna", role=StaffRole.SELLER) for each in people)
        answers = side.carry_out([Request.of(each, ADMIN, place.master.keyed_hash) for each in commands])
        assert all(isinstance(each, Accepted) for each in answers)


def main() -> int:
    """Make the ground, measure, print a line of JSON."""
    people = [UUID(int=5_000 + number) for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else 30)]
    configure_logs(level=WARNING)
    # One actor sends all that the others do.
    os.environ["LETOPIS_COMMANDS_PER_SECOND"] = "0"
    with ground(is_quick=True, events=None, folder=None) as lent, lent.place("leaving") as place:
        hired(place, people)
        clients = entered(place, CLIENTS)
        with service(lent.folder, "service", "--workers", "2", database_url=place.urls.owner) as running:
            wait_ready(running)
            found = asyncio.run(measured(running.address, people, clients))
    print(json.dumps({**found, "machine": machine()}))
    return 0 if found["kept"] else 1


if __name__ == "__main__":
    sys.exit(main())
