"""What is compared of a record, and the form it is compared in: how it was typed makes no difference."""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

from infra.names.search import LEGAL_FORMS
from infra.names.skeletons import in_one_alphabet, skeleton
from infra.typed import with_plain_digits
from infra.words import words

Value = str | Sequence[str] | None
"""What a record says in a column; None, or nothing, is not known."""

MOST_WORDS = 4
"""Longer names are those of authorities: none has initials."""

_DAY_FIRST = re.compile(r"(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[./ -](\d{1,2})[./ -](\d{1,2})(?:[T ].*)?")
_NO_SIGN = re.compile(r"[\W_]+")


class Kind(StrEnum):
    """How a column is compared; of a SET there are several values, any one of which is enough."""

    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CATEGORY = "category"
    SET = "set"


class Column(NamedTuple):
    """A column of the records."""

    name: str
    kind: Kind


class Prepared(NamedTuple):
    """A value as it is compared: a text, and the parts any one of which two values may have in common.

    Of a NAME these are the words, and beside them `forms`: a word with the initial of another.
    """

    text: str
    parts: Sequence[str] = ()
    forms: Sequence[str] = ()


def prepared(value: Value, kind: Kind) -> Prepared | None:
    """Return a value as it is compared; None: it says nothing."""
    if not value:
        return None
    if not isinstance(value, str):
        parts = tuple(dict.fromkeys(value))
        return Prepared(parts[0], parts)
    if kind is Kind.NAME:
        return _name(value)
    if kind in {Kind.TEXT, Kind.CATEGORY}:
        text = " ".join(map(_sound, words(value)))
    else:
        text = _date(value) if kind is Kind.DATE else _number(value)
    return Prepared(text) if text else None


def _name(value: str) -> Prepared | None:
    """Return the words of a name but for its legal form, in whatever order, alphabet and spelling they were typed."""
    folded = [in_one_alphabet(word) for word in words(value)]
    telling = sorted({_sound(word) for word in folded if word not in LEGAL_FORMS} or map(_sound, folded))
    if not telling:
        return None
    pairs = permutations(telling, 2) if len(telling) <= MOST_WORDS else ()
    forms = tuple(sorted({f"{word} {other[0]}" for word, other in pairs if len(word) > 1}))
    return Prepared(" ".join(telling), [word for word in telling if len(word) > 1], forms)


@lru_cache(maxsize=100_000)
def _sound(word: str) -> str:
    return skeleton(in_one_alphabet(word)) or word


def _number(value: str) -> str:
    return _NO_SIGN.sub("", with_plain_digits(value)).upper()


def _date(value: str) -> str:
    """Return a date as year, month and day; what is none as its digits."""
    plain = with_plain_digits(value).strip()
    if found := _DAY_FIRST.fullmatch(plain):
        day, month, year = found.groups()
    elif found := _YEAR_FIRST.fullmatch(plain):
        year, month, day = found.groups()
    else:
        return _number(plain)
    return f"{year}{month:0>2}{day:0>2}"
