"""Records are handed to a process that scores their pairs, and what it found is taken back."""

import json
import select
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import pyarrow as pa

from infra.linkage.columns import Column
from infra.linkage.linking import BATCH_ROWS, Asked, Told, schema_of, table_of_rows
from infra.linkage.model import KEPT
from infra.own_process import started
from infra.told import ToldError

LOOK_SECONDS = 0.5
"""How often whoever waits for the process looks whether they still want to."""


class LinkingFailedError(ToldError):
    """The pairs could not be scored."""


class Limits(NamedTuple):
    """What the process may take: memory of its database, beside a gigabyte of its own, and threads."""

    megabytes: int = 2500
    threads: int = 2


class Linked(NamedTuple):
    """What was found: Arrow batches of the pairs, best first (id_l, id_r, score, and c0, c1, … how far they agree).

    `frequencies` are to be read after the pairs: of each record (id) how frequent what it says is.
    """

    told: Told
    pairs: Any
    frequencies: Callable[[], Any]


@contextmanager
def linked(
    columns: Sequence[Column],
    rows: Iterator[Sequence[Sequence[Any]]],
    *,
    limits: Limits,
    least: float = KEPT,
    look: Callable[[], None] = lambda: None,
) -> Iterator[Linked]:
    """Score all pairs of records: `rows` are chunks of them, each the id and a value for each column.

    `look` is called again and again and may raise; the process then ends. Raises LinkingFailedError.
    """
    asked: Asked = {
        "columns": [(column.name, column.kind.value) for column in columns],
        "least": least,
        "megabytes": limits.megabytes,
        "threads": limits.threads,
    }
    with started("infra.linkage.linking") as process:
        try:
            _hand_over(process, asked, columns, rows, look)
            yield _taken_back(process, look)
        finally:
            process.kill()
            _close(process)


def _close(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None  # noqa: S101 - it was started with one
    with suppress(BrokenPipeError):
        process.stdin.close()


def _hand_over(
    process: "subprocess.Popen[bytes]",
    asked: Asked,
    columns: Sequence[Column],
    rows: Iterator[Sequence[Sequence[Any]]],
    look: Callable[[], None],
) -> None:
    assert process.stdin is not None  # noqa: S101 - it was started with one
    try:
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        with pa.ipc.new_stream(process.stdin, schema_of(columns)) as stream:
            for chunk in rows:
                look()
                stream.write_table(table_of_rows(chunk, columns), max_chunksize=BATCH_ROWS)
        process.stdin.close()
    except BrokenPipeError:
        raise _failed(process) from None


def _taken_back(process: "subprocess.Popen[bytes]", look: Callable[[], None]) -> Linked:
    assert process.stdout is not None  # noqa: S101 - it was started with one
    while not select.select([process.stdout], [], [], LOOK_SECONDS)[0]:
        look()
    told: Told = json.loads(process.stdout.readline() or b'{"code": "ended"}')
    if (code := told.get("code")) is not None:
        raise _failed(process, code)
    out = process.stdout
    return Linked(told, pa.ipc.open_stream(out), lambda: pa.ipc.open_stream(out))


def _failed(process: "subprocess.Popen[bytes]", code: str = "ended") -> LinkingFailedError:
    """Return what is told of a process that did not do it; of its own words the kind alone, the rest may be a name."""
    process.kill()
    assert process.stderr is not None  # noqa: S101 - it was started with one
    said = process.stderr.read().decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
    if code == "too-much-memory" or "Memory" in said:
        return LinkingFailedError(
            "Scoring the pairs took more memory than it may. Raise LETOPIS_DUPLICATES_MEMORY_MB and try again."
        )
    return LinkingFailedError(f"The process that scores pairs ended before its time ({said or 'it was killed'}).")
