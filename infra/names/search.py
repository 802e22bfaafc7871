"""How a name is found by what people type: the terms that an index has of it, and what is asked of the index.

A name is found, the best first, (NAME) if the words typed are all of it but for a legal form, in any order, (START) if
it begins with them, (WORDS) if they are among its words, (BEGINNINGS) if they begin some, (INSIDE) if they occur in
some, however these are written, in Cyrillic or Latin letters, and (ALIKE) if they do but for a slip in a word of four
letters or more: a letter too many, too few, another, or two in the wrong order; or if they were typed in the other
layout of the keyboard.

A slip needs no comparison of a word with all others: a word of n letters has n forms that lack one letter each, and two
words that a slip makes of each other share one, or one is the other's. Of words longer than SLIPS it is the beginning.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum
from functools import lru_cache
from itertools import chain, repeat
from typing import NamedTuple

from infra.names.skeletons import in_one_alphabet, skeleton
from infra.words import sort_key, words

SLIPS = 8
"""Letters of a word in which a slip is looked for; what is typed behind them is not compared."""

LEAST_INSIDE = 3
"""So many letters are looked for inside of words; of Chinese, or of a number, one less."""

LEAST, LEAST_OF_A_BEGINNING = 4, 6
"""So many letters a word has in which there may be a slip, and a beginning of a word."""

MOST_WORDS = 6
"""In so many words at most slips are looked for."""

LEAST_OF_A_LAYOUT = 3
"""So many letters may have been typed in the other layout; two would begin half the names."""

_WORD, _LACKING, _NUMBER = "=", "~", "#"
"""What begins terms that are no endings of skeletons: a word as it is, one that may lack a letter, how many words."""

_FORMS = (
    "ооо оао зао пао ао нао одо тоо тзов тов ип чп чуп уп фоп фгуп гуп муп фгбу гбу мбу ано нко кфх прат пат пк"
    " общество с ограниченной дополнительной ответственностью акционерное публичное непубличное закрытое открытое"
    " индивидуальный предприниматель товариство з обмеженою відповідальністю"
    " ooo oao zao pao ao ip too llc ltd limited inc incorporated corp corporation co company plc llp lp"
    " gmbh ag kg ohg ug sa sas sarl srl spa bv nv oy ab oyj aps sro doo pty"
)
LEGAL_FORMS = frozenset(_FORMS.split())

_KEYS = ("qwertyuiop[]asdfghjkl;'zxcvbnm,.`", "йцукенгшщзхъфывапролджэячсмитьбюё")
_TO_CYRILLIC = str.maketrans(_KEYS[0] + '{}:"<>~', _KEYS[1] + "хъжэбюё")
_TO_LATIN = str.maketrans(_KEYS[1], _KEYS[0])
_CYRILLIC, _LATIN = re.compile("[а-яё]"), re.compile("[a-z]")


class Found(IntEnum):
    """By what a name was found; the less, the better."""

    NAME = 0
    START = 1
    WORDS = 2
    BEGINNINGS = 3
    INSIDE = 4
    ALIKE = 5


class Term(NamedTuple):
    """A term of the index, or what terms begin with."""

    text: str
    is_beginning: bool = False

    def is_in(self, there: Collection[str]) -> bool:
        """Tell whether these terms have it."""
        return any(map(str.startswith, there, repeat(self.text))) if self.is_beginning else self.text in there


Anyone = tuple[Term, ...]
"""Terms of which a name has one."""

All = tuple[Anyone, ...]
"""What a name has all of."""

NOTHING: tuple[All, ...] = ()


class Asked(NamedTuple):
    """What is asked of the index for a text: for each way but START the lists any one of which a name has all of.

    `start` is what begins the sort keys of the names that are found by START; BEGINNINGS finds them too, and whatever
    is found by WORDS. What is found by INSIDE is by ALIKE. `typed` are the words that were typed, each with what finds
    it by INSIDE and by ALIKE; `meant` those of the other layout.
    """

    start: str
    ways: Mapping[Found, tuple[All, ...]]
    typed: tuple[tuple[str, Anyone, Anyone], ...] = ()
    meant: tuple[tuple[str, Anyone, Anyone], ...] = ()

    def queries(self) -> list[str]:
        """Return the tsquery of each way, for START that of BEGINNINGS; then that of all ways; and last the start."""
        texts = {way: _written(lists) for way, lists in self.ways.items()}
        texts[Found.START] = texts[Found.BEGINNINGS]
        every = f"({texts[Found.BEGINNINGS]}) | ({texts[Found.ALIKE]})"
        return [*(texts[way] for way in Found), every, self.start]


_NOWHERE, _NO_START = f"'{_LACKING}'", "\U0010ffff"
"""A term that no name has, and what no name begins with."""


def terms(folded: Sequence[str]) -> list[str]:
    """Return the terms that the index has of a name of these words, sorted code point by code point, each once."""
    if not folded:
        return []
    found = [_terms_of(word) for word in folded]
    number = f"{_NUMBER}{sum(is_telling for is_telling, _ in found)}"
    # Each word's are sorted already, and to put runs together takes a third of the time of sorting.
    return list(dict.fromkeys(sorted(chain((number,), *(of_word for _, of_word in found)))))


def indexed(folded: Sequence[str]) -> str:
    """Return the terms of a name of these words as PostgreSQL writes a tsvector."""
    found = terms(folded)
    return "'" + "' '".join(found) + "'" if found else ""


def asked(text: str) -> Asked:
    """Return what is asked of the index to find the names that somebody means who types this."""
    folded = [in_one_alphabet(word) for word in words(text)]
    telling, meant = _telling(folded), _telling(words(in_other_layout(text)))
    number = (Term(f"{_NUMBER}{sum(word not in LEGAL_FORMS for word in folded)}"),)
    inside: All = tuple(map(_inside, telling))
    alike: All = tuple(_alike(word, place, len(telling)) for place, word in enumerate(telling, start=1))
    switched: All = tuple(map(_inside, meant))
    lists: dict[Found, tuple[All, ...]] = {
        Found.NAME: ((*((Term(_WORD + word),) for word in folded), number),),
        Found.WORDS: (tuple((Term(_WORD + word),) for word in telling),),
        Found.BEGINNINGS: (tuple((Term(_WORD + word, is_beginning=True),) for word in telling),),
        Found.INSIDE: (inside,),
        Found.ALIKE: (inside, alike, switched) if switched else (inside, alike),
    }
    return Asked(
        sort_key(text).partition("\t")[0] or _NO_START,
        lists if folded else dict.fromkeys(lists, ()),
        tuple(zip(telling, inside, alike, strict=True)),
        tuple(zip(meant, switched, switched, strict=True)),
    )


def in_other_layout(text: str) -> str:
    """Return what the keys say that were pressed for a text, in the Russian layout for the English one, or back.

    Nothing where the text is of both alphabets or is short.
    """
    lower = text.casefold()
    is_cyrillic, is_latin = _CYRILLIC.search(lower), _LATIN.search(lower)
    switched = lower.translate(_TO_LATIN if is_cyrillic else _TO_CYRILLIC)
    changed = sum(one != other for one, other in zip(lower, switched, strict=True))
    return "" if (is_cyrillic and is_latin) or changed < LEAST_OF_A_LAYOUT else switched


def _telling(found: Sequence[str]) -> Sequence[str]:
    """Return the words that are no legal form; all where none is left."""
    return [word for word in found if word not in LEGAL_FORMS] or found


# Names share their words, and a million rows their terms: most of a row's memory, if each had its own.
@lru_cache(maxsize=100_000)
def _terms_of(folded: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether a word is no legal form, and its terms, sorted."""
    if folded.isdecimal():
        return True, tuple(sorted((_WORD + folded, *(folded[start:] for start in range(max(1, len(folded) - 1))))))
    word = in_one_alphabet(folded)
    # Of an ending the skeleton, not of a skeleton the ending: who types the end of Kuznetsov may begin with the s.
    endings = [skeleton(word)]
    endings += (skeleton(word[start:]) for start in range(1, len(word) + 1 - _least_inside(word, endings[0])))
    lacking = (_LACKING + form for form in _forms(endings[0]))
    return word not in LEGAL_FORMS, tuple(sorted(filter(None, {_WORD + word, *endings, *lacking})))


