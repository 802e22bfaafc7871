"""Names are found as people type them."""

import pytest

from infra.words import word_parts, words


def test_case_punctuation_and_the_dots_of_yo_do_not_matter() -> None:
    assert words("ООО «Ёлка-Палка», Inc.") == ["ооо", "елка", "палка", "inc"]


def test_whatever_occurs_in_a_word_begins_one_of_its_parts() -> None:
    parts = word_parts(words("Петров"))

    assert parts == ["етров", "ов", "петров", "ров", "тров"]
    assert all(any(part.startswith(piece) for part in parts) for piece in ("петр", "тро", "ов", "п"))


def test_a_word_of_one_letter_is_a_part_of_itself_and_nothing_has_none() -> None:
    assert word_parts(words("я и ты")) == ["и", "ты", "я"]
    assert word_parts(words(" «—» ")) == []


@pytest.mark.parametrize("letter", ["ﷺ", "㍿", "𐐀", "ΐ", "ж"])
def test_no_name_is_longer_than_what_an_index_takes_however_its_letters_are_written_out(letter: str) -> None:
    folded = words(letter * 200)
    # PostgreSQL's limits: a word of a search, all words of one text, a row of an index (less what stands beside it).
    assert all(len(word.encode()) <= 2046 for word in folded)
    assert sum(len(part.encode()) + 1 for part in word_parts(folded)) < 1_048_575
    assert len(" ".join(folded).encode()) <= 2_600
