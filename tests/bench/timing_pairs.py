"""Does the time of an answer tell what is out of sight? (`python -m tests.bench.timing_pairs`)

A seller asks for a thousand things that somebody in another branch has, each once, and between them for as many that
nobody has: two ids in turn, either of them first. Both are answered alike (404; 403 where the role may not ask at all).
Printed are the medians and means in microseconds, the difference of the medians with its 95 % interval (bootstrap), and
Welch's t. One connection, one request at a time.
"""

import argparse
import json
import random
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from math import sqrt
from pathlib import Path
from statistics import fmean, median, variance
from typing import NamedTuple
from uuid import UUID

from app.auth.issuing import issue_token
from app.logs import configure_logs
from commands.activity import RecordActivity
from commands.base import Command
from commands.branch import OpenBranch
from commands.deal import OpenDeal
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.note import NoteClient
from commands.ownership import ClaimClient
from commands.pipeline import DefinePipeline
from commands.staff import HireStaff
from events.ids import branch_named
from events.values import Channel, Direction, StaffRole, Stage
from infra.log.ids import new_id
from projections.registry import PROJECTIONS
from replay.repair.status import wait_until
from tests.bench.commands import ADMIN, write_side
from tests.bench.ground import Place, ground
from tests.bench.http import letopis
from tests.bench.measuring import machine
from tests.bench.rebuild_under_load import BUILD_SECONDS, WARNING
from tests.bench.samples import registrations

SELLER, STRANGER, ROAD = UUID(int=1_001), UUID(int=1_002), UUID(int=1_003)
WARM = 200
"""Pairs asked before any is counted: a statement is prepared when it has run five times."""

RESAMPLES = 1_000


class Theirs(NamedTuple):
    """What somebody else has."""

    client: UUID
    deal: UUID
    activity: UUID

    @classmethod
    def new(cls) -> "Theirs":
        return cls(new_id(), new_id(), new_id())


ASKED: Mapping[str, tuple[str, str]] = {
    "card": ("GET", "/clients/{0.client}"),
    "timeline": ("GET", "/clients/{0.client}/timeline"),
    "notes": ("GET", "/clients/{0.client}/notes"),
    "ownership": ("GET", "/clients/{0.client}/ownership"),
    "history": ("GET", "/clients/{0.client}/history"),
    "deal": ("GET", "/deals/{0.deal}"),
    "activity": ("GET", "/activities/{0.activity}"),
    "note-client": ("POST", '/commands/note-client\n{{"client_id":"{0.client}","text":"They like tea"}}'),
    "move-deal": ("POST", '/commands/move-deal\n{{"deal_id":"{0.deal}","to_stage":"contract"}}'),
}


