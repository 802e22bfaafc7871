"""Histories to fold: the example of every kind of fact that is shown, on the stream it would be on."""

from collections.abc import Iterable
from uuid import UUID

from events.base import Event
from tests.examples import ANNA, CALL, EVENTS, OLGA, ROAD, ROMASHKA, SALE
from tests.story import Told, as_recorded, nth_id, on

STREAM_OF_KIND = {
    "staff": ANNA,
    "client": ROMASHKA,
    "activity": CALL,
    "pipeline": ROAD,
    "deal": SALE,
    "product": nth_id(1),
}
PERSONS = {"client.affiliated", "client.affiliation_ended"}
"""Who acts for an organisation is on the person's stream."""


def stream_of(event: Event) -> UUID:
    return OLGA if event.TOPIC in PERSONS else STREAM_OF_KIND[event.TOPIC.split(".")[0]]


def told(event: Event) -> Told:
    """Give the fact on its stream; an activity and a deal are about the client."""
    stream = stream_of(event)
    return on(stream, event, about=ROMASHKA if stream in {CALL, SALE} else None)


EVERY_KIND = tuple(told(event) for event in EVENTS if not event.TOPIC.startswith("import."))
"""Every kind of fact that a read model may fold: an import's own are shown nowhere."""


def history(numbers: Iterable[int]) -> list[Event]:
    """Return a history made of the facts with these numbers in EVERY_KIND, at positions 1, 2, 3, …"""
    return as_recorded(EVERY_KIND[number] for number in numbers)
