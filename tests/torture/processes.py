"""The writers and readers of a run, each a process of its own, brought back when something killed it."""

import logging
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

# Forked from a process that has everything imported already: a killed writer is back in a moment.
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.torture.writers", "tests.torture.callers", "tests.torture.readers"])


class FailedError(Exception):
    """A process ended by an error of its own, which no kill explains."""


def _quietly(target: Callable[..., None], *arguments: Any) -> None:
    """Run without the warnings of a lost server, of which there are thousands here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    target(*arguments)


@dataclass
class Life:
    """One process that has to come to its end, however often it is killed on the way."""

    name: str
    target: Callable[..., None]
    arguments: tuple[Any, ...]
    deaths: int = 0
    is_done: bool = False
    _process: Any = field(default=None, repr=False)

    def start(self) -> None:
        """Begin, or begin again."""
        arguments = (self.target, *self.arguments)
        self._process = _FORKING.Process(target=_quietly, args=arguments, name=self.name, daemon=True)
        self._process.start()

    def kill(self) -> bool:
        """Kill -9 it; tells whether there was anything left to kill."""
        if self.is_done or self._process.exitcode is not None:
            return False
        self._process.kill()
        self._process.join()
        return True

    def tend(self) -> None:
        """Start it again if it was killed; raises FailedError when it failed by itself."""
        if self.is_done or self._process.exitcode is None:
            return
        if self._process.exitcode == 0:
            self.is_done = True
        elif self._process.exitcode < 0:
            self.deaths += 1
            self.start()
        else:
            raise FailedError(f"{self.name} ended with exit code {self._process.exitcode}")

    def end(self) -> None:
        """Let it be no more, whatever it was doing."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
