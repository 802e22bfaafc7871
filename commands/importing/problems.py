"""What can be wrong with a cell or a row of an import, and how people are told, in English and Russian."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from infra.told import ToldError

Tell = Callable[[str, Mapping[str, Any]], str]
"""(code, facts) → the sentence a person reads."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was not taken as it stands: the column and value (if it is one cell's fault), and the stable code."""

    code: str
    column: str = ""
    value: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class CellError(Exception):
    """A cell cannot be what its field needs; the row goes to the error file."""

    def __init__(self, code: str, column: str = "", value: str = "", **facts: Any) -> None:
        super().__init__(code)
        self.problem = Problem(code, column, value, facts)


class MappingError(ToldError):
    """The mapping does not fit itself or the file; says what is wrong and what to do. Nothing was imported."""


def teller(language: str, elsewhere: Tell | None = None) -> Tell:
    """Return what puts a code into words; codes that are not the importer's own are told by `elsewhere`."""

    def tell(code: str, facts: Mapping[str, Any]) -> str:
        message = _messages().get(code)
        if message is None:
            return code if elsewhere is None else elsewhere(code, facts)
        return message[language if language in message else "en"].format_map(_Lenient(facts))

    return tell


class _Lenient(dict[str, Any]):
    """A fact nobody gave is shown by its name, so that a message never fails."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


@cache
def _messages() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))
