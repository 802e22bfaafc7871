"""Keeps on record what the business asks about afterwards: who was refused a client, or may not do what they tried."""

import threading
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import structlog
from pydantic_core import to_json

from commands.base import Actor, stream_fields
from commands.registry import COMMANDS
from infra.postgres.connection import OwnConnection
from infra.postgres.faults import is_lost

KEPT_FACTS = frozenset({"action", "candidates", "kind", "named", "needed", "role", "since"})
"""Facts kept besides ids; every other one may name a person, and this record has no key that could be destroyed."""

PAUSE_SECONDS = 1.0
"""A refusal waits at most so long for others: one commit a second, however many sellers race."""

BATCH = 200
"""So many refusals do not wait any longer."""

LIMIT = 10_000
"""Refusals waiting at most (about 10 MB); beyond it they are counted and dropped: the commands go before."""

_INSERT = """
INSERT INTO letopis.refusal (refused_at, actor, command, stream_id, code, facts)
SELECT r.refused_at, r.actor, r.command, r.stream_id, r.code, r.facts
FROM json_to_recordset(%s::json)
    AS r (refused_at timestamptz, actor text, command text, stream_id uuid, code text, facts json)
"""

log = structlog.get_logger()


class Refusal(NamedTuple):
    """Who tried what on which stream, and why it was refused; no names, only ids."""

    refused_at: datetime
    actor: str
    command: str
    stream_id: UUID | None
    code: str
    facts: dict[str, Any]


def refusal_of(actor: Actor, command: str, given: Mapping[str, Any], error: Exception) -> Refusal | None:
    """Return what goes on record of a refused command, given its fields; None when nobody will ask."""
    if not getattr(error, "is_on_record", False):
        return None
    facts: Mapping[str, Any] = getattr(error, "facts", {})
    kept = {name: value for name, value in facts.items() if name.endswith("_id") or name in KEPT_FACTS}
    candidates = kept.get("candidates") or [None]
    stream_id = kept.get("client_id") or candidates[0] or _stream_named(command, given)
    return Refusal(datetime.now(UTC), actor.id, command, stream_id, getattr(error, "code", ""), kept)


def _stream_named(command: str, given: Mapping[str, Any]) -> UUID | None:
    """Return the stream that the fields of a command name, the client's before any other's."""
    names = [name for name, _kind in stream_fields(COMMANDS[command])]
    for name in sorted(names, key=lambda each: each != "client_id"):
        try:
            return UUID(str(given[name]))
        except (KeyError, ValueError):
            continue
    return None


class RefusalRecord:
    """Writes refusals from a thread of its own, many in one commit; whoever is refused does not wait for it."""

    def __init__(self, url: str, *, pause: float = PAUSE_SECONDS, limit: int = LIMIT) -> None:
        self._connection = OwnConnection(url)
        self._pause = pause
        self._limit = limit
        self._waiting: deque[Refusal] = deque()
        self._some = threading.Event()
        self._enough = threading.Event()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._work, name="refusals", daemon=True)
        self.written = 0
        self.commits = 0
        self.dropped = 0

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, if the log can be reached, and stop."""
        self._is_stopping = True
        self._some.set()
        self._enough.set()
        if self._thread.is_alive():
            self._thread.join()
        self._connection.close()

    def note(self, actor: Actor, command: str, given: Mapping[str, Any], error: Exception) -> None:
        """Put a refused command on record, if it is of those that are asked about; returns at once."""
        refusal = refusal_of(actor, command, given, error)
        if refusal is None:
            return
        if len(self._waiting) >= self._limit:
            self.dropped += 1
            return
        self._waiting.append(refusal)
        self._some.set()
        if len(self._waiting) >= BATCH:
            self._enough.set()

    def _work(self) -> None:
        while not self._is_stopping:
            self._some.wait()
            self._enough.wait(self._pause)
            self._enough.clear()
            self._some.clear()
            if not self._write() and not self._is_stopping:
                self._some.set()  # the log cannot be reached: they wait for the next turn
        self._write()

    def _write(self) -> bool:
        """Write all that waits, in one commit; return whether that is settled."""
        batch = list(self._waiting)
        if not batch:
            return True
        try:
            with self._connection() as connection, connection.transaction():
                connection.execute("SET LOCAL synchronous_commit TO off")
                connection.execute(_INSERT, [to_json([refusal._asdict() for refusal in batch]).decode()])
        except psycopg.Error as error:
            if is_lost(error):
                log.warning("refusals_wait", refusals=len(batch), error=type(error).__name__)
                self._connection.close()
                return False
            # They would never get in; the next ones may.
            log.error("refusals_lost", refusals=len(batch), error=type(error).__name__)
            self.dropped += len(batch)
        else:
            self.written += len(batch)
            self.commits += 1
        for _ in batch:
            self._waiting.popleft()
        return True
