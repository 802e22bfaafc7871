"""How names are compared: letters folded, words apart, so that «ёлка» and "Елка" are one word."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order: no case, no punctuation, ё as е; works for any alphabet."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("ё", "е"))


def word_parts(folded: Iterable[str]) -> list[str]:
    """Return every one of these words and every ending of it of two letters or more, sorted, each once.

    Whatever occurs inside a word begins one of its endings: so an index that finds beginnings finds substrings too.
    """
    return sorted({word[start:] for word in folded for start in range(max(1, len(word) - 1))})
