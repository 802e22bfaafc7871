"""The analytics node: one process that owns a DuckDB file of facts, follows the log into it and answers from it.

DuckDB lets one process open a file that is being written, so the node that follows also serves. More readers are
more nodes, each with a file of its own.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import adbc_driver_manager
import duckdb
import structlog

from infra.analytics.answer import with_seen
from infra.analytics.arrow_log import ArrowLog, LogReplacedError
from infra.analytics.asked import asked
from infra.analytics.fact_file import Difference, FactFile, Progress, StaleFactFileError, filled, remove
from infra.analytics.fact_schema import EVERYTHING, FactSchema, Given, Report, Sight, Upcast
from infra.analytics.file_in_use import DamagedFileError, FileInUse, NoFileError
from infra.analytics.follower import UNLOADABLE, Follower
from infra.analytics.lent import NOTHING_LENT, Lent
from infra.analytics.parked_facts import ParkedFact
from infra.analytics.standing import Stale, Standing, State, told_of
from infra.log.past_log import AsOf
from infra.postgres.folder_lock import FolderInUseError, FolderLock
from infra.told import ToldError

_log = structlog.get_logger(__name__)


class AnalyticsFileInUseError(ToldError):
    """Another process owns this analytics file; give this one another folder, or ask that node."""


class AnalyticsNotReadyError(ToldError):
    """The facts are being loaded, or cannot be; the state and the reason say which."""


class AnalyticsNode:
    """Owns the file at `path`, keeps it level with the log at `log_url`, answers the reports of `facts`.

    `zone` is the company's time zone, given to reports as $zone; `lent` goes with every question. A file that is
    missing, damaged, of another shape, or filled from another log is filled anew by the next `follow_once`; one deleted
    meanwhile answers until then. Raises AnalyticsFileInUseError.
    """

    def __init__(
        self,
        path: Path,
        log_url: str,
        facts: FactSchema,
        upcast: Upcast | None = None,
        zone: str = "UTC",
        lent: Lent = NOTHING_LENT,
    ) -> None:
        self.facts, self.lent, self.settings = facts, lent, {"zone": zone}
        self.standing = Standing()
        self.path, self._log_url, self._upcast = path, log_url, upcast
        self._in_use = FileInUse(path, facts)
        self._rebuilding = threading.RLock()
        self._follower = Follower()
        self._log: ArrowLog | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._own = FolderLock(path.with_name(path.name + ".lock"))
        try:
            self._own.acquire()
        except FolderInUseError as taken:
            raise AnalyticsFileInUseError(
                f"Another process holds the analytics file {path}. Stop it, or give this one a folder of its own "
                "(LETOPIS_VAR)."
            ) from taken
        # Not before the log was asked: it may have been replaced while nobody followed it.
        self._is_of_this_log = False
        try:
            self._in_use.open()
        except StaleFactFileError as stale:
            self.standing.problem = str(stale)
        except DamagedFileError as damage:
            self.standing.broken(str(damage))

    @property
    def reports(self) -> tuple[Report, ...]:
        """The catalogue: what can be asked here."""
        return self.facts.reports

    @property
    def position(self) -> int:
        """The last position of the log that the answers count in."""
        return self._in_use.checkpoint.position

    @property
    def parked(self) -> list[ParkedFact]:
        """The streams that wait for an event the tables cannot take in, by position."""
        return self._in_use.parked

    @property
    def state(self) -> State:
        """Whether it answers and goes on: building, live or broken."""
        return self.standing.state

    @property
    def problem(self) -> str | None:
        """What is wrong, for people; None when nothing is."""
        return self.standing.problem

    @property
    def stale(self) -> Stale | None:
        """Why answers are older than they should be; one that is driven by hand is as old as it is wanted to be."""
        return self.standing.stale if self._follower.is_running or self.state == "broken" else None

    # --- following -------------------------------------------------------------------------------------------------

    def follow_once(self, max_events: int = 1_000_000) -> int:
        """Load at most so many events that are new in the log and return how many positions were passed.

        A broken or missing file is rebuilt first; an event that the tables cannot take in waits, with its stream.
        Raises adbc_driver_manager.Error when the log cannot be reached, TooMuchParkedError or NewerLogError (and is
        then broken) when nobody could go on, and errors of duckdb or OSError when the file cannot be written.
        """
        try:
            if self._is_sound() and self._in_use.is_in_place:
                return self._followed(max_events)
        except LogReplacedError as replaced:
            self.standing.broken(str(replaced))
            self._in_use.close()
        except UNLOADABLE as unloadable:
            self.standing.broken(f"an event after position {self.position} cannot be loaded: {told_of(unloadable)}")
            raise
        except duckdb.Error:
            if self._is_sound(is_doubtful=True):
                raise
        self.rebuild()
        return self.position

    def _is_sound(self, *, is_doubtful: bool = False) -> bool:
        try:
            self._in_use.check(is_doubtful=is_doubtful)
        except (DamagedFileError, StaleFactFileError) as damage:
            self.standing.broken(str(damage))
        return self._in_use.is_open

    def _followed(self, max_events: int) -> int:
        with self._in_use.writing:
            file = self._in_use.file()
            try:
                log = self._connected()
                upto = log.target(file.checkpoint, max_events)
                self._is_of_this_log = True
                count = file.follow(log, upto, self._tell, self._follower.is_stopping)
            except adbc_driver_manager.Error:
                self._disconnect()
                raise
            if count < max_events:
                self.standing.live()
            return count

    def start(self, poll: float = 0.5) -> None:
        """Follow in a thread of its own until `stop`; `wake` makes it look at once."""
        self._follower.start(self, poll)

    def wake(self) -> None:
        """Say that there may be something new in the log."""
        self._follower.wake()

    def stop(self) -> None:
        """Stop following, wait for the slice at hand, and let go of the file."""
        self._follower.stop()
        with self._rebuilding, self._in_use.writing:
            self._in_use.close()
            self._disconnect()
            self._own.release()

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait until the answers count this position in; False if they did not within so many seconds."""
        with self._follower.hurried():
            return self.standing.wait_until(lambda: self.state == "live" and self.position >= position, timeout)

    # --- answering -------------------------------------------------------------------------------------------------

    def query(
        self,
        report: str,
        parameters: Given | None = None,
        as_of: AsOf | None = None,
        sight: Sight = EVERYTHING,
        lent: Lent = NOTHING_LENT,
    ) -> Any:
        """Answer a report as a pyarrow.Table that says how true it is (see infra.analytics.answer).

        Raises UnknownReportError, ReportParameterError, AnalyticsNotReadyError.
        """
        found = self.facts.report(report)
        statement, values = self.facts.statement(report, parameters or {}, as_of, self.settings | sight._asdict())
        with self._answering() as file:
            table, position, waiting = asked(file, self.facts, found, statement, values, {**self.lent, **lent})
        upto = position if as_of is None or as_of.position is None else min(position, as_of.position)
        parked = waiting.first_of(self.facts.topics_of(found), upto)
        return with_seen(table, position, parked, self.stale)

    def copy_to(self, path: Path) -> None:
        """Copy the file as it stands to a path, for readers of their own; raises AnalyticsNotReadyError and OSError."""
        with self._in_use.writing, self._answering() as file:
            file.copy_to(path)

    # --- repairing -------------------------------------------------------------------------------------------------

    def rebuild(self, progress: Progress | None = None) -> None:
        """Fill a new file from position 0 beside the old one, and swap them; the old one answers until then."""
        began = time.monotonic()
        fresh_path = self.path.with_name(self.path.name + ".new")
        with self._rebuilding, self._reading_log() as log:
            if not self._in_use.is_open:
                self.standing.building()
            remove(fresh_path)
            try:
                if not filled(fresh_path, self.facts, log, progress, self._follower.is_stopping):
                    return
            except UNLOADABLE as unloadable:
                if not self._in_use.is_open:
                    self.standing.broken(f"an event cannot be loaded: {told_of(unloadable)}")
                raise
            self._in_use.swap_in(fresh_path)
            self._is_of_this_log = True
        self.standing.live()
        duration = round((time.monotonic() - began) * 1000)
        _log.info("analytics-rebuild", position=self.position, duration_ms=duration, outcome="swapped")

    def verify(self, progress: Progress | None = None) -> tuple[Difference, ...]:
        """Fill the tables once more from the log, compare them row by row, and return those that differ.

        Raises AnalyticsNotReadyError.
        """
        path = self.path.with_name(self.path.name + ".verify")
        with self._rebuilding, self._reading_log() as log, self._reading() as file:
            upto = file.checkpoint
            log.target(upto, 1)
            remove(path)
            try:
                with FactFile(path, self.facts) as fresh:
                    fresh.follow(log, upto, progress)
                return file.compare(path, upto)
            finally:
                remove(path)

    # --- small parts -----------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[FactFile]:
        try:
            with self._in_use.reading() as file:
                yield file
        except NoFileError as none:
            self.wake()
            reason = str(none) or self.problem or "the facts are being loaded"
            raise AnalyticsNotReadyError(f"{self.state}: {reason}") from none

    def _answering(self) -> AbstractContextManager[FactFile]:
        if not self._is_of_this_log:
            raise AnalyticsNotReadyError("the facts were not held against the log yet")
        return self._reading()

    @contextmanager
    def _reading_log(self) -> Iterator[ArrowLog]:
        log = ArrowLog(self._log_url, self.facts.topics, self._upcast)
        try:
            yield log
        finally:
            log.close()

    @contextmanager
    def mending(self) -> Iterator[tuple[FactFile, ArrowLog]]:
        """Lend the file, which nobody else writes or swaps meanwhile, and the log; raises AnalyticsNotReadyError."""
        with self._rebuilding, self._reading_log() as log, self._in_use.writing:
            try:
                file = self._in_use.file()
            except NoFileError:
                raise AnalyticsNotReadyError(f"{self.state}: {self.problem or 'the facts are being loaded'}") from None
            log.target(file.checkpoint, 1)
            yield file, log

    def _connected(self) -> ArrowLog:
        if self._log is None:
            self._log = ArrowLog(self._log_url, self.facts.topics, self._upcast)
        return self._log

    def _disconnect(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def _tell(self, _reached: int, _aim: int) -> None:
        self.standing.advanced()
