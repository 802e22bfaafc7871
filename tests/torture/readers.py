"""Tailing readers, each in a process of its own: the live projector, the feed, the analytics node."""

import array
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import adbc_driver_manager
import psycopg

from infra.analytics.answer import position_of
from infra.analytics.duck import AnalyticsNode, AnalyticsNotReadyError
from infra.log.log_reader import LogReader
from infra.log.past_log import AsOf
from infra.postgres.connection import OwnConnection
from infra.projector.generations import connect, in_use
from infra.projector.projector import ProjectorService
from tests.torture.plan import TOPICS
from tests.toy.followers import EVERY_TOPIC, FACTS, decode, heard, tally

PAUSE = 0.02
WINDOW = 500


def log_end(folder: Path) -> int | None:
    """Return the last position there will be, once the writers are done; None before."""
    try:
        return int((folder / "end").read_text())
    except FileNotFoundError:
        return None


def is_wanted() -> bool:
    """Whether the process that started this one still lives."""
    parent = parent_process()
    return parent is None or parent.is_alive()


def _until_end(folder: Path, position: Callable[[], int]) -> Iterator[None]:
    """Go on until the reader is at the end of the finished log, or nobody wants it any more."""
    while is_wanted():
        end = log_end(folder)
        if end is not None and position() >= end:
            return
        yield
        time.sleep(PAUSE)


# --- the feed ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tail:
    """A follower of some topics, or of a share of the streams, and where it notes every position it is given."""

    name: str
    topics: tuple[str, ...] = EVERY_TOPIC
    part: int = 0
    parts: int = 1

    def reader(self) -> LogReader:
        """Return what reads the log for it."""
        return LogReader(self.topics, partition_by="stream", part=self.part, parts=self.parts)


TAILS = (
    Tail("feed"),
    Tail("feed of one topic", TOPICS[:1]),
    Tail("feed, first half of the streams", part=0, parts=2),
    Tail("feed, second half of the streams", part=1, parts=2),
)


class Notebook:
    """Positions noted in order, 8 bytes each; after a kill -9 the reader goes on after the last whole window."""

    def __init__(self, folder: Path, name: str) -> None:
        self._positions = folder / f"{name}.positions"
        self._examined = folder / f"{name}.examined"
        done = self._examined.read_bytes() if self._examined.exists() else b""
        # One line a window: how far was examined, and how long the list of positions was then.
        whole = [line.split() for line in done.split(b"\n")[:-1]]
        self.examined, length = (int(whole[-1][0]), int(whole[-1][1])) if whole else (0, 0)
        with self._examined.open("wb") as file:
            file.write(f"{self.examined} {length}\n".encode())
        self._positions.touch()
        os.truncate(self._positions, length)
        self._length = length

    def note(self, positions: list[int], examined: int) -> None:
        """Note what a window gave, and how far it went."""
        with self._positions.open("ab") as file:
            file.write(array.array("q", positions).tobytes())
        self._length += 8 * len(positions)
        self.examined = examined
        with self._examined.open("ab") as file:
            file.write(f"{examined} {self._length}\n".encode())


def noted(folder: Path, name: str) -> list[int]:
    """Return the positions a follower noted."""
    numbers = array.array("q")
    numbers.frombytes((folder / f"{name}.positions").read_bytes())
    return numbers.tolist()


def feed(url: str, folder: Path) -> None:
    """Follow the log as a feed does: window after window, each from where the last one ended."""
    borrow = OwnConnection(url)
    followers = [(tail.reader(), Notebook(folder, tail.name)) for tail in TAILS]
    for _ in _until_end(folder, lambda: min(book.examined for _, book in followers)):
        try:
            for reader, book in followers:
                with borrow() as connection:
                    window = reader.window(connection, book.examined, WINDOW)
                if window.end.position > book.examined:
                    book.note([fact.envelope.position for fact in window.facts], window.end.position)
        except psycopg.OperationalError:
            borrow.close()
    borrow.close()


# --- the live projector -----------------------------------------------------------------------------------------------


def project(url: str, folder: Path) -> None:
    """Be the live projector of two read models, one of which counts what it misses."""
    service = ProjectorService([tally, heard], decode, url, poll_seconds=0.05, batch=WINDOW)
    while is_wanted():
        with suppress(psycopg.OperationalError), connect(url):
            break
        time.sleep(PAUSE)
    service.start()
    for _ in _until_end(folder, lambda: projected(url)):
        pass
    service.stop()


def projected(url: str) -> int:
    """Return how far both read models are; 0 while one is missing or the server cannot be reached."""
    try:
        with connect(url) as connection:
            found = [in_use(connection, one.name) for one in (tally, heard)]
    except psycopg.OperationalError:
        return 0
    return min(one.position if one else 0 for one in found)


# --- the analytics node -----------------------------------------------------------------------------------------------


def analyse(url: str, folder: Path) -> None:
    """Be the analytics node, and check all the time that its facts are exactly those up to where it says it is."""
    node: Any = None
    while node is None and is_wanted():
        with suppress(adbc_driver_manager.Error):
            node = AnalyticsNode(folder / "analytics.duckdb", url, FACTS)
    node.start(poll=0.05)
    for _ in _until_end(folder, lambda: int(node.position)):
        _check(node, folder)
    while is_wanted() and node.position:
        if _check(node, folder):
            break
    node.stop()


def _check(node: AnalyticsNode, folder: Path) -> bool:
    if node.position == 0:
        return False
    try:
        table = node.query("count", {}, AsOf())
    except AnalyticsNotReadyError:
        return False  # it answers nothing before it has held its facts against the log
    ((facts, positions, last),) = [tuple(row.values()) for row in table.to_pylist()]
    skipped, doubled = position_of(table) - positions, facts - positions
    if skipped or doubled or last != position_of(table):
        (folder / "analytics.wrong").write_text(f"{skipped} {doubled}")
    (folder / "analytics.right").write_text(f"{position_of(table)} {skipped} {doubled}")
    return True
