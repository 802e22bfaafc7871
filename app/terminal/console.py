"""How the command line speaks: results to standard output, everything else to standard error, with progress."""

import dataclasses
import getpass
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from pydantic_core import to_json
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

PLAIN_STEP = 10
"""Per cent between two lines of progress where there is no terminal to draw a bar on."""


def say(message: str) -> None:
    """Tell the person at the terminal something that is not the result."""
    err.print(message, markup=False)


def operator() -> str:
    """Return who types: the user of the machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return f"user {os.getuid()}"


def print_json(value: Any) -> None:
    """Print a result for programs, on one line."""
    sys.stdout.write(to_json(value, fallback=_plain).decode() + "\n")


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a result for people; however narrow the terminal, the names of the first column stand whole."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, min_width=None if number else max((len(str(row[0])) for row in rows), default=0))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    out.print(table)


class Bar(Protocol):
    """Shows how far something is."""

    def __call__(self, what: str, done: int, total: int, note: str | None = None) -> None: ...


@contextmanager
def progress() -> Iterator[Bar]:
    """Lend a way to show progress: a bar on a terminal, a plain line now and then elsewhere."""
    if not err.is_terminal:
        yield _PlainLines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Note())
    with Progress(*columns, console=err, transient=True) as shown:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int, note: str | None = None) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=total, note=note)
            shown.update(tasks[what], completed=done, total=total, note=note)

        yield show


class _Note(TimeRemainingColumn):
    """What is to be said beside a bar: the time that remains, unless who shows it knows better."""

    def render(self, task: Task) -> Text:
        note = task.fields.get("note")
        return super().render(task) if note is None else Text(note)


class _PlainLines:
    def __init__(self) -> None:
        self._said: dict[str, int] = {}

    def __call__(self, what: str, done: int, total: int, note: str | None = None) -> None:
        percent = 100 * done // total if total else 100
        if percent >= self._said.get(what, -1) + PLAIN_STEP or (percent == 100 and self._said.get(what) != 100):
            self._said[what] = percent
            say(f"{what}: {done:,} of {total:,} ({percent} %){f', {note}' if note else ''}")
