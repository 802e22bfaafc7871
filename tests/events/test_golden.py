"""What was once stored is read for ever: the stored form of every fact is kept here, for every version it ever had."""

import json
from pathlib import Path
from typing import Any

import pytest

from events.base import Event
from events.registry import EVENT_TYPES, UPCASTERS
from infra.log.envelope import NEVER, Envelope
from tests import examples

GOLDEN = Path(__file__).parent / "golden"
BY_TOPIC = {event_type.TOPIC: event_type for event_type in EVENT_TYPES}
REMEDY = """
{topic} is stored differently now, and what is stored already will not change with it.
Only an optional field was added: keep every golden file, add {fresh} with the text below.
Anything else: raise SCHEMA_VERSION of {name}, register an upcaster from version {version} in events/registry.py, keep
every golden file, and add {topic}.v{next_version}.json with the new text.
{text}"""


def golden_files(topic: str) -> list[Path]:
    return sorted(GOLDEN.glob(f"{topic}.v*.json"))


def version_of(path: Path) -> int:
    """Read the schema version from `topic.v1.json`, or from `topic.v1.2.json`, its second form."""
    return int(path.name.removesuffix(".json").split(".v", 1)[1].split(".")[0])


def envelope(event_type: type[Event]) -> Envelope:
    some = examples.SALE
    return Envelope(
        1, some, some, 1, event_type.TOPIC, event_type.SCHEMA_VERSION, some, NEVER, NEVER, "", some, some, None
    )


def upcast(topic: str, version: int, payload: dict[str, Any]) -> dict[str, Any]:
    for step in range(version, BY_TOPIC[topic].SCHEMA_VERSION):
        payload = UPCASTERS[topic, step](payload)
    return payload


@pytest.mark.parametrize("example", examples.EVENTS, ids=lambda event: event.TOPIC)
def test_a_fact_is_stored_as_it_always_was(example: Event) -> None:
    kind = type(example)
    stored = [
        json.loads(path.read_text()) for path in golden_files(kind.TOPIC) if version_of(path) == kind.SCHEMA_VERSION
    ]
    text = example.model_dump_json(indent=2)
    remedy = REMEDY.format(
        topic=kind.TOPIC,
        name=kind.__name__,
        version=kind.SCHEMA_VERSION,
        next_version=kind.SCHEMA_VERSION + 1,
        fresh=f"{kind.TOPIC}.v{kind.SCHEMA_VERSION}.{len(stored) + 1}.json",
        text=text,
    )
    assert json.loads(text) in stored, remedy


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
