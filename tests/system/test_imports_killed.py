"""A service is killed or stopped while it imports what somebody sent: the next one goes on, nothing doubled or lost.

`LETOPIS_IMPORT_KILLS` says how often (3).
"""

import csv
import io
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import sleep

from app.imports.storing import WORTH_IT
from tests.database import Database
from tests.system.sent import Imports
from tests.system.service import service, wait_ready

KILLS = int(os.environ.get("LETOPIS_IMPORT_KILLS", "3"))
FEW = 10_000
ROWS = max(FEW, KILLS * 2_000)
REMARK = "x" * (WORTH_IT // 5_000)
"""Of nothing that is taken: it makes the file so large that two processes are worth it."""


def is_wrong(number: int) -> bool:
    return number % 97 == 0


def content(rows: int = ROWS) -> bytes:
    """Return a file in which every row is somebody, or wrong."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(("Id", "Name", "Phone", "Remark"))
    for number in range(1, rows + 1):
        phone = "12" if is_wrong(number) else f"+7{9_000_000_000 + number}"
        writer.writerow((number, f"Firm {number}", phone, REMARK))
    return file.getvalue().encode()


@contextmanager
def installation(database: Database, folder: Path, start: int) -> Iterator[Imports]:
    """Run the same installation once more."""
    with service(folder, "service", database_url=database.owner_url) as running:
        wait_ready(running)
        yield Imports(running, database, folder / "service" / "imports")
        log = running.log.read_text()
        assert '"bug"' not in log
        (folder / f"log-{start}").write_text(log)


def test_an_import_goes_on_after_its_service_was_killed_or_stopped(database: Database, tmp_path: Path) -> None:
    chance = Random(15)
    with installation(database, tmp_path, 0) as imports:
        import_id = imports.sent(content(), "firms.csv")
        imports.post(f"/imports/{import_id}/run")
        imports.until(import_id, lambda one: (one["job"]["progress"] or {}).get("phase") == "importing")
        imports.service.kill()
    for start in range(1, KILLS):
        with installation(database, tmp_path, start) as imports:
            imports.until(import_id, lambda one: one["job"] and one["job"]["state"] in {"running", "done"})
            sleep(chance.random() * 2)
            if start % 2:
                imports.service.stop()
            else:
                os.killpg(imports.service.process.pid, signal.SIGKILL)
                imports.service.process.wait()
    with installation(database, tmp_path, KILLS) as imports:
        told = imports.ended(import_id)
        report = told["report"]
        wrong = {str(number) for number in range(1, ROWS + 1) if is_wrong(number)}
        assert (told["state"], report["rows"], report["wrong"]) == ("done", ROWS, len(wrong))
        assert report["accepted"] + report["already_there"] == ROWS - len(wrong)
        counts = "SELECT count(DISTINCT stream_id), count(*) FROM letopis.event WHERE topic = %s"
        assert imports.ask(counts, "client.registered") == [(ROWS - len(wrong), ROWS - len(wrong))]
        assert imports.ask(counts, "import.started") == [(1, 1)] == imports.ask(counts, "import.finished")
        errors = imports.get(f"/imports/{import_id}/errors").text.removeprefix("\ufeff")
        assert {row[0] for row in list(csv.reader(io.StringIO(errors)))[1:]} == wrong
        assert imports.kept() == {f"{import_id}/errors.csv"}


def importing(imports: Imports) -> int:
    """Return the process that imports: the last one that the service has started."""
    first = imports.service.process.pid
    threads = Path(f"/proc/{first}/task").glob("*/children")
    children = [int(one) for each in threads for one in each.read_text().split()]
    found = [one for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]
    return max(found)


def test_an_import_whose_process_is_killed_ends_with_a_word_and_goes_on_when_sent_again(
    database: Database, tmp_path: Path
) -> None:
    with installation(database, tmp_path, 0) as imports:
        import_id = imports.sent(content(FEW), "firms.csv")
        imports.post(f"/imports/{import_id}/run")
        imports.until(import_id, lambda one: (one["job"]["progress"] or {}).get("phase") == "importing")
        os.kill(importing(imports), signal.SIGKILL)
        told = imports.ended(import_id)
        assert (told["state"], told["job"]["outcome"]["code"]) == ("failed", "import-process-died")
        assert imports.kept() == set()
        again = imports.ran(imports.sent(content(FEW), "firms.csv"))["report"]
        assert again["accepted"] + again["already_there"] == FEW - again["wrong"]
        assert again["already_there"] > 0


def test_a_file_whose_service_dies_before_it_is_whole_is_swept(database: Database, tmp_path: Path) -> None:
    with installation(database, tmp_path, 0) as imports:
        whole = imports.sent(b"Name,Phone\nA,+7 900 000-00-01\n")
    orphan = tmp_path / "service" / "imports" / "01a22dc8-20a4-75e4-b574-6a96f3d3a758"
    orphan.mkdir()
    (orphan / "upload").write_bytes(b"half")
    for each in (orphan / "upload", orphan):
        os.utime(each, (0, 0))
    imports.ask("UPDATE letopis.import_upload SET uploaded_at = uploaded_at - interval '25 hours'")
    with installation(database, tmp_path, 1) as imports:
        told = imports.until(whole, lambda one: one["state"] == "discarded")
        assert not told["has_file"]
        assert imports.kept() == set()
        assert '"uploads":1,"errors":0,"orphans":1' in imports.service.log.read_text().replace(" ", "")


def test_the_rows_that_were_not_taken_are_kept_for_as_long_as_is_said(database: Database, tmp_path: Path) -> None:
    with installation(database, tmp_path, 0) as imports:
        import_id = imports.sent(b"Name,Phone\nA,12\n")
        told = imports.ran(import_id)
        days = imports.ask("SELECT errors_until - clock_timestamp() FROM letopis.import_upload")[0][0]
        assert told["has_errors"]
        assert days.days == 29
    imports.ask("UPDATE letopis.import_upload SET errors_until = clock_timestamp()")
    with installation(database, tmp_path, 1) as imports:
        imports.until(import_id, lambda one: not one["has_errors"])
        assert imports.get(f"/imports/{import_id}/errors").status_code == 404
        assert imports.kept() == set()
        assert imports.one(import_id)["report"]["reasons"] == {"wrong-phone": 1}
