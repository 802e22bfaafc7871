"""The shape of every fact is kept, for every version it ever had: no change of a class passes unnoticed."""

import json
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, get_args

import pytest
from pydantic import Field

from events.base import Event
from events.marks import PERSONAL
from events.registry import EVENT_TYPES
from events.values import ContactPoint, Text
from tests.events.schema_gate import schema_of
from tests.frozen import NEW, SCHEMAS, WIDENED, loss_of, schema_file


def refusal(kind: type[Event], kept: dict[str, object]) -> str | None:
    """Return what to do about a class that is not as its kept schema says; None when it is."""
    if schema_of(kind) == kept:
        return None
    file = schema_file(kind.TOPIC, kind.SCHEMA_VERSION).name
    return loss_of(kind, kept) or WIDENED.format(name=kind.__name__, file=file)


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.TOPIC)
def test_a_class_reads_what_the_schema_of_its_version_says(kind: type[Event]) -> None:
    file = schema_file(kind.TOPIC, kind.SCHEMA_VERSION)
    assert file.exists(), NEW.format(what=f"The schema of {kind.TOPIC}", file=file.name)
    told = refusal(kind, json.loads(file.read_text()))
    assert told is None, told


def test_the_schema_of_every_version_is_kept() -> None:
    versions = {(kind.TOPIC, version) for kind in EVENT_TYPES for version in range(1, kind.SCHEMA_VERSION + 1)}
    assert {path.name for path in SCHEMAS.iterdir()} == {schema_file(*version).name for version in versions}


def test_every_text_of_a_fact_says_how_free_it_is() -> None:
    # A plain str would be free text that nobody had to call personal or not.
    plain = {
        f"{kind.__name__}.{name}"
        for kind in EVENT_TYPES
        for name, field in kind.model_fields.items()
        if not field.metadata and str in (field.annotation, *get_args(field.annotation))
    }
    assert plain == set(), "use Text, ShortText (PERSONAL), OpenShortText or a Code"


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
    assert f"@upcasts({kind.__name__}, 1)" in told


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
    assert "make freeze" in told


def test_words_for_people_may_change() -> None:
    class Reworded(Visited):
        """Somebody dropped in."""

        TOPIC: ClassVar[str] = "thing.visited"

    assert refusal(Reworded, KEPT) is None


def test_free_text_that_nobody_called_personal_or_open_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Met\.remark is free text: .*PERSONAL.*OPEN"):

        class Met(Event):
            TOPIC: ClassVar[str] = "thing.met"

            remark: Text | None = None

    with pytest.raises(TypeError, match=r"Called\.points is free text"):

        class Called(Event):
            TOPIC: ClassVar[str] = "thing.called"

            points: tuple[ContactPoint, ...] = ()
