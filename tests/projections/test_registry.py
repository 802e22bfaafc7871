"""What is true of every read model, whatever it shows."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.registry import EVENT_TYPES
from infra.projector.folding import Rows
from infra.projector.projection import Projection
from projections.registry import PROJECTIONS
from tests.played import play_events
from tests.projections.facts import ONE_OF_EACH, fact, history, subject_of

HISTORIES = st.lists(st.integers(0, len(ONE_OF_EACH) - 1), max_size=40)
every_read_model = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)


def test_every_kind_of_fact_but_the_import_s_own_is_shown_somewhere() -> None:
    folded = {topic for projection in PROJECTIONS for topic in projection.topics}

    every = {event_type.TOPIC for event_type in EVENT_TYPES if not event_type.TOPIC.startswith("import.")}
    # A stream that only says whose name a name is.
    assert folded == every - {"team.name_taken", "branch.name_taken"}


def test_there_is_an_example_of_every_fact_that_is_shown() -> None:
    folded = {topic for projection in PROJECTIONS for topic in projection.topics}

    assert folded <= {event.TOPIC for _, event in ONE_OF_EACH}


@every_read_model
def test_a_row_is_frozen_and_has_its_key(projection: Projection[Any]) -> None:
    assert issubclass(projection.row, tuple)
    assert set(projection.key) <= set(projection.columns)


@every_read_model
def test_any_fact_may_be_the_first_one_heard_of(projection: Projection[Any]) -> None:
    heard = 0
    for number, (_, event) in enumerate(ONE_OF_EACH):
        if event.TOPIC not in projection.topics:
            continue
        (first,) = history([number])
        for key in projection.keys(first):
            row = projection.fold(None, first, key)
            heard += 1
            assert row is None or tuple(getattr(row, name) for name in projection.key) == key
    assert heard


@every_read_model
@given(numbers=HISTORIES)
def test_a_history_played_twice_is_played_once(projection: Projection[Any], numbers: list[int]) -> None:
    facts = [event for event in history(numbers) if event.TOPIC in projection.topics]
    rows: Rows = {}
    play_events(projection, rows, facts)
    once = {key: (there.row, there.position) for key, there in rows.items()}

    assert play_events(projection, rows, facts) == set()
    assert {key: (there.row, there.position) for key, there in rows.items()} == once


@every_read_model
@given(numbers=HISTORIES)
def test_two_folds_from_the_start_agree_and_leave_older_rows_as_they_were(
    projection: Projection[Any], numbers: list[int]
) -> None:
    facts = [event for event in history(numbers) if event.TOPIC in projection.topics]
    first: Rows = {}
    seen: list[tuple[Any, str]] = []
    for event in facts:
        play_events(projection, first, [event])
        seen.extend((there.row, repr(there.row)) for there in first.values())
    second: Rows = {}
    play_events(projection, second, facts)

    assert first == second
    assert [repr(row) for row, _ in seen] == [then for _, then in seen]


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


@every_read_model
@given(numbers=HISTORIES)
@example(numbers=list(range(len(ONE_OF_EACH))) * 2)
def test_what_a_rebuild_reads_of_a_fact_is_all_that_its_fold_looks_at(
    projection: Projection[Any], numbers: list[int]
) -> None:
    facts = [event for event in history(numbers) if event.TOPIC in projection.topics]
    parts = [
        projection.parts[event.TOPIC].from_json(event.model_dump_json(exclude_none=True), event.envelope)
        if event.TOPIC in projection.parts
        else event
        for event in facts
    ]
    of_facts: Rows = {}
    play_events(projection, of_facts, facts)
    of_parts: Rows = {}
    play_events(projection, of_parts, parts)

    assert of_parts == of_facts


def test_facts_about_nobody_yet_touch_no_card() -> None:
    card = next(projection for projection in PROJECTIONS if projection.name == "client_card")
    for position, (stream, event) in enumerate(ONE_OF_EACH, start=1):
        if event.TOPIC in card.topics and event.TOPIC.startswith("activity."):
            assert card.keys(fact(event, stream, position)) == ()
            assert card.keys(fact(event, stream, position, subject=subject_of(stream))) == ((subject_of(stream),),)
