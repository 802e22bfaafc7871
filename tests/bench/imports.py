"""Importing a real CRM's tables, against a COPY of as many rows."""

import csv
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from app.background import ProjectorProcess
from app.wiring import batch_runner
from commands.importing.maven import import_maven
from commands.importing.run import WriteDoor
from infra.connection import OwnConnection
from tests.bench.ground import Ground
from tests.bench.measuring import ROOT, Race

PLAIN_TABLE = (
    "CREATE TABLE sales (opportunity_id text PRIMARY KEY, agent text, product text, account text, stage text,"
    " engage_date date, close_date date, close_value numeric)"
)


def _folder() -> Path:
    found = Path(os.environ.get("LETOPIS_DATA") or ROOT / ".." / "shared" / "data").resolve() / "maven-crm"
    assert found.is_dir(), f"no real input at {found}: set LETOPIS_DATA to the folder that holds maven-crm"
    return found


@contextmanager
def import_rows(ground: Ground) -> Iterator[Race]:
    """The Maven company enters at 3,000 rows/s or more, each row decided by the rules and answered by a receipt.

    From the first file opened to the last durable receipt, with the projector following on the same cores; the start
    of Python comes on top. The baseline is what a database can do at best: a COPY of as many rows of the largest file,
    undecided and unencrypted, so we expect a small part of it. Every turn begins with an empty log.
    """
    folder = _folder()
    turns = count(1)

    def ours() -> float:
        with ground.place(f"import{next(turns)}") as place:
            projector = ProjectorProcess(place.urls, place.master)
            projector.start()
            reading, writing = OwnConnection(place.urls.writer), OwnConnection(place.urls.writer)
            try:
                door = WriteDoor(batch_runner(place.master, reading, writing), place.master.keyed_hash)
                time.sleep(ground.seconds)  # the projector's process starts meanwhile
                began = time.perf_counter()
                report = import_maven(folder, door, zone=place.settings.zone)
                elapsed = time.perf_counter() - began
                assert report.accepted == report.rows
                return report.rows / elapsed
            finally:
                reading.close()
                writing.close()
                projector.stop()

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

    yield Race(ours, baseline, "COPY of the rows into one table", "rows/s")
