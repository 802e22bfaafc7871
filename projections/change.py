"""How a row becomes the next one: a copy that differs in the columns named."""

from typing import Any, TypeVar

R = TypeVar("R", bound=tuple[Any, ...])

_places_of: dict[type[Any], dict[str, int]] = {}


def changed(row: R, **columns: Any) -> R:
    """Return a copy of the row with other values in these columns; raises KeyError for a column it does not have.

    It is `_replace` in less than half its time, which is most of a fold's.
    """
    row_type = type(row)
    places = _places_of.get(row_type) or _learn(row_type)
    values = list(row)
    for name, value in columns.items():
        values[places[name]] = value
    return tuple.__new__(row_type, values)


def _learn(row_type: type[Any]) -> dict[str, int]:
    places = _places_of[row_type] = {name: place for place, name in enumerate(row_type._fields)}
    return places


def earlier(positions: list[int] | None, position: int) -> list[int]:
    """Return the positions of facts, with one more."""
    return [*(positions or ()), position]
