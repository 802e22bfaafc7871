"""How names are found and sorted: one fold for both, so that what is found alike stands together.

Folded is what people leave out when they type: capitals, accents (é, ü, ñ, ı, ø as e, u, n, i, o; ß as ss), the dots of
ё, apostrophes inside a word however they are written (Oʻzbekiston, Знам’янка, O'Brien). Cyrillic letters of their own
stay: й is not и, ї is not і. Names are sorted by folded words, digits first, then Latin, Greek, Cyrillic and other
alphabets; a letter that only some languages have stands after its neighbour (г ґ, и і ї й, у ў). Of names that are
folded alike the plain one comes first: Елкин, Ёлкин.
"""

import re
import unicodedata
from itertools import chain
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+")
_ORDINARY = re.compile(r"[a-z0-9а-я !\"#&()+,\-./:;@_«»№–—]*")
"""Most names: there is nothing to fold."""

_INSIDE = re.compile(r"(?<=[^\W_])'+(?=[^\W_])")

LONGEST = 500
"""Characters that are compared: four bytes each are as many as an index takes, and no name has half as many.

One letter of some alphabets is written out as eighteen.
"""

APOSTROPHES = "ʼʻʹʾʿˈ’‘‛`′ꞌ"
_PLAIN = {
    "ё": "е", "ѐ": "е", "ѝ": "и",
    "ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ŋ": "n", "ə": "e",
    "æ": "ae", "œ": "oe", "þ": "th", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y",
}  # fmt: skip
_BESIDE = "аәӑӓӕ гґғҕӷ дђѓ еєӗ жҗӂӝ зѕҙӟ иіїӣӥј кқҝҟҡӄ лљӆ нњңҥӈ оөӧӫ пҧ рҏ сҫ тћќҭ уўүұӯӱӳ хһҳ чџҷҹӵ ыӹ эӭ"
"""Letters of Cyrillic that some languages have, each after the one it is sorted with, in this order."""

_AFTER = "\u07ff"
"""Sorted after every letter of the alphabets above: и, followed by it, stands between all that begins with и, and й."""


def _without_accent(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base in "abcdefghijklmnopqrstuvwxyz" or "α" <= base <= "ω" else letter


def _table() -> dict[int, str]:
    marks = dict.fromkeys(range(0x300, 0x370), "")
    letters = map(chr, chain(range(0xC0, 0x250), range(0x370, 0x400), range(0x1E00, 0x2000)))
    bare = {ord(letter): _without_accent(letter) for letter in letters}
    plain = {ord(letter): base for letter, base in _PLAIN.items()}
    return {**marks, **bare, **plain, **dict.fromkeys(map(ord, APOSTROPHES), "'")}


_FOLD = _table()
_PLACE = {
    ord(letter): letters[0] + _AFTER * place
    for letters in _BESIDE.split()
    for place, letter in enumerate(letters)
    if place
}


class Name(NamedTuple):
    """A name as it is found, its folded words in order, and as it is sorted.

    The key is compared code point by code point, and at most LONGEST long.
    """

    words: list[str]
    sort_key: str


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order: no case, no punctuation; works for any alphabet."""
    return name_of(text).words


def sort_key(text: str) -> str:
    """Return what sorts a name."""
    return name_of(text).sort_key


def name_of(text: str) -> Name:
    """Return a name as it is found and sorted; both at once, for a million of them."""
    # Alone, an acute accent would be taken for one on a space.
    cased = unicodedata.normalize("NFKC", text.replace("´", "'")).casefold()
    if _ORDINARY.fullmatch(cased):
        found = _WORD.findall(cased[:LONGEST])
        return Name(found, " ".join(found))
    folded = cased.translate(_FOLD)
    found = _words(folded)
    key = " ".join(found).translate(_PLACE)
    # Before every letter and before the space: a name stands before all that go on from it.
    return Name(found, (key if cased == folded else f"{key}\t{' '.join(_words(cased))}")[:LONGEST])


def _words(folded: str) -> list[str]:
    return _WORD.findall((_INSIDE.sub("", folded) if "'" in folded else folded)[:LONGEST])
