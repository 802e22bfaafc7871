"""Names are found however people type them: a table of hard names, and how each is found."""

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from infra.names.search import MOST_WORDS, SLIPS, All, Found, asked, in_other_layout, terms
from infra.names.skeletons import in_one_alphabet, skeleton
from infra.words import sort_key, words

MARKS = dict(zip("=^+>~?", Found, strict=True))


def hard_names() -> Iterator[tuple[str, dict[str, Found]]]:
    """Give each name of the table, and what is typed, each with how it finds the name."""
    for line in Path(__file__).with_name("hard_names.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            name, *typed = line.split(" | ")
            yield name, {each[1:]: MARKS[each[0]] for each in typed}


HARD_NAMES = list(hard_names())


def how(name: str, typed: str) -> Found | None:
    """Return by what a name is found, as PostgreSQL decides it of the same terms."""
    there, looked_for, key = set(terms(words(name))), asked(typed), sort_key(name)
    ways = {way: _passes(there, lists) for way, lists in looked_for.ways.items()}
    ways[Found.START] = ways[Found.BEGINNINGS] and key.startswith(looked_for.start)
    return next((way for way in Found if ways[way]), None)


def _passes(there: Collection[str], lists: Collection[All]) -> bool:
    return any(all(any(term.is_in(there) for term in anyone) for anyone in every) for every in lists)


@pytest.mark.parametrize(("name", "typed"), HARD_NAMES, ids=[name for name, _ in HARD_NAMES])
def test_a_hard_name_is_found_by_what_people_type(name: str, typed: dict[str, Found]) -> None:
    assert typed
    assert {each: how(name, each) for each in typed} == typed


def test_the_table_has_two_hundred_names() -> None:
    assert len({name for name, _ in HARD_NAMES}) >= 200


@pytest.mark.parametrize("name", [name for name, _ in HARD_NAMES if words(name)])
def test_a_name_is_found_whole_by_itself_and_by_whatever_occurs_in_its_words(name: str) -> None:
    assert how(name, name) == Found.NAME
    for word in map(in_one_alphabet, words(name)):
        pieces = (word[start:end] for start in range(max(1, len(word) - 1)) for end in range(start + 1, len(word) + 1))
        missed = {piece for piece in pieces if how(name, piece) in {None, Found.ALIKE}}
        # Within sh, ch, ts and the like of Latin letters, the next letter finds it.
        assert not {
            piece for piece in missed if len(piece) > 2 and len(skeleton(piece)) > 1 and piece[-1] not in "cghjkptwyz"
        }


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Лев Толстой", "лес"),
        ("Лев Толстой", "тол лес"),
        ("Bug Fix", "mu"),
        ("Иванов Иван", "сидоров"),
        ("Иванов Иван", "иванов пётр"),
        ("Заря", "пф"),
        ("Ромашка 12345", "ромашка 12346"),
        ("Аптека 36", "4736"),
        ("Александров", "аликсндров"),
        ("Привет", "hello"),
        ("Ромашка", "!!!"),
        ("—", "—"),
        ("", "а"),
    ],
)
def test_what_is_meant_otherwise_finds_nothing(name: str, typed: str) -> None:
    assert how(name, typed) is None


def test_every_slip_in_a_word_of_five_letters_or_more_finds_it() -> None:
    for word in ("попов", "ромашка", "виноградов", "романовский"):
        slips = {
            *(word[:at] + word[at + 1 :] for at in range(len(word))),
            *(word[:at] + "ю" + word[at:] for at in range(len(word) + 1)),
            *(word[:at] + "ю" + word[at + 1 :] for at in range(len(word))),
            *(word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)),
        }
        # ю is two letters of a skeleton.
        missed = {slip for slip in slips if how(word, slip.replace("ю", "г")) is None}
        assert not missed, word


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ghbdtn", "привет"), ("[kt,ybrjd", "хлебников"), ("{KT<YBRJD", "хлебников"), ("пщщпду", "google")],
)
def test_keys_that_were_pressed_in_the_other_layout(typed: str, meant: str) -> None:
    assert in_other_layout(typed) == meant


@pytest.mark.parametrize("typed", ["пf", "hf", "7 903 111", "", "北京大学"])
def test_what_is_short_or_of_two_alphabets_was_typed_in_one_layout(typed: str) -> None:
    assert in_other_layout(typed) == ""


@pytest.mark.parametrize("letter", ["ﷺ", "㍿", "𐐀", "ΐ", "ж", "ї", "ӟ", "жx"])
def test_no_name_has_more_than_postgresql_takes_however_its_letters_are_written_out(letter: str) -> None:
    found = terms(words((letter * 200)[:200]))
    # Of one word, and of all words of a text.
    assert all(len(term.encode()) <= 2046 for term in found)
    assert sum(len(term.encode()) + 1 for term in found) < 1_048_575


def test_a_question_is_bounded_however_much_is_typed() -> None:
    long = asked(" ".join(["александров"] * 18))
    assert {len(anyone) for every in long.ways[Found.ALIKE] for anyone in every} <= {1, 2}
    most = asked(" ".join(["александров"] * MOST_WORDS))
    assert {len(anyone) for every in most.ways[Found.ALIKE] for anyone in every} == {1, SLIPS + 2, SLIPS + 3}
