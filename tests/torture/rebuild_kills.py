"""Kills what builds and what follows the read models, at random moments, and checks every view after each kill.

`python -m tests.torture.rebuild_kills 200`: facts are recorded all the time, one process keeps the read models up to
date, one rebuilds them one after the other with two workers. After each kill, and while all of it goes on again, the
generation readers see and the one kept for a rollback are compared, row by row, with a fold from scratch. A reader
reads all the time and must never fail.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from threading import Event as Signal
from threading import Thread

import psycopg

from infra.migrations import migrate
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.generations import newest_retired
from infra.projector.projector import ProjectorService, build
from replay.rebuilding.rebuild import rebuild
from replay.rebuilding.resources import Resources
from replay.rebuilding.verify import NoSuchGenerationError, verify
from replay.rebuilding.workers import WorkerDiedError
from tests.database import ROLE_PASSWORDS, Database, urls_of
from tests.toy.boxes import boxes, days, decode, decoder, drops, random_history, record

ROOT = Path(__file__).resolve().parent.parent.parent
EVERY = (boxes, days, drops)
FACTS_AT_ONCE, PAUSE_SECONDS = 5, 0.05
EARLIEST, LATEST = 0.05, 1.2
PATIENCE = 60.0
SETTINGS = {"shared_buffers": "128MB", "max_wal_size": "1GB", "max_connections": "60"}


@dataclass
class Outcome:
    """What came of it: how often what was killed, how many rebuilds were done, and everything that was wrong."""

    killed: Counter[str] = field(default_factory=Counter)
    swaps: int = 0
    compared: int = 0
    reads: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """Return the one line that says it all."""
        what = ", ".join(f"{number} × {name}" for name, number in sorted(self.killed.items()))
        return (
            f"killed {self.killed.total()} ({what}), generations made {self.swaps}, views compared {self.compared},"
            f" reads {self.reads}, wrong {len(self.wrong)}"
        )


def follow(url: str) -> None:
    """Keep the read models up to date until killed."""
    ProjectorService(EVERY, decode, url, poll_seconds=0.05).start()
    while True:
        time.sleep(1)


def rebuild_for_ever(url: str) -> None:
    """Rebuild one read model after the other until killed."""
    # The rows fit in memory, or are dealt out to many shards.
    for rows_at_once in cycle((1_000, 1)):
        resources = Resources(rows_at_once=rows_at_once, small_log=0)
        for projection in EVERY:
            with suppress(psycopg.OperationalError, WorkerDiedError):
                rebuild(projection, url, decoder, resources=resources)


class _Run:
    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._chance = Random(seed)
        self._seed = seed
        self._ended = Signal()
        self.outcome = Outcome()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._rows = 0
        self._threads = [Thread(target=self._write), Thread(target=self._read)]

    def to_the_end(self, kills: int, say: Callable[[str], None]) -> Outcome:
        for projection in EVERY:
            build(projection, decode, self._database.projector_url)
        for thread in self._threads:
            thread.start()
        try:
            for number in range(kills):
                self._tend()
                time.sleep(self._chance.uniform(EARLIEST, LATEST))
                self._kill()
                self._compare()
                if (number + 1) % 20 == 0:
                    say(f"{number + 1} killed, {len(self.outcome.wrong)} wrong")
        finally:
            self._ended.set()
            for process in self._processes.values():
                _end(process)
            for thread in self._threads:
                thread.join()
        self._finish()
        return self.outcome

    def _tend(self) -> None:
        for work in ("follow", "rebuild"):
            process = self._processes.get(work)
            if process is None or process.poll() is not None:
                words = [sys.executable, "-m", "tests.torture.rebuild_kills", work, self._database.projector_url]
                self._processes[work] = subprocess.Popen(
                    words, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )

    def _kill(self) -> None:
        what = self._chance.choice(["the follower", "the rebuild", "the rebuild with its workers", "both", "a session"])
        self.outcome.killed[what] += 1
        if what == "a session":
            self._kill_a_session()
        if what in {"the follower", "both"}:
            self._processes["follow"].kill()
        if what in {"the rebuild", "both"}:
            self._processes["rebuild"].kill()
        if what == "the rebuild with its workers":
            os.killpg(self._processes["rebuild"].pid, signal.SIGKILL)
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.01)

    def _kill_a_session(self) -> None:
        with psycopg.connect(self._database.owner_url, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'letopis-projector'"
                " AND datname = current_database() ORDER BY hashint8(pid # %s) LIMIT 1",
                (self._chance.randrange(2**31),),
            )

    def _compare(self) -> None:
        for projection in EVERY:
            report = verify(projection, self._database.projector_url, decoder)
            self._judge("readers see", report.is_equal, f"{projection.name}: {report.summary}")
            # What is kept may be dropped while it is looked at: by the session of a rebuild that was killed, say.
            with suppress(NoSuchGenerationError):
                kept = verify(projection, self._database.projector_url, decoder, find=newest_retired)
                self._judge("kept", kept.is_equal, f"{projection.name}: {kept.summary}")

    def _judge(self, which: str, is_right: bool, said: str) -> None:
        self.outcome.compared += 1
        if not is_right:
            self.outcome.wrong.append(f"{which}: {said}")

    def _write(self) -> None:
        number = self._seed
        while not self._ended.wait(PAUSE_SECONDS):
            number += 1
            record(self._database.owner_url, random_history(number, FACTS_AT_ONCE), salt=str(number))

    def _read(self) -> None:
        with psycopg.connect(self._database.reader_url, autocommit=True) as reader:
            while not self._ended.wait(0.01):
                try:
                    rows = reader.execute("SELECT count(*) FROM read.drops_v1").fetchone()
                except psycopg.Error as error:
                    self.outcome.wrong.append(f"a read failed: {error}")
                    return
                self.outcome.reads += 1
                self._torn(rows[0] if rows else 0)

    def _torn(self, rows: int) -> None:
        """A view that is only added to never has fewer rows than before."""
        if rows < self._rows:
            self.outcome.wrong.append(f"a view was torn: {rows} rows after {self._rows}")
        self._rows = rows

    def _finish(self) -> None:
        """Let a new follower bring everything to the end of the log, clear up, and compare once more."""
        url = self._database.projector_url
        service = ProjectorService(EVERY, decode, url, poll_seconds=0.05)
        service.start()
        try:
            deadline = time.monotonic() + PATIENCE
            while self._behind():
                if time.monotonic() > deadline:
                    self.outcome.wrong.append("the read models never came to the end of the log, or a build was left")
                    break
                time.sleep(0.05)
        finally:
            service.stop()
        self._compare()
        with psycopg.connect(self._database.owner_url) as owner:
            newest = "SELECT max(generation) AS number FROM letopis.projection GROUP BY name"
            row = owner.execute(f"SELECT sum(number) FROM ({newest}) AS newest").fetchone()
        self.outcome.swaps = int(row[0]) if row else 0

    def _behind(self) -> bool:
        with psycopg.connect(self._database.owner_url) as owner:
            row = owner.execute(
                "SELECT count(*) FROM read.generation_status WHERE lag_events > 0 OR state = 'building' OR error <> ''"
            ).fetchone()
        return row is None or row[0] > 0


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run(database: Database, kills: int, seed: int, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Kill so many times in an empty, migrated database."""
    return _Run(database, seed).to_the_end(kills, say)


def main() -> int:
    """Be one of the processes, or the run; 0 when nothing was wrong."""
    if sys.argv[1:2] in (["follow"], ["rebuild"]):
        work = follow if sys.argv[1] == "follow" else rebuild_for_ever
        work(sys.argv[2])
    parser = argparse.ArgumentParser(prog="python -m tests.torture.rebuild_kills", description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="letopis-torture-"))
    # The server's user has to pass through to its data.
    folder.chmod(0o711)
    try:
        with EmbeddedPostgres(folder / "postgres", settings=SETTINGS, say=lambda _: None) as server:
            migrate(server.owner_url, role_passwords=ROLE_PASSWORDS)
            outcome = run(urls_of(server, "letopis"), asked.kills, asked.seed, lambda words: print(words, flush=True))
    finally:
        shutil.rmtree(folder)
    for wrong in outcome.wrong:
        print(wrong)
    print(outcome.line)
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
