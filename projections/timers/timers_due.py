"""One row is one moment that a timer waits for on one stream, or that has come and is not dealt with yet.

Read by the worker that runs the timers (commands/policies), and by nobody's screen. A fact sets a row and a fact ends
it, so there are never more rows than moments somebody waits for; that a moment has come shows in no row: it depends on
the clock.
"""

from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID
from zlib import crc32

from infra.projector.projection import Key, Keys, Projection
from projections.timers.activity_reminder import activity_reminder
from projections.timers.due_rule import DueRule, Setting

RULES: tuple[DueRule, ...] = (activity_reminder,)


class TimerDueRow(NamedTuple):
    """What is due on a stream; `set_by` is the id of the fact that set it: one fact, one command."""

    timer: str
    stream_id: UUID
    due_at: datetime
    set_by: UUID


def timers_due_by(rules: tuple[DueRule, ...], name: str = "timers_due") -> Projection[TimerDueRow]:
    """Return the read model of what is due by these rules."""
    projection = Projection(
        name=name,
        row=TimerDueRow,
        key=("timer", "stream_id"),
        ddl=Path(__file__).with_suffix(".sql"),
        partition_by="stream",
        # Another rule, or another meaning of one, is another meaning of the whole.
        version=crc32(repr([(rule.name, rule.version) for rule in rules]).encode()),
    )
    settings: dict[str, dict[str, Setting]] = defaultdict(dict)
    for rule in rules:
        for topic, setting in rule.settings.items():
            settings[topic][rule.name] = setting

    def due(_: TimerDueRow | None, event: Any, key: Key) -> TimerDueRow | None:
        timer, stream_id = key
        moment = settings[event.TOPIC][timer].moment(event)
        return None if moment is None else TimerDueRow(timer, stream_id, moment, event.envelope.event_id)

    for of_topic in settings.values():
        event_type = next(iter(of_topic.values())).event_type
        reads = tuple(sorted({field for setting in of_topic.values() for field in setting.reads}))
        projection.on(event_type, keys=_keys_by(of_topic), reads=reads)(due)
    return projection


def _keys_by(settings: dict[str, Setting]) -> Keys:
    """Return what gives a key for each timer that a fact of one kind touches."""
    return lambda event: tuple((name, event.stream_id) for name, setting in settings.items() if setting.touches(event))


timers_due = timers_due_by(RULES)
