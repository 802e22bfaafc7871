"""The shape of every fact is kept, for every version it ever had: no change of a class passes unnoticed."""

import json
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar

import pytest
from pydantic import Field

from events.base import Event
from events.marks import PERSONAL
from events.registry import EVENT_TYPES
from tests.events.schema_gate import losses, schema_of

SCHEMAS = Path(__file__).parent / "schemas"
WIDENED = """
{name} can read more than before, and all it could read. Put the text below into {file}, and add the fact's new form
as test_golden.py says. Programs of an older Letopis will not read the new form: upgrade them all before it is written.
{text}"""
LOST = """
{name} cannot read, or reads differently, what is stored as {topic} v{version}, and what is stored will not change:
  {losses}
Put the old fields back and add new ones beside them, optional, with the old meaning as their default. If that is not
what you want: raise SCHEMA_VERSION of {name} to {next_version}, register an upcaster under ("{topic}", {version}) in
events/registry.py, keep the schema and the golden payloads of version {version} as they are, and add
{topic}.v{next_version}.json to tests/events/schemas with the text below, and to tests/events/golden with the payload
that test_golden.py prints.
{text}"""
NEW = "\n{file} is missing: put the text below into it, once the fact is as it shall be for ever.\n{text}"


def file_of(topic: str, version: int) -> Path:
    return SCHEMAS / f"{topic}.v{version}.json"


def refusal(kind: type[Event], kept: dict[str, object]) -> str | None:
    """Return what to do about a class that is not as its kept schema says; None when it is."""
    present = schema_of(kind)
    if present == kept:
        return None
    lost = list(losses(kept, present))
    return (LOST if lost else WIDENED).format(
        name=kind.__name__,
        topic=kind.TOPIC,
        version=kind.SCHEMA_VERSION,
        next_version=kind.SCHEMA_VERSION + 1,
        file=file_of(kind.TOPIC, kind.SCHEMA_VERSION),
        losses="\n  ".join(lost),
        text=json.dumps(present, indent=1),
    )


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.TOPIC)
def test_a_class_reads_what_the_schema_of_its_version_says(kind: type[Event]) -> None:
    file = file_of(kind.TOPIC, kind.SCHEMA_VERSION)
    text = json.dumps(schema_of(kind), indent=1)
    assert file.exists(), NEW.format(file=file, text=text)
    told = refusal(kind, json.loads(file.read_text()))
    assert told is None, told


def test_the_schema_of_every_version_is_kept() -> None:
    versions = {(kind.TOPIC, version) for kind in EVENT_TYPES for version in range(1, kind.SCHEMA_VERSION + 1)}
    assert {path.name for path in SCHEMAS.iterdir()} == {file_of(*version).name for version in versions}


# --- the gate itself -------------------------------------------------------------------------------------------------


class Mood(StrEnum):
    """How somebody was."""

    GLAD = "glad"
    CROSS = "cross"


class Visited(Event):
    """Somebody came by."""

    TOPIC: ClassVar[str] = "thing.visited"

    title: str
    mood: Mood
    who: Annotated[str | None, PERSONAL] = None
    price: Decimal | None = None
    count: int = 1


KEPT = schema_of(Visited)


class Renamed(Event):
    TOPIC: ClassVar[str] = "thing.visited"

    place: str
    mood: Mood
    who: Annotated[str | None, PERSONAL] = None
    price: Decimal | None = None
    count: int = 1


class Demanding(Visited):
    TOPIC: ClassVar[str] = "thing.visited"

    note: str


class Narrower(Visited):
    TOPIC: ClassVar[str] = "thing.visited"

    title: str = Field(max_length=5)


class Opened(Visited):
    TOPIC: ClassVar[str] = "thing.visited"

    who: str | None = None


class Recounted(Visited):
    TOPIC: ClassVar[str] = "thing.visited"

    count: int = 2


class Unpriced(Visited):
    TOPIC: ClassVar[str] = "thing.visited"

    price: int | None = None  # type: ignore[assignment]  # another type on purpose


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (Renamed, "/title is gone"),
        (Renamed, "/place must be there now"),
        (Demanding, "/note must be there now"),
        (Narrower, "/title: maxLength was None and is 5"),
        (Opened, "/who is not personal any more"),
        (Recounted, "/count: the default 1 is 2 now"),
        (Unpriced, "/price: "),
    ],
)
def test_a_class_that_reads_less_is_refused_and_the_remedy_told(kind: type[Event], says: str) -> None:
    told = refusal(kind, KEPT)
    assert told is not None
    assert says in told
    assert f"raise SCHEMA_VERSION of {kind.__name__} to 2" in told
    assert 'register an upcaster under ("thing.visited", 1)' in told


def test_a_value_taken_out_of_an_enumeration_is_a_loss() -> None:
    kept = schema_of(Visited)
    kept["$defs"]["Mood"]["enum"].append("calm")
    assert "#/Mood: the value 'calm' is gone" in (refusal(Visited, kept) or "")


class Wider(Visited):
    """Somebody came by; said at greater length."""

    TOPIC: ClassVar[str] = "thing.visited"

    title: str | None = None  # type: ignore[assignment]  # wider on purpose
    note: str | None = None


def test_an_optional_field_more_is_no_loss_and_its_schema_is_asked_for() -> None:
    told = refusal(Wider, KEPT)
    assert told is not None
    assert "can read more than before" in told
    assert json.dumps(schema_of(Wider), indent=1) in told


def test_words_for_people_may_change() -> None:
    class Reworded(Visited):
        """Somebody dropped in."""

        TOPIC: ClassVar[str] = "thing.visited"

    assert refusal(Reworded, KEPT) is None
