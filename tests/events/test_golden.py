"""What was once stored is read for ever: the stored form of every fact is kept here, for every version it ever had."""

import json
from pathlib import Path
from typing import Any

import pytest

from events.base import Event
from events.registry import EVENT_TYPES, UPCASTERS
from infra.log.envelope import NEVER, Envelope
from tests import examples
from tests.frozen import GOLDEN, NEW, form_of, golden_files, version_of

BY_TOPIC = {event_type.TOPIC: event_type for event_type in EVENT_TYPES}


def envelope(event_type: type[Event]) -> Envelope:
    some = examples.SALE
    return Envelope(
        1, some, some, 1, event_type.TOPIC, event_type.SCHEMA_VERSION, some, NEVER, NEVER, "", some, some, None
    )


def upcast(topic: str, version: int, payload: dict[str, Any]) -> dict[str, Any]:
    for step in range(version, BY_TOPIC[topic].SCHEMA_VERSION):
        payload = UPCASTERS[topic, step](payload)
    return payload


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.TOPIC)
def test_a_fact_is_stored_as_it_always_was(kind: type[Event]) -> None:
    form = form_of(kind)
    assert form is None, NEW.format(what=f"The stored form of {kind.TOPIC}", file=form[0].name)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.name)
def test_whatever_was_ever_stored_can_be_read(path: Path) -> None:
    topic = path.name.split(".v", 1)[0]
    kind = BY_TOPIC[topic]
    payload = upcast(topic, version_of(path), json.loads(path.read_text()))
    read = kind.from_json(json.dumps(payload), envelope(kind))
    assert json.loads(read.model_dump_json(exclude_unset=True)) == payload


def test_no_stored_form_was_removed() -> None:
    assert {path.name.split(".v", 1)[0] for path in GOLDEN.glob("*.json")} == set(BY_TOPIC)
    for kind in EVENT_TYPES:
        versions = {version_of(path) for path in golden_files(kind.TOPIC)}
        assert versions == set(range(1, kind.SCHEMA_VERSION + 1)), kind.TOPIC


def test_no_two_facts_share_a_topic() -> None:
    assert len(BY_TOPIC) == len(EVENT_TYPES)
