"""Keeps on record what the business asks about afterwards: who was refused a client, or may not do what they tried."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from commands.base import Actor, stream_fields
from commands.registry import ALL
from infra.postgres.aside import PAUSE_SECONDS, Aside, Kept

KEPT_FACTS = frozenset({"action", "candidates", "kind", "named", "needed", "role", "since"})
"""Facts kept besides ids; every other one may name a person, and this record has no key that could be destroyed."""

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
    names = [name for name, _kind in stream_fields(ALL[command])]
    for name in sorted(names, key=lambda each: each != "client_id"):
        try:
            return UUID(str(given[name]))
        except (KeyError, ValueError):
            continue
    return None


class RefusalRecord(Aside):
    """Writes refusals aside; whoever is refused does not wait for it."""

    def __init__(self, url: str, *, pause: float = PAUSE_SECONDS, limit: int = LIMIT) -> None:
        super().__init__(url, Kept("refusals", _INSERT, BATCH, limit), pause=pause)

    def note(self, actor: Actor, command: str, given: Mapping[str, Any], error: Exception) -> None:
        """Put a refused command on record, if it is of those that are asked about; returns at once."""
        refusal = refusal_of(actor, command, given, error)
        if refusal is not None:
            self.add(refusal)
