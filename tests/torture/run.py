"""One run of the suite: a durable server, writers and readers around it, a storm over all, and the verdict."""

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from infra.migrations import migrate
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import ROLE_PASSWORDS, urls_of
from tests.torture import readers
from tests.torture.callers import OPENING, call, open_the_box
from tests.torture.ledger import read_ledger
from tests.torture.plan import Plan
from tests.torture.processes import Life
from tests.torture.sabotage import Guard, switch_off
from tests.torture.storm import Storm
from tests.torture.verdict import Verdict, of_log, of_positions, of_projector
from tests.torture.writers import write

DATABASE = "letopis"
# fsync is on: what is killed here is the server itself. Small enough to start again in a moment.
SETTINGS = {"shared_buffers": "128MB", "max_wal_size": "1GB", "max_connections": "60"}
TICK = 0.02
# For readers that were killed with the last fact, and for the analytics file to be opened once more.
READERS_PATIENCE = 60.0

Say = Callable[[str], None]


class TooSlowError(Exception):
    """The run did not come to its end in the time it was given; says what was still missing."""


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    plan: Plan
    appended: int
    acknowledged: int
    killed: Counter[str]
    verdicts: list[Verdict]
    seconds: float

    @property
    def line(self) -> str:
        """Return the one line that says it all."""
        skipped, doubled, lost = (
            sum(getattr(one, what) for one in self.verdicts) for what in ("skipped", "doubled", "lost")
        )
        return (
            f"appended {self.appended}, killed {self.killed.total()}, skipped {skipped}, doubled {doubled}, lost {lost}"
        )

    @property
    def is_clean(self) -> bool:
        """True when no verdict found anything."""
        return all(one.is_clean for one in self.verdicts)


def run(plan: Plan, say: Say, *, without: Guard | None = None) -> Result:
    """Carry out a plan on a server of its own; `without` takes a guard out of the append function first."""
    folder = Path(tempfile.mkdtemp(prefix="letopis-torture-"))
    # The server's user has to pass through to its data.
    folder.chmod(0o711)
    try:
        with EmbeddedPostgres(folder / "postgres", settings=SETTINGS, say=lambda _: None) as server:
            return _Run(plan, server, folder, say, without).to_the_end()
    finally:
        shutil.rmtree(folder)


class _Run:
    def __init__(self, plan: Plan, server: EmbeddedPostgres, folder: Path, say: Say, without: Guard | None) -> None:
        self._plan = plan
        self._server = server
        self._folder = folder
        self._say = say
        self._began = time.monotonic()
        migrate(server.owner_url, role_passwords=ROLE_PASSWORDS)
        self._urls = urls_of(server, DATABASE)
        if without is not None:
            with psycopg.connect(server.owner_url) as owner:
                switch_off(owner, without)
        self._planned = {**plan.facts_planned(), OPENING: 1}
        self._events = sum(self._planned.values())
        open_the_box(self._urls.writer_url)
        self._writers = [self._writer(name) for name in plan.names()]
        self._readers = [self._reader(each) for each in (readers.feed, readers.project, readers.analyse)]
        kills = plan.kills_in_order(self._events)
        self._storm = Storm(kills, plan.seed, server, self._writers, self._readers)

    def _writer(self, name: str) -> Life:
        target = call if name.startswith("caller") else write
        return Life(name, target, (name, self._plan, self._urls.writer_url, self._folder))

    def _reader(self, target: Callable[..., None]) -> Life:
        return Life(target.__name__, target, (self._urls.projector_url, self._folder))

    def to_the_end(self) -> Result:
        everybody = [*self._writers, *self._readers]
        try:
            for life in everybody:
                life.start()
            self._until_all_is_written()
            with psycopg.connect(self._server.owner_url, autocommit=True) as owner:
                end = _position(owner)
                (self._folder / "end").write_text(str(end))
                self._say(f"{end} facts are recorded; the readers finish")
                self._let_readers_finish()
                return self._judged(owner, end)
        finally:
            for life in everybody:
                life.end()

    def _until_all_is_written(self) -> None:
        owner = psycopg.connect(self._server.owner_url, autocommit=True)
        told = 0

        def step() -> bool:
            nonlocal owner, told
            position = _position(owner)
            if position * 10 // self._events > told:
                told = position * 10 // self._events
                self._say(f"{position} of {self._events} facts, {self._storm.done.total()} killed")
            if self._storm.strike(owner, position):
                owner.close()
                owner = psycopg.connect(self._server.owner_url, autocommit=True)
            return all(one.is_done for one in self._writers)

        try:
            self._until(step, self._plan.patience)
        finally:
            owner.close()

    def _let_readers_finish(self) -> None:
        """Give the readers time to come to the end; one that does not is judged where it stands."""
        with suppress(TooSlowError):
            self._until(lambda: all(one.is_done for one in self._readers), READERS_PATIENCE)
        for life in self._readers:
            life.end()

    def _until(self, is_done: Callable[[], bool], patience: float) -> None:
        began = time.monotonic()
        while not is_done():
            for life in (*self._writers, *self._readers):
                life.tend()
            if time.monotonic() - began > patience:
                missing = [life.name for life in (*self._writers, *self._readers) if not life.is_done]
                raise TooSlowError(f"After {patience:.0f} s these had not finished: {', '.join(missing)}")
            time.sleep(TICK)

    def _judged(self, owner: psycopg.Connection[Any], end: int) -> Result:
        acknowledged = {OPENING}
        killed: Counter[str] = Counter({target.value: number for target, number in self._storm.done.items()})
        for name in self._plan.names():
            stored, deaths = read_ledger(self._folder / f"{name}.ledger")
            acknowledged |= stored
            if deaths:
                killed["a writer, by itself at the worst moment"] += len(deaths)
        verdicts = [of_log(owner, self._planned, acknowledged), *self._tails(owner)]
        verdicts += of_projector(self._urls.projector_url, end)
        verdicts.append(self._analytics(end))
        return Result(self._plan, end, len(acknowledged), killed, verdicts, time.monotonic() - self._began)

    def _tails(self, owner: psycopg.Connection[Any]) -> list[Verdict]:
        verdicts = []
        for tail in readers.TAILS:
            rows = owner.execute(
                "SELECT position FROM letopis.event WHERE topic = ANY(%s)"
                " AND (uuid_hash(stream_id) & 2147483647) %% %s = %s ORDER BY position",
                [list(tail.topics), tail.parts, tail.part],
            )
            verdicts.append(of_positions(tail.name, readers.noted(self._folder, tail.name), [each for (each,) in rows]))
        return verdicts

    def _analytics(self, end: int) -> Verdict:
        told = self._folder / "analytics.right"
        position, skipped, doubled = map(int, told.read_text().split()) if told.exists() else (0, 0, 0)
        verdict = Verdict("analytics node", position, skipped + end - position, doubled)
        if position != end:
            verdict.wrong.append(f"at {position} instead of {end}")
        if (self._folder / "analytics.wrong").exists():
            verdict.wrong.append(f"on the way: {(self._folder / 'analytics.wrong').read_text()}")
        return verdict


def _position(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT coalesce(max(position), 0) FROM letopis.event").fetchone()
    return int(row[0]) if row else 0
