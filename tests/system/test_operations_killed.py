"""A service is stopped or killed in the middle of a rebuild: the job ends with a true word, and what waited is done."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from app.composition.wiring import batch_runner
from app.demo.company import load_demo_company
from infra.postgres.connection import OwnConnection
from tests.database import MASTER, Database
from tests.system.jobs import BORIS, Operations, projector_of
from tests.system.service import Service, service, wait_ready
from tests.system.truth import check_views


class Installation:
    """An installation whose service is started again."""

    def __init__(self, database: Database, folder: Path, stack: ExitStack) -> None:
        self.database = database
        self._folder, self._stack, self._starts = folder, stack, 0
        borrow = OwnConnection(database.writer_url)
        load_demo_company(batch_runner(MASTER, borrow).run, MASTER.keyed_hash, datetime.now(UTC))
        borrow.close()

    def start(self) -> Operations:
        self._starts += 1
        running = self._stack.enter_context(
            service(self._folder, f"service-{self._starts}", database_url=self.database.owner_url)
        )
        wait_ready(running)
        return Operations(running)

    def half_made(self) -> int:
        with psycopg.connect(self.database.owner_url) as owner:
            rows = owner.execute("SELECT count(*) FROM letopis.projection WHERE state = 'building'").fetchone()
        assert rows is not None
        return int(rows[0])


@pytest.fixture
def installation(database: Database, tmp_path: Path) -> Iterator[Installation]:
    with ExitStack() as stack:
        yield Installation(database, tmp_path, stack)


def killed_alone(running: Service) -> None:
    """End the first process; those that it started find out."""
    running.kill()


def killed_with_all_it_started(running: Service) -> None:
    os.killpg(running.process.pid, signal.SIGKILL)
    running.process.wait()


def stopped(running: Service) -> None:
    assert running.stop() == 0


@pytest.mark.parametrize("end", [killed_alone, killed_with_all_it_started, stopped])
def test_what_was_under_way_ends_with_a_word_and_what_waited_is_done(
    installation: Installation, end: Callable[[Service], None]
) -> None:
    before = installation.start()
    rebuild = before.folding("client_card")
    behind = before.start("verify", projection="client_card")
    # Nothing is configured here.
    refused = before.post("backup").json()
    assert (refused["status"], refused["code"], refused["setting"]) == (
        409,
        "no-place-for-backups",
        "LETOPIS_BACKUP_TO",
    )
    end(before.service)

    after = installation.start()
    told = after.ended(rebuild)
    assert (told["state"], told["outcome"]["code"]) == ("abandoned", "rebuild-left")
    assert told["outcome"]["facts"]["generation"] == after.generation("client_card") == 1
    assert after.ended(behind)["outcome"]["code"] == "verified-equal"
    assert installation.half_made() == 0
    position = after.service.post("list-product", {"code": "after", "name": "After"}, BORIS).json()["position"]
    check_views(installation.database.projector_url, installation.database.writer_url, MASTER, position)
    assert after.done("rebuild", projection="client_card")["facts"]["generation"] > 1
    assert '"bug"' not in after.service.log.read_text()


def test_a_rebuild_whose_projector_is_killed_ends_with_a_word_while_the_service_goes_on(
    installation: Installation,
) -> None:
    operations = installation.start()
    rebuild = operations.folding("client_card")
    with psycopg.connect(installation.database.owner_url) as owner:
        row = owner.execute("SELECT state, attempts FROM letopis.operation WHERE job_id = %s", [rebuild]).fetchone()
    assert row == ("running", 1)
    os.kill(projector_of(operations.service), signal.SIGKILL)
    told = operations.ended(rebuild)
    assert (told["state"], told["outcome"]["code"]) == ("abandoned", "rebuild-left")
    assert operations.done("verify", projection="client_card")["code"] == "verified-equal"
