"""The words of our lists as people write them in their files."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from commands.importing.header import heading_key

YES_OR_NO = "yes_or_no"


@cache
def _words() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@cache
def _codes(field: str) -> Mapping[str, str]:
    return {word_key(word): code for code, words in _words().get(field, {}).items() for word in words}


def word_key(word: str) -> str:
    """Return by what a word is compared; a sign that is a word of its own stays."""
    return heading_key(word) or word.strip()


def code_of_word(field: str, typed: str, choices: Sequence[str]) -> str | None:
    """Return which of the codes of a field a word means, whatever the case; None: it is none of them."""
    code = typed.casefold().replace(" ", "_").replace("-", "_")
    if code in choices:
        return code
    found = _codes(field).get(word_key(typed))
    return found if found in choices else None


def allowed(field: str, choices: Sequence[str]) -> str:
    """Return the words a field takes, one for each code, for people: the code, and how it is called in Russian."""
    words = _words().get(field, {})
    shown = []
    for code in choices:
        others = [word for word in words.get(code, ()) if not word.isascii()]
        shown.append(f"{code} ({others[0]})" if others else code)
    return ", ".join(shown)
