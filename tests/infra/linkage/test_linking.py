"""The process that scores pairs: it can leave nothing behind, and does not outlive who began it."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from infra.linkage import linking
from infra.linkage.columns import Column, Kind

ROOT = Path(__file__).resolve().parents[3]

_WRITES = """
from infra.linkage.linking import confine, opened
confine(256)
connection = opened(256, 1)
connection.execute("CREATE TABLE names AS SELECT 'Romashka ' || n AS name FROM range(10) AS r (n)")
for statement in ("COPY names TO '/tmp/letopis-names.csv'", "ATTACH '/tmp/letopis-names.db'"):
    try:
        connection.execute(statement)
        print("done", statement)
    except Exception as error:
        print(type(error).__name__)
try:
    with open("/tmp/letopis-names.txt", "w") as file:
        file.write("Romashka")
    print("written")
except OSError as error:
    print(type(error).__name__)
"""
_BEGINS = """
import json, sys, time
from infra.own_process import started
process = started("infra.linkage.linking")
asked = {"columns": [["name", "name"]], "least": 0.5, "megabytes": 256, "threads": 1}
process.stdin.write(json.dumps(asked).encode() + b"\\n")
process.stdin.flush()
print(process.pid, flush=True)
time.sleep(60)
"""


def test_it_can_write_no_file_with_a_name_in_it() -> None:
    done = subprocess.run([sys.executable, "-c", _WRITES], cwd=ROOT, capture_output=True, text=True, check=True)
    for path in (Path("/tmp/letopis-names.txt"), Path("/tmp/letopis-names.csv"), Path("/tmp/letopis-names.db")):  # noqa: S108
        assert not path.exists() or not path.stat().st_size
        path.unlink(missing_ok=True)
    assert done.stdout.split() == ["PermissionException", "PermissionException", "OSError"]


def test_it_ends_when_who_began_it_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _BEGINS], cwd=ROOT, stdout=subprocess.PIPE) as began:
        assert began.stdout is not None
        process = int(began.stdout.readline())
        began.send_signal(signal.SIGKILL)
        began.wait()
        over = time.monotonic() + 30
        while _lives(process) and time.monotonic() < over:
            time.sleep(0.1)
    assert not _lives(process)


def test_only_the_process_has_the_library_that_scores() -> None:
    asked = (
        "import sys, app.serving.serve, app.composition.reading, app.operations.doing; print('splink' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.lower()) is False


def _lives(process: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_pairs_that_are_scored_some_at_a_time_have_the_scores_of_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [Column("name", Kind.NAME), Column("phone", Kind.SET), Column("city", Kind.CATEGORY)]
    records = {
        "id": [str(number) for number in range(60)],
        "name": [f"Romashka {'abcdefgh'[number % 8] * 3}{'x' * (number % 5)}" for number in range(60)],
        "phone": [[f"+7{number // 2:09}"] for number in range(60)],
        "city": ["Perm" if number % 3 else None for number in range(60)],
    }
    kinds = {"phone": pa.list_(pa.string())}
    table = pa.table({name: pa.array(told, kinds.get(name, pa.string())) for name, told in records.items()})

    def scores() -> list[tuple[object, ...]]:
        connection = linking.opened(512, 1)
        told = linking.link(connection, columns, iter(table.to_batches()), 0.0001)
        assert told["compared"] > 20
        return [tuple(row) for row in connection.execute("SELECT * FROM scores ORDER BY id_l, id_r").fetchall()]

    at_once = scores()
    monkeypatch.setattr(linking, "PAIRS_AT_ONCE", 7)
    assert scores() == at_once
    assert at_once
