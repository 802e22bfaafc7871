"""How names are compared: letters folded, words apart, so that «ёлка» and "Елка" are one word."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

_WORD = re.compile(r"[^\W_]+")

LONGEST = 500
"""Characters that are compared: four bytes each are as many as an index takes, and no name has half as many.

One letter of some alphabets is written out as eighteen.
"""


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order: no case, no punctuation, ё as е; works for any alphabet."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")[:LONGEST])


def word_parts(folded: Iterable[str]) -> list[str]:
    """Return every one of these words and every ending of it of two letters or more, sorted, each once.

    Whatever occurs inside a word begins one of its endings: so an index that finds beginnings finds substrings too.
    """
    return sorted(set(chain.from_iterable(map(_endings, folded))))


# Names share their words, and a million rows their endings: most of a row's memory, if each had its own.
@lru_cache(maxsize=100_000)
def _endings(word: str) -> tuple[str, ...]:
    return tuple(word[start:] for start in range(max(1, len(word) - 1)))
