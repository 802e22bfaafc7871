"""The failures an operator can do something about."""

import inspect
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


class ToldError(Exception):
    """Its text is for people: what is wrong, and what to do. At the command line it is a sentence and exit code 1.

    Whatever else is raised there is a bug, and shows itself as one.
    """


class WordedError(ToldError):
    """A ToldError in English and Russian: its words stand by its code in the `.toml` beside the module of its class."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        return self.said("en")

    def said(self, language: str) -> str:
        """Return what is wrong and what to do, in a language (`en`, `ru`)."""
        words = worded(Path(inspect.getfile(type(self))).with_suffix(".toml"))
        return said(words[self.code], language, self.facts)


Words = Mapping[str, Mapping[str, str]]
"""code → language → sentence, with the names of facts in braces"""


@cache
def worded(path: Path) -> Words:
    """Read a file of sentences by their codes."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def said(sentences: Mapping[str, str], language: str, facts: Mapping[str, Any]) -> str:
    """Return the sentence of a language, else the English one, with its facts."""
    return sentences.get(language, sentences["en"]).format_map(_Lenient(facts))


class _Lenient(dict[str, Any]):
    """A fact nobody gave is shown by its name, so that a message never fails."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
