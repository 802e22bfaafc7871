"""The one canonical example of every fact and of every command, as it stands beside its class, and variations of it."""

from typing import TypeVar
from uuid import UUID

from commands.base import Command
from commands.contact_point import OFFICE_PHONE, OLGAS_EMAIL
from commands.registry import ALL as COMMAND_TYPES
from events.base import Event
from events.examples import (
    ADMIN,
    ANNA,
    BORIS,
    CALL,
    CONTRACT,
    DAY,
    DISCOUNTED,
    EMAIL,
    FIRST_IMPORT,
    GTX,
    GTX_ID,
    HOLDING,
    HOUR,
    INN,
    LATER,
    LUTIK,
    MEETING,
    OFFER,
    OLGA,
    OTHER_ROAD,
    OTHER_SALE,
    PAYMENT,
    PHONE,
    PRICE,
    REMARK,
    ROAD,
    ROMASHKA,
    SALE,
    SECTOR,
    SVETLANA,
    VERA,
    example_of,
    stream_of_example,
)
from events.registry import EVENT_TYPES

E = TypeVar("E", bound=Event)
C = TypeVar("C", bound=Command)

EVENTS: tuple[Event, ...] = tuple(example_of(kind) for kind in EVENT_TYPES)
COMMANDS: tuple[Command, ...] = tuple(example_of(kind) for kind in COMMAND_TYPES.values())
STREAMS: dict[type[Event], UUID] = {kind: stream_of_example(kind) for kind in EVENT_TYPES}
"""On which stream the example of a fact is."""


def example_by(topic: str) -> Event:
    """Return the example of the fact that is stored under this name."""
    return next(event for event in EVENTS if topic == event.TOPIC)


def fact(event_type: type[E], **other: object) -> E:
    """Return the example of a fact, with other values where the story needs them."""
    return event_type(**{**dict(example_of(event_type)), **other})


def command(command_type: type[C], **other: object) -> C:
    """Return the example of a command, with other values where the story needs them."""
    example = example_of(command_type)
    return command_type(**{**{name: getattr(example, name) for name in example.model_fields_set}, **other})


__all__ = [
    "ADMIN",
    "ANNA",
    "BORIS",
    "CALL",
    "COMMANDS",
    "CONTRACT",
    "DAY",
    "DISCOUNTED",
    "EMAIL",
    "EVENTS",
    "FIRST_IMPORT",
    "GTX",
    "GTX_ID",
    "HOLDING",
    "HOUR",
    "INN",
    "LATER",
    "LUTIK",
    "MEETING",
    "OFFER",
    "OFFICE_PHONE",
    "OLGA",
    "OLGAS_EMAIL",
    "OTHER_ROAD",
    "OTHER_SALE",
    "PAYMENT",
    "PHONE",
    "PRICE",
    "REMARK",
    "ROAD",
    "ROMASHKA",
    "SALE",
    "SECTOR",
    "STREAMS",
    "SVETLANA",
    "VERA",
    "command",
    "example_by",
    "fact",
]
