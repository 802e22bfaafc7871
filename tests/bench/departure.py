"""Somebody with very many clients leaves while others work (`python -m tests.bench.departure`).

Says how long it took until every client had the successor, and the 99th percentile of the others' commands before and
meanwhile, at a steady rate over HTTP; and, for a measure of the machine, how many commands a second 32 callers of the
same executor get through. The service runs as `letopis serve --role all` does: its views follow every fact as well.
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from app.composition.write_side import WriteSide
from app.demo.company import demo_id
from app.logs import configure_logs
from app.serving.policy_lag import policies_at
from commands.base import Command
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.staff import HireStaff
from events.client import ClientClaimed
from events.values import OwnershipCause, StaffRole
from projections.registry import PROJECTIONS
from replay.repair.status import wait_until
from tests.bench.commands import ADMIN, callers_rate, write_side
from tests.bench.ground import Place, ground
from tests.bench.http import entered, letopis, token
from tests.bench.made_log import Life, Told, about_clients, append_made_log
from tests.bench.measuring import machine
from tests.bench.rebuild_under_load import BUILD_SECONDS, WARNING, Load, Seen
from tests.system.wire import Wire

LEAVING, HEIR = demo_id("leaving"), demo_id("heir")
CLIENTS = 1_000
"""Whom the others' commands are about."""

BASELINE_SECONDS = 15.0
PATIENCE = 1_800.0

_OWNERS = """
INSERT INTO letopis.event_party (party_id, position)
SELECT %s, position
FROM letopis.event
WHERE topic = 'client.claimed'
    AND body ->> 'owner_id' = %s
"""
_LEFT = """
SELECT count(*)
FROM letopis.event
WHERE topic IN ('client.transferred', 'client.released')
    AND body ->> 'from_owner_id' = %s
"""


def owned(ids: Sequence[UUID], first: int) -> Iterator[Told]:
    """Give the facts of clients who are entered, and claimed by the one who leaves."""
    for told in about_clients(ids, first):
        if told.version == 1:
            yield told
        elif told.version == 2:
            yield told._replace(event=ClientClaimed(owner_id=LEAVING, cause=OwnershipCause.CLAIM))


def carry_out(side: WriteSide, place: Place, *commands: Command) -> None:
    """Have commands of the administrator carried out."""
    for answer in side.carry_out([Request.of(each, ADMIN, place.master.keyed_hash) for each in commands]):
        assert isinstance(answer, Accepted), answer


async def measured(place: Place, port: int, clients: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """Measure the others before the departure and until it is answered."""
    headers = {"Authorization": f"Bearer {token(place)}"}
    load = Load(port, headers, clients, options.rate)
    running = asyncio.create_task(load.run())
    await asyncio.sleep(3)
    load.seen = before = Seen()
    await asyncio.sleep(BASELINE_SECONDS)
    load.seen = during = Seen()
    wire = Wire(f"http://127.0.0.1:{port}")
    body = {"staff_id": str(LEAVING), "successor_id": str(HEIR)}
    left = await wire.post("/commands/depart-staff", body, headers)
    assert left.status == 200, left.body
    began = time.monotonic()
    while not _is_answered(place, left.body["position"]):
        assert time.monotonic() - began < PATIENCE, "the departure was not answered in time"
        await asyncio.sleep(0.5)
    seconds = time.monotonic() - began
    load.end()
    await running
    wire.close()
    return {
        "seconds": round(seconds, 1),
        "clients_per_second": round(options.clients / seconds),
        "others_per_second": round(len(during.commands) / seconds),
        "not_200": sum(count for seen in (before, during) for s, count in seen.statuses.items() if s != 200),
        "p99_before_ms": before.p99_ms,
        "p99_during_ms": during.p99_ms,
        "worst_during_ms": round(max(during.commands) * 1e3, 1),
    }


def _is_answered(place: Place, position: int) -> bool:
    return all((one.position or 0) >= position for one in policies_at(place.urls.reader) if not one.is_timer)


def main() -> int:
    """Make the ground, measure, print a line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.departure", description=__doc__)
    parser.add_argument("--clients", type=int, default=200_000, help="clients of the one who leaves")
    parser.add_argument("--rate", type=int, default=100, help="others' commands a second")
    parser.add_argument("--folder", type=Path, help="where the server's temporary folder goes")
    asked = parser.parse_args()
    configure_logs(level=WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ground(is_quick=True, events=None, folder=asked.folder) as lent, lent.place("departure") as place:
        with lent.place("machine") as other, write_side(other) as side:
            machine_rate = callers_rate(side, other, callers=32, seconds=5.0)
        clients = entered(place, CLIENTS)
        with write_side(place) as side:
            staff = {LEAVING: "Anna", HEIR: "Boris"}
            hired = (HireStaff(staff_id=each, name=name, role=StaffRole.SELLER) for each, name in staff.items())
            carry_out(side, place, *hired)
        last = append_made_log(place.urls.owner, place.master, asked.clients * 2, Life(2, owned))
        with psycopg.connect(place.urls.owner) as owner:
            owner.execute(_OWNERS, [LEAVING, str(LEAVING)])
        with letopis(place, "all") as port:
            names = [one.name for one in PROJECTIONS]
            assert wait_until(place.urls.projector, names, last, BUILD_SECONDS), "the views were not built in time"
            found = asyncio.run(measured(place, port, clients, asked))
        with psycopg.connect(place.urls.owner) as owner:
            assert owner.execute(_LEFT, [str(LEAVING)]).fetchone() == (asked.clients,), "not each client went once"
    print(
        json.dumps(
            {**vars(asked), "same_machine_commands_per_second": round(machine_rate), **found, "machine": machine()},
            default=str,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
