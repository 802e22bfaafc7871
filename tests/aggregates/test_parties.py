"""Whom a fact concerns is stored with it for ever: the parties of every kind of fact are kept here as they were."""

import pytest

from events.base import Event
from tests import examples
from tests.frozen import NEW, OTHER_PARTIES, PARTIES, parties_expected, parties_kept, parties_told


@pytest.mark.parametrize("event", examples.EVENTS, ids=lambda event: event.TOPIC)
def test_the_parties_of_a_fact_are_as_they_always_were(event: Event) -> None:
    kept, told = parties_expected(event, parties_kept()), parties_told(event)
    assert kept is not None, NEW.format(
        what=f"Whom {event.TOPIC} concerns", file=f"{event.TOPIC}.json in {PARTIES.name}"
    )
    assert told == kept, OTHER_PARTIES.format(topic=event.TOPIC, kept=kept, told=told)


def test_parties_are_kept_of_facts_that_there_are() -> None:
    assert set(parties_kept()) <= {event.TOPIC for event in examples.EVENTS}