class Line:
    """One connection that stays open."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._token = token

    def timed(self, method: str, asked: str) -> tuple[float, bytes]:
        """Ask, and return how long the answer took (seconds), and its status."""
        path, _, body = asked.partition("\n")
        head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self._token}\r\n"
        sent = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        began = time.perf_counter()
        self._socket.sendall(sent)
        told = self._socket.recv(65_536)
        start = told.lower().index(b"content-length: ") + 16
        length = told.index(b"\r\n\r\n") + 4 + int(told[start : told.index(b"\r", start)])
        while len(told) < length:
            told += self._socket.recv(65_536)
        took = time.perf_counter() - began
        return took, told[9:12]


def happened(things: Sequence[Theirs]) -> Iterator[Command]:
    """Give how somebody in another branch came to have all this."""
    for branch, staff in (("Perm", SELLER), ("Samara", STRANGER)):
        yield OpenBranch(name=branch)
        yield HireStaff(staff_id=staff, name=branch, role=StaffRole.SELLER, branch_id=branch_named(branch))
    stages = (Stage(code=each, name=each, probability=50) for each in ("offer", "contract"))
    yield DefinePipeline(pipeline_id=ROAD, name="Retail", stages=tuple(stages))
    call = {"channel": Channel.CALL, "direction": Direction.OUTBOUND, "staff_id": STRANGER}
    for one, register in zip(things, registrations(), strict=False):
        yield register.model_copy(update={"client_id": one.client})
        yield ClaimClient(client_id=one.client, seller_id=STRANGER)
        yield OpenDeal(deal_id=one.deal, client_id=one.client, seller_id=STRANGER, pipeline_id=ROAD)
        yield RecordActivity.model_validate({**call, "activity_id": one.activity, "client_id": one.client})
        yield NoteClient(client_id=one.client, text="They like tea")


def founded(place: Place, things: Sequence[Theirs]) -> int:
    """Let it happen, and return the last position."""
    with write_side(place) as side:
        asked = [Request.of(each, ADMIN, place.master.keyed_hash) for each in happened(things)]
        answers = side.carry_out(asked)
    assert all(isinstance(each, Accepted) for each in answers), next(
        each for each in answers if not isinstance(each, Accepted)
    )
    return max(each.position for each in answers if isinstance(each, Accepted))


def paired(line: Line, method: str, asked: str, things: Sequence[Theirs]) -> tuple[list[float], list[float]]:
    """Return how long each answer took, of what is out of sight and of what there is not."""
    unseen: list[float] = []
    unknown: list[float] = []
    for number, one in enumerate(things):
        pair = [(one, unseen), (Theirs.new(), unknown)]
        statuses = set()
        for which, times in pair[:: 1 if number % 2 else -1]:
            took, status = line.timed(method, asked.format(which))
            times.append(took)
            statuses.add(status)
        assert statuses in ({b"404"}, {b"403"}), f"{asked}: {statuses}"
    return unseen[WARM:], unknown[WARM:]


def compared(unseen: Sequence[float], unknown: Sequence[float]) -> dict[str, float | bool]:
    """Return the figures of one question, times in microseconds."""
    chance = random.Random(7)
    apart = sorted(
        median(chance.choices(unseen, k=len(unseen))) - median(chance.choices(unknown, k=len(unknown)))
        for _ in range(RESAMPLES)
    )
    low, high = apart[RESAMPLES // 40], apart[-RESAMPLES // 40]
    error = sqrt(variance(unseen) / len(unseen) + variance(unknown) / len(unknown))
    found = {
        "median_unseen": median(unseen),
        "median_unknown": median(unknown),
        "mean_unseen": fmean(unseen),
        "mean_unknown": fmean(unknown),
        "apart": median(unseen) - median(unknown),
        "apart_low": low,
        "apart_high": high,
    }
    micro: dict[str, float | bool] = {name: round(value * 1e6, 1) for name, value in found.items()}
    return {**micro, "welch_t": round((fmean(unseen) - fmean(unknown)) / error, 2), "is_noise": low <= 0 <= high}


def main() -> int:
    """Make the ground, measure, print a line for each question and a line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.timing_pairs", description=__doc__)
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--only", action="append", choices=ASKED)
    parser.add_argument("--folder", type=Path, help="where the server's temporary folder goes")
    options = parser.parse_args()
    configure_logs(level=WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    things = [Theirs.new() for _ in range(options.pairs + WARM)]
    figures = {}
    with ground(is_quick=True, events=None, folder=options.folder) as lent, lent.place("pairs") as place:
        last = founded(place, things)
        token = issue_token(place.settings, str(SELLER), None, timedelta(hours=1))
        with letopis(place, "all") as port:
            assert wait_until(place.urls.projector, [one.name for one in PROJECTIONS], last, BUILD_SECONDS)
            line = Line(port, token)
            for name in options.only or ASKED:
                figures[name] = found = compared(*paired(line, *ASKED[name], random.sample(things, len(things))))
                print(
                    f"{name:12} {found['median_unseen']:7.1f} and {found['median_unknown']:7.1f} µs, apart"
                    f" {found['apart']:6.1f} ({found['apart_low']:.1f} … {found['apart_high']:.1f}),"
                    f" t {found['welch_t']}{'' if found['is_noise'] else '  NOT NOISE'}",
                    file=sys.stderr,
                    flush=True,
                )
    print(json.dumps({"pairs": options.pairs, **figures, "machine": machine()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
