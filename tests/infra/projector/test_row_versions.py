"""Every version of a row: at any moment it is what its facts until then make of it, in the order of the log."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.log.envelope import Envelope, RecordedEvent
from infra.log.ids import new_id
from infra.projector.folding import RowAt, Rows, play, touches
from infra.projector.row_versions import By, Moment, Version, moment_of, versions_of
from tests.toy.boxes import BEGINNING, Said, box_id, boxes, breaking, coin, decode, looking, opening

SAID = st.sampled_from((opening("a"), coin("a"), coin("a", "2"), breaking("a"), looking("a"), coin("b")))
HISTORIES = st.lists(st.tuples(SAID, st.integers(0, 5)), min_size=1, max_size=12)
"""What is recorded one after the other, each of one of a few days: many at one moment, and many dated back."""


def recorded(history: Sequence[tuple[Said, int]]) -> list[RecordedEvent]:
    return [
        RecordedEvent(
            Envelope(
                position=position,
                event_id=new_id(),
                stream_id=box_id(said.box),
                version=position,
                topic=said.topic,
                schema_version=1,
                subject_id=box_id(said.box),
                occurred_at=BEGINNING + timedelta(days=day),
                recorded_at=BEGINNING + timedelta(days=100),
                actor="toy",
                command_id=new_id(),
                correlation_id=new_id(),
                causation_id=None,
                parties=(),
            ),
            json.dumps(said.payload),
        )
        for position, (said, day) in enumerate(history, start=1)
    ]


def at(versions: Sequence[Version], moment: Moment) -> RowAt | None:
    found = [one.there for one in versions if one.since <= moment < one.until]
    assert len(found) <= 1
    return found[0] if found else None


def folded(facts: Sequence[RecordedEvent]) -> Rows:
    rows: Rows = {}
    play(boxes, rows, touches(boxes, facts, decode))
    return {key: there for key, there in rows.items() if there.row is not None}


@given(HISTORIES, st.sampled_from(("recorded", "occurred")))
def test_at_every_moment_a_row_is_what_its_facts_until_then_make_of_it(history: list[tuple[Said, int]], by: By) -> None:
    facts = recorded(history)
    versions = versions_of(boxes, touches(boxes, facts, decode), None, by, lambda: None)
    for moment in sorted(moment_of(fact.envelope, by) for fact in facts):
        counted = folded([fact for fact in facts if moment_of(fact.envelope, by) <= moment])
        told = {key: there for key, of_row in versions.items() if (there := at(of_row, moment)) is not None}
        assert told == counted


def test_a_version_is_another_row_than_the_one_before() -> None:
    facts = recorded([(opening("a"), 0), (looking("a"), 1), (coin("a"), 2), (looking("a"), 3)])
    [versions] = versions_of(boxes, touches(boxes, facts, decode), None, "recorded", lambda: None).values()
    assert [one.there.position for one in versions] == [1, 3]


def test_what_is_folded_again_can_be_stopped() -> None:
    """Facts told in the opposite order would be folded for minutes."""

    def stop() -> None:
        raise TimeoutError

    facts = recorded([(coin("a"), 5 - number) for number in range(5)])
    assert versions_of(boxes, touches(boxes, facts, decode), None, "recorded", stop)
    with pytest.raises(TimeoutError):
        versions_of(boxes, touches(boxes, facts, decode), None, "occurred", stop)
