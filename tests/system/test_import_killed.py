"""kill -9 of the two processes of a large import at moments of chance: nothing doubled, nothing lost, all errors told.

`LETOPIS_IMPORT_KILLS` says how often (3); each time the very line is run again, and the last time to its end.
"""

import csv
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from random import Random

import psycopg

from app.imports.storing import WORTH_IT
from tests.database import Database
from tests.system.service import ROOT, environment, letopis

KILLS = int(os.environ.get("LETOPIS_IMPORT_KILLS", "3"))
ROWS = max(10_000, KILLS * 2_000)
REMARK = "x" * (WORTH_IT // 5_000)
"""Of nothing that is taken: it makes the file so large that two processes are worth it."""

MAPPING = """
source = "gen"
target = "client"
external_id = "Id"
[fields]
name = "Name"
phone = "Phone"
email = "Mail"
"""
PATIENCE = 120.0


def is_wrong(number: int) -> bool:
    return number % 97 == 0


def is_twin(number: int) -> bool:
    """Whether the row has the e-mail of the one before."""
    return number % 89 == 0 and not is_wrong(number) and not is_wrong(number - 1)


def write_rows(path: Path) -> set[str]:
    """Write the file, and return which rows cannot be taken."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Id", "Name", "Phone", "Mail", "Remark"))
        for number in range(1, ROWS + 1):
            phone = "12" if is_wrong(number) else f"+7{9_000_000_000 + number}"
            mail = f"m{number - 1 if is_twin(number) else number}@x.org"
            writer.writerow((number, f"Firm {number}", phone, mail, REMARK))
    return {str(number) for number in range(1, ROWS + 1) if is_wrong(number) or is_twin(number)}


def stored(url: str) -> int:
    """How many facts the log holds."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT coalesce(max(position), 0) FROM letopis.event").fetchone()
    assert row is not None
    return int(row[0])


def kill_at(process: "subprocess.Popen[bytes]", url: str, facts: int, delay: float, whom: str) -> bool:
    """Kill the import when the log has so many facts, a moment later; return whether it was at work still.

    `whom`: the process that reads, the one that stores, or both at once.
    """
    deadline = time.monotonic() + PATIENCE
    while stored(url) < facts and process.poll() is None:
        assert time.monotonic() < deadline, "the import does not get on"
        time.sleep(0.01)
    time.sleep(delay)
    if process.poll() is not None:
        return False
    if whom == "both":
        os.killpg(process.pid, signal.SIGKILL)
    elif whom == "reader":
        process.kill()
    else:
        while not (storers := storers_of(process)) and process.poll() is None:
            assert time.monotonic() < deadline, "no process stores"
            time.sleep(0.01)
        for storer in storers:
            os.kill(storer, signal.SIGKILL)
    process.wait(PATIENCE)
    return True


def storers_of(process: "subprocess.Popen[bytes]") -> list[int]:
    """The processes that an import has started to store what it reads."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    started = children.read_text().split() if children.exists() else []
    return [int(child) for child in started if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_a_large_import_killed_at_any_moment_goes_on_without_a_double_or_a_loss(
    database: Database, tmp_path: Path
) -> None:
    chance, file, mapping, errors = Random(15), tmp_path / "rows.csv", tmp_path / "map.toml", tmp_path / "errors.csv"
    not_taken = write_rows(file)
    mapping.write_text(MAPPING, encoding="utf-8")
    line = letopis("import", "file", str(file), "--mapping", str(mapping), "--errors", str(errors), "--json")
    surroundings = environment(tmp_path / "var", database.owner_url)
    killed = 0
    for number in range(KILLS):
        facts = stored(database.writer_url) + chance.randrange(ROWS // KILLS // 4)
        whom = ("storer", "reader", "both")[number % 3]
        with (tmp_path / "log.txt").open("wb") as log:
            process = subprocess.Popen(line, env=surroundings, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        killed += kill_at(process, database.writer_url, facts, chance.uniform(0, 0.2), whom)
    assert killed, "they had finished before"
    ran = subprocess.run(line, env=surroundings, cwd=ROOT, capture_output=True, text=True, check=False)
    report = json.loads(ran.stdout.splitlines()[-1])
    assert report["rows"] == ROWS == report["accepted"] + report["already_there"] + len(not_taken)
    assert (report["wrong"], report["refused"]) == (
        sum(map(is_wrong, range(1, ROWS + 1))),
        sum(map(is_twin, range(1, ROWS + 1))),
    )
    with errors.open(encoding="utf-8-sig", newline="") as told:
        assert sorted(row[0] for row in list(csv.reader(told))[1:]) == sorted(not_taken)
    with psycopg.connect(database.writer_url) as connection:
        found = [
            each
            for (each,) in connection.execute(
                "SELECT body::json->>'external_id' FROM letopis.event WHERE topic = 'client.registered'"
            )
        ]
        counted = connection.execute("SELECT count(*), max(position) FROM letopis.event").fetchone()
    assert len(found) == len(set(found)) == ROWS - len(not_taken)
    assert not not_taken.intersection(found)
    assert counted == (len(found) + 2, len(found) + 2)
