"""Histories to fold: the example of every kind of fact that is shown, on the stream it would be on."""

from collections.abc import Iterable
from uuid import UUID

from events.base import Event
from tests.examples import CALL, EVENTS, ROMASHKA, SALE, STREAMS
from tests.story import Told, as_recorded, on

ENDING = (
    "activity.cancelled",
    "activity.reminder_fell",
    "activity.entry_reverted",
    "client_date.dropped",
    "client_field.cleared",
    "client_tag.taken",
)
"""What ends something is told before it, so that there is something to show in the end."""


def stream_of(event: Event) -> UUID:
    """Return the stream of an example; all that happens to activities happens to one."""
    return CALL if event.TOPIC.startswith("activity.") else STREAMS[type(event)]


def told(event: Event) -> Told:
    """Give the fact on its stream; an activity and a deal are about the client."""
    stream = stream_of(event)
    return on(stream, event, about=ROMASHKA if stream in {CALL, SALE} else None)


EVERY_KIND = tuple(
    told(event)
    for event in sorted(EVENTS, key=lambda each: each.TOPIC not in ENDING)
    if not event.TOPIC.startswith("import_source.")
)
"""Every kind of fact that a read model may fold; how often a source was reverted is read as a stream."""


def history(numbers: Iterable[int]) -> list[Event]:
    """Return a history made of the facts with these numbers in EVERY_KIND, at positions 1, 2, 3, …"""
    return as_recorded(EVERY_KIND[number] for number in numbers)
