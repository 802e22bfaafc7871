"""kill -9 of the importer, of the service and of the database server, each in the middle of its work, at twenty seeded
moments: what was promised is there, nothing is there twice, and every view is what the log makes.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx
import pytest
from pydantic import SecretStr

from app.composition.decoding import decoder_at
from app.database import Urls, master_key, urls_of
from app.serving.analytics_control import analytics_in_hand
from app.settings import Settings
from app.terminal.totals import analytics_totals, pipeline_totals
from commands.importing.folder_import import MAVEN, csv_totals
from commands.importing.report import Report
from infra.log.crypto import MasterKey
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.projector import ProjectorService
from projections.registry import PROJECTIONS
from tests.database import MASTER, Database, copy_of
from tests.system.load import Load
from tests.system.service import ROOT, SECRET, Service, environment, letopis, service, token, wait_ready
from tests.system.small_maven import import_all, make_folder
from tests.system.truth import check_log, check_views, facts

IMPORTER_SEEDS, SERVICE_SEEDS, POSTMASTER_SEEDS = range(7), range(7), range(6)
COMMANDS = 300
"""Commands in the load during which a service or a server is killed."""

EARLIEST, LATEST = 0.1, 0.9
DELAY_SECONDS = 0.02
"""The kill comes up to this long after a receipt: between two batches, or in the middle of one."""


# --- the importer ----------------------------------------------------------------------------------------------------


class Undisturbed(NamedTuple):
    """What an import comes to when nobody kills it."""

    folder: Path
    report: Report
    facts: set[Any]


@pytest.fixture(scope="module")
def undisturbed(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = make_folder(tmp_path_factory.mktemp("maven"))
    with copy_of(cluster, template) as database:
        report = import_all(folder, database.writer_url)
        return Undisturbed(folder, report, facts(database.projector_url))


@pytest.fixture
def projecting(database: Database) -> Iterator[Database]:
    """A database whose read models are kept up to date all the time."""
    projector = ProjectorService(PROJECTIONS, decoder_at(database.projector_url, MASTER), database.projector_url)
    projector.start()
    yield database
    projector.stop()


def import_and_kill(folder: Path, url: str, rows: int, chance: Random) -> dict[str, list[int]]:
    """Import in a process of its own that is killed at a moment of chance; return the receipts it reported by then."""
    moment, delay = int(rows * chance.uniform(EARLIEST, LATEST)), chance.uniform(0, DELAY_SECONDS)
    promised: dict[str, list[int]] = {}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.system.small_maven", str(folder), url, str(moment), str(delay)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    for line in process.stdout:
        promised |= dict(json.loads(line))
    assert process.wait() == -signal.SIGKILL, "it had finished before"
    assert EARLIEST * rows <= len(promised) < rows
    return promised


@pytest.mark.parametrize("seed", IMPORTER_SEEDS)
def test_a_killed_import_keeps_what_it_reported_and_goes_on_without_doubling(
    projecting: Database, undisturbed: Undisturbed, tmp_path: Path, seed: int
) -> None:
    url, folder = projecting.writer_url, undisturbed.folder
    promised = import_and_kill(folder, url, undisturbed.report.rows, Random(seed))
    check_log(url, promised)
    report = import_all(folder, url)
    assert report.adds_up
    assert report.accepted > 0
    assert report.already_there >= len([positions for positions in promised.values() if positions]) * 0.9
    assert facts(projecting.projector_url) == undisturbed.facts
    check_log(url, promised)
    check_views(projecting.projector_url, url, MASTER, report.position)
    _check_totals(projecting, folder, report.position, tmp_path)


def _check_totals(database: Database, folder: Path, position: int, var: Path) -> None:
    """The CSV, the pipeline and the reports say the same."""
    settings = Settings(var=var, zone="Europe/Moscow")
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    expected = csv_totals(folder, MAVEN)
    assert pipeline_totals(database.reader_url, MAVEN) == expected
    assert analytics_totals(settings, urls, MASTER, MAVEN, position) == expected
    with analytics_in_hand(settings, urls, MASTER) as analytics:
        assert analytics.verify() == []


# --- the service and its database server -----------------------------------------------------------------------------


class Office:
    """One installation with its own embedded, durable server; its service is started again after each kill."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.settings = Settings(var=folder / "letopis", jwt_secret=SecretStr(SECRET))
        self.running = self.start()
        self.seller = self._made("hire-staff", {"name": "Anna", "role": "seller"})
        stages = [{"code": "offer", "name": "Offer"}]
        self.road = self._made("define-pipeline", {"name": "Road", "stages": stages})

    def start(self) -> Service:
        self.running = self._stack.enter_context(service(self._folder, "letopis"))
        wait_ready(self.running)
        return self.running

    def _made(self, command: str, body: dict[str, Any]) -> str:
        answer = self.running.post(command, body, token("admin", "admin"))
        assert answer.status_code == httpx.codes.OK, answer.text
        return str(answer.json()["stream_id"])

    @property
    def server(self) -> EmbeddedPostgres:
        """The database server that runs now."""
        server = EmbeddedPostgres(self.settings.var / "postgres")
        assert server.attach()
        return server

    @property
    def master(self) -> MasterKey:
        return master_key(self.settings)

    @property
    def urls(self) -> Urls:
        return urls_of(self.server.owner_url, self.settings, self.master)

    def load(self, name: str) -> Load:
        """Return commands that record one fact each, whatever their order."""
        commands: list[tuple[str, dict[str, Any]]] = []
        for number in range(COMMANDS):
            point = {"kind": "email", "value": f"{name}-{number}@example.org"}
            client = {"kind": "person", "name": f"Client {number}", "contact_points": [point]}
            worth = {"amount": str(number), "currency": "RUB"}
            deal = {"pipeline_id": self.road, "seller_id": self.seller, "amount": worth}
            commands.append(("open-deal", deal) if number % 3 == 0 else ("register-client", client))
        return Load(commands, token("admin", "admin"), name)

    def check(self, load: Load, before: int) -> None:
        """Send everything again, under the same keys: all is there once, and every view shows it."""
        check_log(self.urls.writer, load.promised)
        first = dict(load.answered)
        numbers = range(COMMANDS)
        answers = asyncio.run(load.send(self.running.address, numbers))
        assert [answer.status for answer in answers] == [httpx.codes.OK] * COMMANDS
        replayed = {answer.body["command_id"] for answer in answers if answer.body["replayed"]}
        assert {body["command_id"] for body in first.values()} <= replayed
        position = check_log(self.urls.writer, load.promised)
        assert position == before + COMMANDS
        check_views(self.urls.projector, self.urls.writer, self.master, position)
        with analytics_in_hand(self.settings, self.urls, self.master) as analytics:
            assert analytics.verify() == []


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    # Not pytest's own temp folder: as root it is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="letopis-tests-"))
    folder.chmod(0o711)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield Office(folder, stack)


