"""`python -m tests.projections.analytics.following FILE URL fill|rebuild`: an analytics node to be killed.

It works in small slices and tells the position after each. `fill` follows the log, and within each slice stops for a
moment between the facts and the position, and tells that too. `rebuild` fills the file anew for ever.
"""

import sys
import time
from collections.abc import Generator
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.analytics import arrow_log
from infra.analytics.arrow_log import ArrowLog, Slice
from infra.analytics.duck import AnalyticsNode
from infra.log.log_reader import Checkpoint
from projections.analytics import ANALYTICS

SLICE = 50
LINES_A_SLICE = 2
MOMENT_SECONDS = 0.03


def tell(position: int, _aim: int) -> None:
    print(position, flush=True)


class Dawdling:
    """A slice that takes a moment to say where it ends: it is asked between the facts and the position."""

    def __init__(self, piece: Slice) -> None:
        self.events, self.unread = piece.events, piece.unread
        self._upto = piece.upto

    @cached_property
    def upto(self) -> Checkpoint:
        print("the facts are in", flush=True)
        time.sleep(MOMENT_SECONDS)
        return self._upto


class DawdlingLog(ArrowLog):
    """A log whose slices dawdle."""

    def slices(self, after: Checkpoint, upto: Checkpoint, size: int = SLICE) -> Generator[Any, None, None]:
        yield from map(Dawdling, super().slices(after, upto, size))


def main(file: str, url: str, work: str) -> None:
    # Slices of the usual size would make one commit of a test's whole log.
    arrow_log.ArrowLog.slices.__defaults__ = (SLICE,)
    node = AnalyticsNode(Path(file), url, ANALYTICS)
    if work == "rebuild":
        node.follow_once()
        print("ready", flush=True)
        while True:
            node.rebuild(tell)
    node._log = DawdlingLog(url, ANALYTICS.topics)
    while True:
        node.follow_once(SLICE)
        tell(node.position, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
