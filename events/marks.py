"""What the fields of facts and commands may be marked with: whom an id names, and what is personal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


class PersonalMark:
    """Marks a field of an event as personal data: the mapper encrypts it with its subject's key."""


class OpenMark:
    """Marks free text that is a name and says nothing of anybody: it is stored as it is, for ever."""


class FreeTextMark:
    """Marks a type as text that people write freely: a field of an event that has it is PERSONAL or OPEN."""


PERSONAL, OPEN, FREE_TEXT = PersonalMark(), OpenMark(), FreeTextMark()


@dataclass(frozen=True, slots=True)
class Names:
    """Marks an id as the name of a stream of this kind: "client", "staff", "deal", …

    `is_party`: the fact is that one's too, and stands in their history. `acts`: it is the staff member who did it.
    """

    kind: str
    is_party: bool = False
    acts: bool = False


def ids_in(value: Any) -> tuple[Any, ...]:
    """Return the ids that a field marked with Names holds: none, one, or several."""
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)


def ids_named(model: type[BaseModel]) -> dict[str, Names]:
    """Return the fields of a fact or a command that name streams, with what each names."""
    return {
        name: mark for name, field in model.model_fields.items() for mark in marks_of(field) if isinstance(mark, Names)
    }


def _inside(hint: Any) -> Iterator[Any]:
    """Give everything that a type is made of, its marks included."""
    for part in get_args(hint):
        yield part
        yield from _inside(part)


def marks_of(field: FieldInfo) -> Iterator[Any]:
    """Give everything that a field is marked with, itself or the type of its values."""
    yield from field.metadata
    yield from _inside(field.annotation)


def is_unmarked_text(field: FieldInfo) -> bool:
    """Tell whether a field holds free text, itself or in a value, and does not say whether it is personal."""
    if any(isinstance(mark, PersonalMark) for mark in field.metadata):
        return False
    return _is_unmarked(field.annotation, field.metadata)


def _is_unmarked(hint: Any, marks: Sequence[Any]) -> bool:
    if any(isinstance(mark, FreeTextMark) for mark in marks):
        return not any(isinstance(mark, OpenMark) for mark in marks)
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return any(is_unmarked_text(field) for field in hint.model_fields.values())
    if get_origin(hint) is Annotated:
        kind, *inner = get_args(hint)
        return _is_unmarked(kind, inner)
    return any(_is_unmarked(part, ()) for part in get_args(hint))
