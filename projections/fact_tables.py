"""What the fact tables of the analysts are made of; the tables themselves stand beside the read models."""

import json

from events.base import Event
from events.registry import EVENT_TYPES
from infra.analytics.fact_schema import Column

KIND = Column("kind", "VARCHAR", "split_part(topic, '.', 2)")
MONEY = {"amount": "VARCHAR", "currency": "VARCHAR"}

IDS = frozenset(name for event_type in EVENT_TYPES for name in event_type.IDS)
"""The fields of events that are ids: their columns are UUIDs."""


def topics(*event_types: type[Event]) -> dict[str, int]:
    """Return the topics of these events, each with the schema version that is written today."""
    return {event_type.TOPIC: event_type.SCHEMA_VERSION for event_type in event_types}


def body(*names: str, **nested: object) -> str:
    """Return the structure that is read out of the JSON: these members, as text."""
    return json.dumps({**dict.fromkeys(names, "VARCHAR"), **nested}, separators=(",", ":"))


def column(name: str, *others: str) -> Column:
    """Return the column of a member, which other events call otherwise; the first that is there counts."""
    sources = ", ".join(f"body.{each}" for each in (name, *others))
    return Column(name, "UUID" if name in IDS else "VARCHAR", f"coalesce({sources})" if others else sources)


def flag(name: str) -> Column:
    """Return the column of a yes or no; what is not there is a no."""
    return Column(name, "BOOLEAN", f"coalesce(CAST(body.{name} AS BOOLEAN), false)")
