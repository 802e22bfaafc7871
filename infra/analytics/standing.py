"""How a node stands towards the log, for whoever asks and whoever waits."""

import threading
import time
from collections.abc import Callable
from typing import Literal

import structlog

from infra.told import ToldError

State = Literal["building", "live", "broken"]
Stale = Literal["behind", "broken"]

BEHIND_SECONDS = 10.0
"""A node that has not been level with the log for so long says so: it looks every half a second."""

_log = structlog.get_logger(__name__)


class Standing:
    """The state of a node, what is wrong with it, and when it last had everything that is in the log."""

    def __init__(self) -> None:
        self.state: State = "building"
        self.problem: str | None = None
        self._level_at = time.monotonic()
        self._advanced = threading.Condition()

    def building(self) -> None:
        """There is nothing to answer from, and it is being made."""
        self.state = "building"

    def live(self) -> None:
        """Everything in the log is in the file."""
        self.state, self.problem, self._level_at = "live", None, time.monotonic()
        self.advanced()

    def broken(self, problem: str) -> None:
        """It does not go on by itself, or only after mending; a problem that is known is not logged again."""
        is_known = (self.state, self.problem) == ("broken", problem)
        self.state, self.problem = "broken", problem
        if not is_known:
            _log.warning("analytics-broken", outcome=problem)

    @property
    def behind_seconds(self) -> float:
        """For how long the node has not been level with the log, or has not looked."""
        return time.monotonic() - self._level_at

    @property
    def stale(self) -> Stale | None:
        """Why the answers of a node that follows by itself are older than they should be; None while they are not."""
        if self.state == "broken":
            return "broken"
        return "behind" if self.behind_seconds > BEHIND_SECONDS else None

    def advanced(self) -> None:
        """Tell those who wait that the file has come further."""
        with self._advanced:
            self._advanced.notify_all()

    def wait_until(self, is_there: Callable[[], bool], timeout: float) -> bool:
        """Wait until it is there; False if it is not within so many seconds."""
        with self._advanced:
            return self._advanced.wait_for(is_there, timeout)


def told_of(error: Exception) -> str:
    """Return what is wrong; DuckDB's own words quote values, which may be anybody's."""
    return str(error) if isinstance(error, ToldError) else type(error).__name__
