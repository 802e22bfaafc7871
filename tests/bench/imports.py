"""Importing a real CRM's tables, against a COPY of as many rows."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from statistics import median

import httpx
import psycopg

from tests.bench.ground import Ground, environment
from tests.bench.http import letopis
from tests.bench.measuring import ROOT, Race

PATIENCE = 60.0

PLAIN_TABLE = (
    "CREATE TABLE sales (opportunity_id text PRIMARY KEY, agent text, product text, account text, stage text,"
    " engage_date date, close_date date, close_value numeric)"
)


def _folder() -> Path:
    found = Path(os.environ.get("LETOPIS_DATA") or ROOT / ".." / "shared" / "data").resolve() / "maven-crm"
    assert found.is_dir(), f"no real input at {found}: set LETOPIS_DATA to the folder that holds maven-crm"
    return found


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while httpx.get(f"http://127.0.0.1:{port}/ready").status_code != httpx.codes.OK:
        assert time.monotonic() < deadline, "the service did not get ready"
        time.sleep(0.1)
    # Its last threads come to rest.
    time.sleep(1)


@contextmanager
def import_rows(ground: Ground) -> Iterator[Race]:
    """The Maven company enters at 3,000 rows/s or more, each row decided by the rules and answered by a receipt.

    From the start of the process `letopis import maven` to its last durable receipt, with a running service beside it
    whose projector follows on the same two cores. The baseline is what a database can do at best: a COPY of as many
    rows of the largest file, undecided and unencrypted, so we expect a small part of it. Every turn begins with an
    empty log.
    """
    folder = _folder()
    turns = count(1)
    caught_up: list[float] = []

    def ours() -> float:
        with ground.place(f"import{next(turns)}") as place, letopis(place, "projections") as port:
            _wait_until_ready(port)
            began = time.time()
            words = [
                sys.executable,
                "-c",
                "from app.terminal.cli import main; main()",
                "import",
                "maven",
                str(folder),
                "--json",
            ]
            ran = subprocess.run(words, cwd=ROOT, env=environment(place), capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stderr
            told = json.loads(ran.stdout.splitlines()[-1])
            report = told["import"]
            assert told["is_equal"], told
            assert report["accepted"] == report["rows"], report
            caught_up.append(told["catch_up_seconds"])
            return float(report["rows"] / (datetime.fromisoformat(report["ended_at"]).timestamp() - began))

    # Python compiles what it has not seen before, and keeps it.
    ours()
    with (folder / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        rows = [[cell or None for cell in row] for row in list(csv.reader(file))[1:]]

    def baseline() -> float:
        with ground.bare_database("plain") as url:
            began = time.perf_counter()
            with psycopg.connect(url) as connection:
                connection.execute(PLAIN_TABLE)
                with connection.cursor() as cursor, cursor.copy("COPY sales FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            return len(rows) / (time.perf_counter() - began)

    def extras() -> dict[str, float]:
        return {"views_caught_up_s": median(caught_up)}

    yield Race(ours, baseline, "COPY of the rows into one table", "rows/s", extras)
