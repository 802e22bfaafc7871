"""The text form of COPY: how whole columns of values are written to fill a table."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic_core import to_json

Column = Sequence[Any]
Cells = list[str]

NULL = r"\N"


def _plain(text: str) -> str:
    """Return a text without what has a meaning of its own in this form."""
    for special, escaped in (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r")):
        if special in text:
            text = text.replace(special, escaped)
    return text


# A call for each value would cost more than the value: each of these writes a whole column.


def _texts(column: Column) -> Cells:
    return [
        NULL if text is None else text if text.isprintable() and "\\" not in text else _plain(text) for text in column
    ]


def _documents(column: Column) -> Cells:
    return [NULL if value is None else "{}" if value == {} else _plain(to_json(value).decode()) for value in column]


def _ids(column: Column) -> Cells:
    return [NULL if id_ is None else f"{id_.int:032x}" for id_ in column]


def _moments(column: Column) -> Cells:
    return [NULL if moment is None else moment.isoformat() for moment in column]


def _flags(column: Column) -> Cells:
    return [NULL if flag is None else "t" if flag else "f" for flag in column]


def _lists(column: Column) -> Cells:
    return [NULL if items is None else _plain(_array(items)) for items in column]


def _array(items: Iterable[Any]) -> str:
    quoted = [str(item).replace("\\", r"\\").replace('"', r"\"") for item in items]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


def _others(column: Column) -> Cells:
    return [NULL if value is None else str(value) for value in column]


def writer_of(column_type: str) -> Callable[[Column], Cells]:
    """Return what writes the values of a column of this type."""
    if column_type.endswith("[]"):
        return _lists
    by_type = {"json": _documents, "jsonb": _documents, "boolean": _flags, "uuid": _ids, "text": _texts}
    return by_type.get(column_type, _moments if column_type.startswith("timestamp") else _others)


def lines(columns: Iterable[Cells]) -> str:
    """Return the rows that have these columns."""
    return "".join(["\t".join(cells) + "\n" for cells in zip(*columns, strict=True)])
