"""Tables that no file holds: their rows are handed in with each question."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

Rows = Sequence[Sequence[str | None]]

Lent = Mapping[str, Rows]
"""The rows of such tables, by the table's name."""

NOTHING_LENT: Lent = {}


def lend(connection: Any, columns: Mapping[str, Sequence[str]], lent: Lent) -> None:
    """Give a connection these tables, each with its columns; one that is not handed in is there without a row."""
    for name, named in columns.items():
        rows = lent.get(name, ())
        table = pa.table({column: pa.array([row[at] for row in rows], pa.string()) for at, column in enumerate(named)})
        connection.register(name, table)
