"""Whom a fact concerns is stored with it for ever: the parties of every kind of fact are kept here as they were."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from aggregates.base import Aggregate
from aggregates.registry import KINDS
from events.base import Event
from tests import examples
from tests.story import given, on

GOLDEN: dict[str, dict[str, object]] = json.loads(Path(__file__).with_name("parties.json").read_text("utf-8"))
STREAM = UUID("01900000-0000-7000-8000-0000000000ff")
NAMES = {value: name for name, value in vars(examples).items() if isinstance(value, UUID)} | {STREAM: "its own stream"}


def kind_of(event: Event) -> type[Aggregate]:
    return next(kind for kind in KINDS if kind(STREAM).knows(event))


def recorded(event: Event) -> Event:
    """Return the fact as its aggregate records it: on an empty stream, or after the first fact of its kind."""
    kind = kind_of(event)
    opening = next(each for each in examples.EVENTS if kind_of(each) is kind)
    before = () if type(event) is type(opening) else (on(STREAM, opening),)
    story = given(*before)
    if event.TOPIC == "client.contact_point_removed":  # only what is there can be taken away
        story = given(on(STREAM, opening, examples.example_by("client.contact_point_added")))
    story.when_asked(kind, STREAM, lambda aggregate: aggregate.trigger_event(type(event), **dict(event)))
    return story.recorded[0]


@pytest.mark.parametrize("event", examples.EVENTS, ids=lambda event: event.TOPIC)
def test_the_parties_of_a_fact_are_as_they_always_were(event: Event) -> None:
    fact = recorded(event)
    told = {"subject": NAMES[fact.subject_id], "parties": [NAMES[party] for party in fact.parties]}
    assert told == GOLDEN.get(event.TOPIC), f"{event.TOPIC}: {json.dumps(told)}"


def test_the_parties_of_every_kind_of_fact_are_kept() -> None:
    assert set(GOLDEN) == {event.TOPIC for event in examples.EVENTS}
