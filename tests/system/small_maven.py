"""A small company in the form of the Maven data set, made by a seeded chance, and a process that imports it.

`python -m tests.system.small_maven FOLDER WRITER_URL MOMENT DELAY` imports, and after every batch prints one line: the
receipts it got, as [[command id, positions]]. DELAY seconds after it got MOMENT receipts it is killed.
"""

import csv
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from threading import Timer

from app.composition.decoding import mapper_by
from app.composition.wiring import batch_runner
from commands.execution.pending import Accepted, PendingCommand
from commands.importing import run
from commands.importing.folder_import import MAVEN, import_folder
from commands.importing.report import Report
from commands.importing.run import WriteDoor
from infra.postgres.connection import OwnConnection
from tests.database import MASTER

DEALS = 3_000
BATCH = 40
"""Rows in one transaction of the process to be killed: many, so that there are many moments to be killed at."""

ZONE = "Europe/Moscow"
AGENTS, ACCOUNTS, PRODUCTS = 12, 60, 6
FIRST = date(2016, 11, 1)


def make_folder(folder: Path, *, seed: int = 7) -> Path:
    """Write the four files; return the folder."""
    chance = Random(seed)
    agents = [f"Agent {number}" for number in range(AGENTS)]
    accounts = [f"Account {number}" for number in range(ACCOUNTS)]
    products = [f"Product {number}" for number in range(PRODUCTS)]
    _write(
        folder / "sales_teams.csv",
        ("sales_agent", "manager", "regional_office"),
        [(agent, f"Manager {number % 3}", f"Office {number % 3}") for number, agent in enumerate(agents)],
    )
    _write(
        folder / "accounts.csv",
        ("account", "sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of"),
        [(name, "retail", "1996", "10.5", "20", "Perm", chance.choice(["", accounts[0]])) for name in accounts[1:]]
        + [(accounts[0], "retail", "1990", "99", "200", "Perm", "")],
    )
    _write(folder / "products.csv", ("product", "series", "sales_price"), [(name, "P", "100") for name in products])
    _write(
        folder / "sales_pipeline.csv",
        (
            "opportunity_id",
            "sales_agent",
            "product",
            "account",
            "deal_stage",
            "engage_date",
            "close_date",
            "close_value",
        ),
        [_deal(number, chance, agents, products, accounts) for number in range(DEALS)],
    )
    return folder


def _deal(
    number: int, chance: Random, agents: Sequence[str], products: Sequence[str], accounts: Sequence[str]
) -> tuple[str, ...]:
    stage = chance.choice(["Won", "Won", "Lost", "Engaging", "Prospecting"])
    engaged = FIRST + timedelta(days=chance.randrange(300))
    closed = engaged + timedelta(days=chance.randrange(1, 90))
    account = chance.choice(accounts) if stage in {"Won", "Lost"} or chance.random() < 0.8 else ""
    return (
        f"OP{number:05d}",
        chance.choice(agents),
        chance.choice(products),
        account,
        stage,
        "" if stage == "Prospecting" else engaged.isoformat(),
        closed.isoformat() if stage in {"Won", "Lost"} else "",
        {"Won": str(chance.randrange(50, 5000)), "Lost": "0"}.get(stage, ""),
    )


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


@contextmanager
def write_door(url: str, heard: Callable[[Sequence[PendingCommand]], None] | None = None) -> Iterator[WriteDoor]:
    """Lend what an import writes by; `heard` is called with what was answered."""
    reading, writing = OwnConnection(url), OwnConnection(url)
    door = WriteDoor(
        batch_runner(MASTER, reading, writing),
        MASTER.keyed_hash,
        borrow=reading,
        decode=mapper_by(reading, MASTER).to_event,
    )
    yield door if heard is None else replace(door, heard=heard)
    reading.close()
    writing.close()


def import_all(folder: Path, url: str) -> Report:
    """Import the whole company in this process."""
    with write_door(url) as door:
        return import_folder(folder, MAVEN, door, zone=ZONE)


class Doomed:
    """Tells what it was promised, and is killed a moment after it was promised so many receipts.

    It sets the timer for its own kill -9, wherever the import is when it goes off: a parent that is kept waiting for
    the processor would kill it after its end.
    """

    def __init__(self, moment: int, delay: float) -> None:
        self._left = moment
        self._timer = Timer(delay, os.kill, (os.getpid(), signal.SIGKILL))

    def __call__(self, turns: Sequence[PendingCommand]) -> None:
        receipts = [
            (str(turn.answer.command_id), [event["position"] for event in turn.answer.events])
            for turn in turns
            if isinstance(turn.answer, Accepted)
        ]
        print(json.dumps(receipts), flush=True)
        self._left -= len(receipts)
        if self._left <= 0 and not self._timer.is_alive():
            self._timer.start()


if __name__ == "__main__":
    run.BATCH = BATCH
    with write_door(sys.argv[2], Doomed(int(sys.argv[3]), float(sys.argv[4]))) as told:
        import_folder(Path(sys.argv[1]), MAVEN, told, zone=ZONE)
