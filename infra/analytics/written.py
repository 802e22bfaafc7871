"""SQL with its values written out, for what can have no parameters: a view, and a question that people read."""

import re
from collections.abc import Mapping
from typing import Any


def written(sql: str, values: Mapping[str, Any]) -> str:
    """Return SQL in which each `$name` is the value of that name; raises KeyError for one that has none."""
    return re.sub(r"\$(\w+)", lambda found: literal(values[found[1]]), sql)


def literal(value: Any) -> str:
    """Return a value as SQL has it."""
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
