"""What operators do with facts that the tables could not take in: try again, or pass over one with a reason."""

from typing import NamedTuple
from uuid import UUID

import psycopg

from infra.analytics.duck import AnalyticsNode
from infra.analytics.fact_schema import NAME
from infra.analytics.parked_facts import ParkedFact, place_text
from infra.told import ToldError

# Passed over by the files of all nodes: another one, where it waits as well, hears of it when it is tried again.
_SKIP = """
    INSERT INTO letopis.skipped (name, place, position, event_id, topic, failure, reason, actor)
    SELECT %(name)s, %(place)s::jsonb, e.position, e.event_id, e.topic, %(failure)s, %(reason)s, %(actor)s
    FROM letopis.event e
    WHERE e.position = %(position)s
    ON CONFLICT DO NOTHING
"""


class NotParkedError(ToldError):
    """No such stream waits."""

    def __init__(self, stream: UUID) -> None:
        self.stream = stream
        super().__init__(
            f"{NAME}: nothing waits at {place_text(stream)}. `letopis projections parked {NAME}` shows what does."
        )


class Tried(NamedTuple):
    """What became of a stream that waited: it flows again, or waits at `position` (the same or a later one)."""

    place: str
    position: int | None
    reason: str | None


def retry_parked(node: AnalyticsNode, stream: UUID | None = None) -> list[Tried]:
    """Try again to load what waits, of one stream or of all, each for itself; return what became of them.

    Raises NotParkedError, infra.analytics.duck.AnalyticsNotReadyError and, if the log is another one, LogReplacedError.
    """
    with node.mending() as (file, log):
        if stream is not None and stream not in file.waiting.by_stream:
            raise NotParkedError(stream)
        streams = [stream] if stream is not None else [one.stream for one in file.waiting.in_order()]
        return [_tried(one, file.retry(log, one)) for one in streams]


def skip_parked(node: AnalyticsNode, url: str, stream: UUID, *, reason: str, actor: str) -> Tried:
    """Pass over the one event that a stream waits for, in this and every other file for ever, and go on after it.

    The reason is kept for ever, with who gave it: it names no person. `url` is the projector's. Raises what
    `retry_parked` raises.
    """
    with node.mending() as (file, log):
        waiting = file.waiting.by_stream.get(stream)
        if waiting is None:
            raise NotParkedError(stream)
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            noted = {"name": NAME, "place": waiting.place, "failure": waiting.reason, "position": waiting.position}
            connection.execute(_SKIP, {**noted, "reason": reason, "actor": actor})
        return _tried(stream, file.retry(log, stream))


def _tried(stream: UUID, waits: ParkedFact | None) -> Tried:
    return Tried(place_text(stream), waits.position if waits else None, waits.reason if waits else None)