async def _send_and_kill(load: Load, address: str, kill: Callable[[], None], chance: Random) -> int:
    """Send everything, and kill at a moment of chance; return how many commands had been answered at that moment."""
    moment, delay = COMMANDS * chance.uniform(EARLIEST, LATEST), chance.uniform(0, 0.003)
    reached = asyncio.Event()

    def look(answered: int) -> None:
        if answered >= moment:
            reached.set()

    async def then_kill() -> int:
        await reached.wait()
        await asyncio.sleep(delay)
        kill()
        return len(load.answered)

    sending = asyncio.create_task(load.send(address, range(COMMANDS), look))
    answered = await then_kill()
    await sending
    return answered


@pytest.mark.parametrize("seed", SERVICE_SEEDS)
def test_a_killed_service_starts_again_with_all_it_had_answered(office: Office, seed: int) -> None:
    before, load = check_log(office.urls.writer, {}), office.load(f"service-{seed}")
    chance = Random(seed)
    answered = asyncio.run(_send_and_kill(load, office.running.address, office.running.process.kill, chance))
    assert EARLIEST * COMMANDS <= answered < COMMANDS
    assert load.unanswered(), "nobody was left without an answer"
    office.running.process.wait()
    office.start()
    office.check(load, before)


async def _read_at_once(address: str, headers: dict[str, str]) -> None:
    """Ask enough at once that the service opens all its connections for reads."""
    async with httpx.AsyncClient(base_url=address, headers=headers) as client:
        answers = await asyncio.gather(*(client.get("/staff") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {httpx.codes.OK}


@pytest.mark.parametrize("seed", POSTMASTER_SEEDS)
def test_a_service_whose_database_server_was_killed_recovers_by_itself(office: Office, seed: int) -> None:
    before, load = check_log(office.urls.writer, {}), office.load(f"postmaster-{seed}")
    first, process, readiness = office.server.pid, office.running.process.pid, []
    asyncio.run(_read_at_once(office.running.address, load.headers))

    def kill() -> None:
        os.kill(first, signal.SIGKILL)
        readiness.append(httpx.get(f"{office.running.address}/ready", timeout=10).status_code)

    chance = Random(seed)
    answered = asyncio.run(_send_and_kill(load, office.running.address, kill, chance))
    assert EARLIEST * COMMANDS <= answered < COMMANDS
    assert readiness == [httpx.codes.SERVICE_UNAVAILABLE]
    wait_ready(office.running)
    assert office.server.pid != first
    reads = [httpx.get(f"{office.running.address}/staff", headers=load.headers).status_code for _ in range(10)]
    assert reads == [httpx.codes.OK] * 10, "a connection of the dead server was still in use"
    assert office.running.process.poll() is None
    assert office.running.process.pid == process
    office.check(load, before)


def test_the_killed_installation_is_whole_to_its_operator_and_stops_in_order(office: Office) -> None:
    verify = letopis("projections", "verify", "all", "--json")
    told = subprocess.run(
        verify, env=environment(office.settings.var, None), cwd=office.settings.var, stdout=subprocess.PIPE, check=True
    )
    claims = json.loads(told.stdout)["claims"]
    assert (claims["missing"], claims["extra"]) == (0, 0)
    assert claims["claims"] >= len(SERVICE_SEEDS) * COMMANDS // 2
    running = office.server
    assert running.is_alive
    assert office.running.stop() == 0
    assert not running.is_alive
