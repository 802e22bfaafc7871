"""Why a name was found: which of its letters are those that somebody typed, or stand for them."""

import re
from collections.abc import Iterator
from itertools import chain

from infra.names.search import Anyone, Asked, terms
from infra.names.skeletons import in_one_alphabet
from infra.words import APOSTROPHES, words

_TOKEN = re.compile(rf"[^\W_]+(?:['´{APOSTROPHES}\u0300-\u036f]+[^\W_]+)*")

Span = tuple[int, int]
"""Where letters begin in a name and where they end, counted in characters from 0."""


def marks(name: str, asked: Asked) -> list[Span]:
    """Return the parts of a name that is found by which it is, in order, none in another.

    A word that was typed as it stands there, or a part of one, is marked in as many letters; one that is found in other
    letters or with a slip as a whole, and only where nothing better is.
    """
    tokens = [(token.span(), "".join(map(in_one_alphabet, words(token[0])))) for token in _TOKEN.finditer(name)]
    found = [_best(tokens, *typed) for typed in asked.typed]
    if not all(found):
        found = [_best(tokens, *meant) for meant in asked.meant] or found
    spans = sorted(chain.from_iterable(found), key=lambda span: (span[0], -span[1]))
    return [span for place, span in enumerate(spans) if not place or span[0] >= max(end for _, end in spans[:place])]


def _best(tokens: list[tuple[Span, str]], word: str, inside: Anyone, alike: Anyone) -> list[Span]:
    return list(_as_typed(tokens, word)) or list(_whole(tokens, inside)) or list(_whole(tokens, alike))


def _as_typed(tokens: list[tuple[Span, str]], word: str) -> Iterator[Span]:
    for (begin, end), folded in tokens:
        at = folded.find(word)
        if at >= 0:
            is_letter_by_letter = len(folded) == end - begin
            yield (begin + at, begin + at + len(word)) if is_letter_by_letter else (begin, end)


def _whole(tokens: list[tuple[Span, str]], anyone: Anyone) -> Iterator[Span]:
    return (span for span, folded in tokens if folded and any(term.is_in(terms([folded])) for term in anyone))