def _forms(bones: str) -> frozenset[str]:
    """Return a word and the forms of it that lack one letter, at most SLIPS long; none of a short one or a number."""
    if len(bones) < LEAST or any(map(str.isdigit, bones)):
        return frozenset()
    lacking = ((bones[:place] + bones[place + 1 :])[:SLIPS] for place in range(min(len(bones), SLIPS)))
    return frozenset((bones[:SLIPS], *lacking))


def _least_inside(word: str, bones: str) -> int:
    """Return how many letters are looked for inside of a word: of an alphabet, two occur in half the names."""
    return LEAST_INSIDE if word.isalpha() and bones.isascii() else LEAST_INSIDE - 1


def _inside(word: str) -> Anyone:
    bones = skeleton(word)
    if not bones:
        return (Term(_WORD + word, is_beginning=True),)
    least = _least_inside(word, bones)
    # Of ооо one letter is left.
    return (Term(bones, is_beginning=len(word) >= least and len(bones) >= least - 1),)


def _alike(word: str, place: int, number: int) -> Anyone:
    """Return what finds a word but for a slip; `place` is its own, counted from 1, among so many.

    A beginning is looked for with a slip if it stands alone, and without one at the end: of a common beginning a great
    many words share every form, and all of them would be gone through.
    """
    bones = skeleton(word)
    plain = _inside(word) if place == number else tuple(map(Term, filter(None, (_WORD + word, bones))))
    forms = _forms(bones) if len(word) >= LEAST and number <= MOST_WORDS else frozenset()
    may_go_on = number == 1 and len(word) >= LEAST_OF_A_BEGINNING and len(bones) >= LEAST_OF_A_BEGINNING
    return (*plain, *(Term(_LACKING + form, may_go_on) for form in sorted(forms)))


def _written(way: Sequence[All]) -> str:
    return " | ".join(f"({' & '.join(map(_any_of, every))})" for every in way) or _NOWHERE


def _any_of(one: Anyone) -> str:
    texts = " | ".join(f"'{term.text}'{':*' if term.is_beginning else ''}" for term in one)
    return texts if len(one) == 1 else f"({texts})"
