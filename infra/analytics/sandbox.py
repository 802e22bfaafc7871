"""One question in SQL, answered by a process of its own, which then ends (infra.analytics.sql_door begins it).

It reads one Asked as JSON, and writes one line of JSON (Told) and, when the question was answered, an Arrow stream. A
copy of the facts is all that it can open, and it writes nothing: no file, no network, no extension, no setting. Its
memory and its time are bounded here by DuckDB, and once more by the system, because some functions heed neither.
"""

import contextlib
import json
import os
import resource
import sys
import threading
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import duckdb
import pyarrow as pa

from infra.analytics.lent import Rows, lend
from infra.analytics.one_select import NotOneSelectError, tables_of

FACTS = "facts"
"""The database in which the copy is."""

BATCH_ROWS = 2048
ANSWER_MEGABYTES = 64
"""An answer that is larger would be an export; and who waits for it holds it in memory."""

GRACE_SECONDS = 2
"""What of a core's time the system lets a process have beyond its own, when it does not heed its interrupt."""

SETTINGS: dict[str, str | int | float | list[str]] = {
    "threads": 1,
    # Nothing is put aside on the disk.
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}


class Asked(TypedDict):
    """A question; `views` are the tables it may name, each with its SQL, in the order in which they are made.

    `columns` and `lent` are of the tables that no file holds, `macro` is SQL that makes a function of ours.
    """

    path: str
    sql: str
    views: list[tuple[str, str]]
    macro: str
    columns: Mapping[str, list[str]]
    lent: Mapping[str, Rows]
    rows: int
    seconds: float
    megabytes: int


class Told(TypedDict):
    """What became of a question: it was answered, or `code` says why not, with what the message names."""

    code: NotRequired[str]
    facts: NotRequired[Mapping[str, Any]]
    position: NotRequired[int]
    waiting: NotRequired[list[tuple[int, str]]]
    tables: NotRequired[list[str]]
    types: NotRequired[list[str]]
    has_more: NotRequired[bool]


def confine(seconds: float, megabytes: int) -> None:
    """Let the system end this process when it takes much more than it may, and do everything else before it."""
    os.nice(5)
    # A long text is no memory of DuckDB's buffers: it is counted here alone. The program itself takes 200 MB.
    most = (2 * megabytes + 256) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + GRACE_SECONDS, int(seconds) + 2 * GRACE_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def opened(asked: Asked) -> Any:
    """Return a connection to the tables as they are asked for, which can be changed by nobody any more."""
    connection = duckdb.connect(config={**SETTINGS, "memory_limit": f"{asked['megabytes']}MB"})
    quoted = asked["path"].replace("'", "''")
    connection.execute(f"ATTACH '{quoted}' AS {FACTS} (READ_ONLY)")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_external_access = false")
    connection.execute(asked["macro"])
    lend(connection, asked["columns"], asked["lent"])
    for name, select in asked["views"]:
        connection.execute(f"CREATE VIEW {name} AS {select}")
    connection.execute("SET lock_configuration = true")
    return connection


def answered(connection: Any, asked: Asked) -> tuple[Told, Any]:
    """Answer a question; returns how true the answer is, and it; raises NotOneSelectError and errors of duckdb."""
    named = tables_of(connection, asked["sql"], frozenset(name for name, _ in asked["views"]))
    [(position,)] = connection.execute(f"SELECT position FROM {FACTS}.main.followed").fetchall()  # noqa: S608
    waiting = connection.execute(f"SELECT position, topic FROM {FACTS}.main.parked").fetchall()  # noqa: S608
    try:
        relation = connection.sql(asked["sql"])
    except (duckdb.BinderException, duckdb.CatalogException):
        # Said this way, it says in which line; nothing is carried out, for it is the same error.
        connection.execute(asked["sql"])
        raise
    reader = relation.limit(asked["rows"] + 1).to_arrow_reader(BATCH_ROWS)
    batches, size = [], 0
    for batch in reader:
        batches.append(batch)
        size += batch.nbytes
        if size > ANSWER_MEGABYTES * 1024 * 1024:
            raise NotOneSelectError("sql-answer-too-large", most=str(ANSWER_MEGABYTES))
    table = pa.Table.from_batches(batches, reader.schema)
    told: Told = {
        "position": position,
        "waiting": waiting,
        "tables": sorted(named),
        "types": [str(kind) for kind in relation.types],
        "has_more": len(table) > asked["rows"],
    }
    return told, table.slice(0, asked["rows"])


def told_of(asked: Asked) -> tuple[Told, Any]:
    """Answer a question, or say why it is not answered."""
    connection: Any = None
    over = threading.Event()

    def interrupt() -> None:
        over.set()
        connection.interrupt()

    clock = threading.Timer(asked["seconds"], interrupt)
    clock.daemon = True
    try:
        connection = opened(asked)
        clock.start()
        return answered(connection, asked)
    except NotOneSelectError as refused:
        return {"code": refused.code, "facts": refused.facts}, None
    except duckdb.Error as error:
        if over.is_set():
            return {"code": "sql-too-long"}, None
        if isinstance(error, duckdb.OutOfMemoryException):
            return {"code": "sql-too-much-memory"}, None
        return {"code": "sql-failed", "facts": {"reason": str(error)}}, None
    except (MemoryError, RecursionError, pa.ArrowException, OSError) as error:
        # DuckDB's own errors come as one of Arrow's where a stream of its rows is read.
        is_late = over.is_set()
        return {"code": "sql-too-long" if is_late else _code_of(error), "facts": {"reason": str(error)}}, None
    finally:
        clock.cancel()


def _code_of(error: Exception) -> str:
    is_memory = isinstance(error, MemoryError) or "Out of Memory" in str(error) or "bad_alloc" in str(error)
    return "sql-too-much-memory" if is_memory else "sql-failed"


def main() -> None:
    """Answer the one question that stands on the input."""
    asked: Asked = json.load(sys.stdin)
    sys.setrecursionlimit(20_000)
    confine(asked["seconds"], asked["megabytes"])
    told, table = told_of(asked)
    out = sys.stdout.buffer
    with contextlib.suppress(BrokenPipeError):
        out.write(json.dumps(told).encode() + b"\n")
        if table is not None:
            with pa.ipc.new_stream(out, table.schema) as stream:
                stream.write_table(table)
        out.flush()
    # Not the long way out: what the database has in memory need not be put in order.
    os._exit(0)
