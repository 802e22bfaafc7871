"""What is true of every read model, whatever it shows."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.registry import EVENT_TYPES
from infra.projector.projection import Projection
from projections.registry import PROJECTIONS
from tests.projections.facts import EVERY_KIND, history
from tests.shown import shown

HISTORIES = st.lists(st.integers(0, len(EVERY_KIND) - 1), max_size=40)
every_read_model = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)


def test_every_kind_of_fact_is_shown_somewhere() -> None:
    folded = {topic for projection in PROJECTIONS for topic in projection.topics}

    every = {event_type.TOPIC for event_type in EVENT_TYPES}
    # Streams that only say whose name a name is, and those that are read as streams.
    unseen = {"team.name_taken", "branch.name_taken", "right.scope_granted", "right.editing_granted"}
    assert folded == every - unseen - {"import_source.reverted"}


def test_there_is_an_example_of_every_fact_that_is_shown() -> None:
    folded = {topic for projection in PROJECTIONS for topic in projection.topics}

    assert folded <= {event.TOPIC for each in EVERY_KIND for event in each.events}


@every_read_model
def test_a_row_is_frozen_and_has_its_key(projection: Projection[Any]) -> None:
    assert issubclass(projection.row, tuple)
    assert set(projection.key) <= set(projection.columns)


@every_read_model
def test_any_fact_may_be_the_first_one_heard_of(projection: Projection[Any]) -> None:
    heard = 0
    for number in range(len(EVERY_KIND)):
        (first,) = history([number])
        if first.TOPIC not in projection.topics:
            continue
        for key in projection.keys(first):
            row = projection.fold(None, first, key)
            heard += 1
            assert row is None or tuple(getattr(row, name) for name in projection.key) == key
    assert heard


@every_read_model
@given(numbers=HISTORIES)
@example(numbers=list(range(len(EVERY_KIND))) * 2)
def test_any_history_shows_the_same_whichever_way_it_comes(projection: Projection[Any], numbers: list[int]) -> None:
    shown(projection, history(numbers))


@every_read_model
@given(numbers=HISTORIES)
def test_all_facts_that_touch_a_row_lie_in_one_partition(projection: Projection[Any], numbers: list[int]) -> None:
    if projection.partition_by == "none":
        return
    places: dict[Any, set[Any]] = {}
    for event in history(numbers):
        if event.TOPIC in projection.topics:
            for key in projection.keys(event):
                places.setdefault(key, set()).add(getattr(event, f"{projection.partition_by}_id"))

    assert all(len(place) == 1 for place in places.values())
