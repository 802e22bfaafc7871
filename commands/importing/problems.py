"""What can be wrong with a mapping, a cell or a row of an import, and how people are told, in English and Russian."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.tables.encodings import shown
from infra.told import WordedError, said, worded

Tell = Callable[[str, Mapping[str, Any]], str]
"""(code, facts) → the sentence a person reads."""

_WORDS = Path(__file__).with_name("messages.toml")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was not taken as it stands: the column and value (if it is one cell's fault), and the stable code."""

    code: str
    column: str = ""
    value: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


class MappingError(WordedError):
    """The mapping does not fit itself or the file; says what is wrong and what to do. Nothing was imported."""


class ImportRefusedError(WordedError):
    """Imports and reverts that run now are in each other's way; says what to do. Nothing was recorded."""


def told(problem: Problem, tell: Tell) -> str:
    """Return in words what is wrong with a cell, with its column and its value as they are shown."""
    message = said_of(problem, tell)
    value = f" «{shown(problem.value)}»" if problem.value else ""
    return f"{problem.column}{value}: {message}" if problem.column else message


def said_of(problem: Problem, tell: Tell) -> str:
    """Return in words what is wrong with a cell, for where it stands beside that."""
    return tell(problem.code, {key: _fact(fact) for key, fact in problem.facts.items()})


def _fact(fact: Any) -> Any:
    if isinstance(fact, (list, tuple)):
        return ", ".join(map(str, fact))
    return "?" if fact is None else fact


def teller(language: str, elsewhere: Tell | None = None) -> Tell:
    """Return what puts a code into words; codes that are not the importer's own are told by `elsewhere`."""

    def tell(code: str, facts: Mapping[str, Any]) -> str:
        sentences = worded(_WORDS).get(code)
        if sentences is None:
            return code if elsewhere is None else elsewhere(code, facts)
        return said(sentences, language, facts)

    return tell
