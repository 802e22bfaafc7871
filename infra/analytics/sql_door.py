"""Questions in SQL: each is answered by a process of its own, from a copy of the facts.

Some of DuckDB's functions heed neither its limit of memory nor an interrupt, and a limit is one for a whole database:
beside the node in one process, one question could stop its writing, the reports and the commands.
"""

import json
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import structlog

from infra.amounts import DUCKDB_MACRO
from infra.analytics.duck import AnalyticsNode, AnalyticsNotReadyError
from infra.analytics.fact_file import remove, wal_of
from infra.analytics.lent import Lent
from infra.analytics.parked_facts import first_of_nouns
from infra.analytics.sandbox import FACTS, Asked, Told
from infra.log.past_log import AsOf
from infra.own_process import started

REST = 10.0
"""A copy answers for so many times as long as it took to make, though there are newer facts: they are not many."""

PATIENCE_SECONDS = 20
"""Beyond its time, how long a process is waited for that a busy machine is slow to begin or to end."""

_log = structlog.get_logger(__name__)


class SqlLimits(NamedTuple):
    """How long a question may take, how many rows its answer has at most, and how much memory it gets."""

    seconds: float = 5.0
    rows: int = 10_000
    megabytes: int = 512


class SqlRefusedError(Exception):
    """A question that was not answered: `code` says why, `facts` are what its message names."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class SqlAnswer(NamedTuple):
    """The rows of an answer, the DuckDB type of each column, and how true it is; `has_more` rows than are told."""

    table: Any
    types: list[str]
    position: int
    parked: int | None
    has_more: bool


class Asking:
    """One question on its way, which whoever asked may give up from any thread."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_given_up = False

    def give_up(self) -> None:
        """End what computes the answer."""
        with self._one:
            self._is_given_up = True
            if self._process is not None:
                self._process.kill()

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """Return how the process that answers ended, and what it wrote; raises subprocess.TimeoutExpired."""
        with self._one:
            if self._is_given_up:
                return -signal.SIGKILL, b""
            self._process = started("infra.analytics.sandbox")
        with self._process as process:
            try:
                told, fault = process.communicate(json.dumps(asked).encode(), asked["seconds"] + PATIENCE_SECONDS)
            finally:
                process.kill()
        # Of its words the kind alone is told: the rest may be somebody's question.
        kind = fault.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
        if process.returncode > 0 and "Memory" not in kind:
            _log.error("analytics-sql", outcome=kind, exit_code=process.returncode)
            raise AnalyticsNotReadyError(f"the process that answers ended: {kind}")
        return process.returncode, told


class Copied(NamedTuple):
    """A copy of the file of facts: of which state it is, how far it is, and until when it answers as it is."""

    path: Path
    state: tuple[Any, ...]
    position: int
    rests_until: float


def copy_of(path: Path) -> Path:
    """Return where the copy of a file of facts is."""
    return path.with_name(f"{path.stem}.copy{path.suffix}")


class SqlDoor:
    """Answers questions in SQL over the facts of a node that lives in this process."""

    def __init__(self, node: AnalyticsNode, limits: SqlLimits) -> None:
        self.node, self.limits = node, limits
        self._path = copy_of(node.path)
        self._copying = threading.Lock()
        self._copy: Copied | None = None

    def ask(self, sql: str, as_of: AsOf | None, lent: Lent, needed: int, asking: Asking) -> SqlAnswer:
        """Answer a question from a copy that has reached a position of the log which the node has reached.

        Raises SqlRefusedError and AnalyticsNotReadyError.
        """
        facts, limits = self.node.facts, self.limits
        asked: Asked = {
            "path": str(self.copy(needed).path),
            "sql": sql,
            "views": facts.views(FACTS, as_of, self.node.settings),
            "macro": DUCKDB_MACRO,
            "columns": {name: list(columns) for name, columns in facts.lent.items()},
            "lent": {**self.node.lent, **lent},
            "rows": limits.rows,
            "seconds": limits.seconds,
            "megabytes": limits.megabytes,
        }
        told, table = self._answered(asked, asking)
        if (code := told.get("code")) is not None:
            raise SqlRefusedError(code, **limits._asdict(), **told.get("facts", {}))
        position = told["position"]
        upto = position if as_of is None or as_of.position is None else min(position, as_of.position)
        counted = facts.topics_read_by(" ".join(told["tables"]))
        parked = first_of_nouns(counted, told["waiting"], upto)
        return SqlAnswer(table, told["types"], position, parked, told["has_more"])

    def _answered(self, asked: Asked, asking: Asking) -> tuple[Told, Any]:
        try:
            code, written = asking.answer(asked)
        except subprocess.TimeoutExpired:
            return {"code": "sql-too-long"}, None
        head, _, rows = written.partition(b"\n")
        if code != 0 or not head:
            # Ended by the system: it heeded no interrupt, or asked for memory in a way that cannot be refused.
            _log.warning("analytics-sql", outcome="ended", exit_code=code)
            return {"code": "sql-too-long" if code == -signal.SIGXCPU else "sql-too-much-memory"}, None
        told: Told = json.loads(head)
        return told, pa.ipc.open_stream(rows).read_all() if rows else None

    # --- the copy --------------------------------------------------------------------------------------------------

    def copy(self, needed: int) -> Copied:
        """Return a whole copy that has reached a position; raises AnalyticsNotReadyError."""
        with self._copying:
            if self._copy is None or not self._is_good(self._copy, needed):
                self._copy = self._copied()
            return self._copy

    def _is_good(self, there: Copied, needed: int) -> bool:
        if there.position < needed or not there.path.exists():
            return False
        state = self._state()
        is_of_this_file = bool(state) and state[0] == there.state[0]
        return there.state == state or (is_of_this_file and time.monotonic() < there.rests_until)

    def _copied(self) -> Copied:
        began = time.monotonic()
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            state = self._state()
            self.node.copy_to(fresh)
            with duckdb.connect(str(fresh)) as connection:
                connection.execute("CHECKPOINT")
                [(position,)] = connection.execute("SELECT position FROM followed").fetchall()
            fresh.replace(self._path)
        except (OSError, duckdb.Error) as error:
            remove(fresh)
            _log.warning("analytics-copy", outcome=type(error).__name__)
            raise AnalyticsNotReadyError(f"the facts cannot be copied: {type(error).__name__}") from error
        took = time.monotonic() - began
        _log.info("analytics-copy", position=position, duration_ms=round(took * 1000), outcome="copied")
        return Copied(self._path, state, position, time.monotonic() + REST * took)

    def _state(self) -> tuple[Any, ...]:
        """Return what changes whenever the node writes into its file, first what changes when there is another one."""
        told: list[Any] = []
        for path in (self.node.path, wal_of(self.node.path)):
            try:
                found = path.stat()
                told += (found.st_ino, found.st_mtime_ns, found.st_size)
            except FileNotFoundError:
                told += (None, None, None)
        return tuple(told)
