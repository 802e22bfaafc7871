"""Names are found as people type them, and sorted as people look for them."""

import pytest

from infra.words import LONGEST, sort_key, word_parts, words

NAMES = [
    "3 кита",
    "Åse Lindström",
    "Aurelio Peñalver",
    "D'Artagnan",
    "Dmowski",
    "Əliyev Elçin",
    "Ełk",
    "Émile Zola",
    "emile zola ii",
    "İbrahim Çelik",
    "Işık Yılmaz",
    "Łukasz Żak",
    "Müller",
    "Mulner",
    "Nguyễn Thị Hà",
    "O'Brien",
    "Olafsen",
    "Øst Handel",
    "Oʻzbekiston Temir Yoʻllari",
    "Straße & Söhne",
    "Zoë",
    "Αθήνα",
    "Αλέξης",
    "Әлия Сейтқызы",
    "Галкин Иван",
    "Ґалаґан Олег",
    "Дмитренко",
    "Ђорђевић",
    "Егоров",
    "Ежов",
    "Елкин",
    "Ёлкин",
    "Ельцин",
    "Євтушенко",
    "Жуков",
    "Знам’янка",
    "Иванов",
    "Івасюк",
    "Їжакевич",
    "Йосипенко",
    "Қуаныш",
    "Лебедев",
    "лебедева",
    "Лебедь",
    "Усманов",
    "Ўткир Ҳамидов",
    "Фёдорова",
    "Шевченко",
    "ярославна",
]
"""Names of Norway, Spain, France, Poland, Azerbaijan, Turkey, Vietnam, Ireland, Uzbekistan, Germany, Greece,
Kazakhstan, Ukraine, Serbia and Russia, as lists show them: digits, Latin, Greek, Cyrillic."""


def test_names_are_sorted_by_the_rules_of_the_languages() -> None:
    assert sorted(set(NAMES), key=sort_key) == NAMES


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("елкин", "Ёлкин"),
        ("ЁЛКИН", "Елкин"),
        ("знам'янка", "Знам’янка"),
        ("знамʼянка", "Знам'янка"),
        ("знамянка", "Знам′янка"),
        ("o'zbekiston", "Oʻzbekiston Temir Yoʻllari"),
        ("ozbekiston yo`llari", "Oʻzbekiston Temir Yoʻllari"),
        ("obrien", "O’Brien"),
        ("brien", "O'Brien"),
        ("o´brien", "O'Brien"),
        ("ibrahim celik", "İbrahim Çelik"),
        ("İBRAHİM", "ibrahim"),
        ("ISIK yilmaz", "Işık Yılmaz"),
        ("eliyev elcin", "Əliyev Elçin"),
        ("emile", "Émile Zola"),
        ("e\u0301mile", "Émile Zola"),
        ("ÉMILE", "emile zola ii"),
        ("muller", "Müller"),
        ("STRASSE", "Straße & Söhne"),
        ("straße", "Strasse"),
        ("lukasz zak", "Łukasz Żak"),
        ("ase", "Åse Lindström"),
        ("ost", "Øst Handel"),
        ("nguyen thi ha", "Nguyễn Thị Hà"),
        ("penalver", "Aurelio Peñalver"),
        ("αθηνα", "Αθήνα"),
        ("за́мок", "Замок"),
        ("і\u0308жакевич", "Їжакевич"),
        ("и\u0306осипенко", "Йосипенко"),
    ],
)
def test_a_name_is_found_by_what_people_type(typed: str, name: str) -> None:
    parts = word_parts(words(name))
    assert words(typed)
    assert all(any(part.startswith(word) for part in parts) for word in words(typed))


@pytest.mark.parametrize(
    ("one", "other"), [("йогурт", "иогурт"), ("їжак", "іжак"), ("ґава", "гава"), ("ўткир", "уткир"), ("қазақ", "казак")]
)
def test_a_letter_of_its_own_is_no_other_one(one: str, other: str) -> None:
    assert words(one) != words(other)


def test_a_quote_is_no_apostrophe() -> None:
    assert words("ТОВ 'Зоря' і ‘Син’") == ["тов", "зоря", "і", "син"]


def test_names_that_are_folded_alike_have_one_place_and_an_order() -> None:
    alike = ["елкин", "Ёлкин", "Ёлкин Олег"]
    assert sorted(set(alike), key=sort_key) == alike
    assert sort_key("ЁЛКИН") == sort_key("ёлкин")


def test_case_punctuation_and_the_dots_of_yo_do_not_matter() -> None:
    assert words("ООО «Ёлка-Палка», Inc.") == ["ооо", "елка", "палка", "inc"]


def test_whatever_occurs_in_a_word_begins_one_of_its_parts() -> None:
    parts = word_parts(words("Петров"))

    assert parts == ["етров", "ов", "петров", "ров", "тров"]
    assert all(any(part.startswith(piece) for part in parts) for piece in ("петр", "тро", "ов", "п"))


def test_a_word_of_one_letter_is_a_part_of_itself_and_nothing_has_none() -> None:
    assert word_parts(words("я и ты")) == ["и", "ты", "я"]
    assert word_parts(words(" «—» ")) == []


@pytest.mark.parametrize("letter", ["ﷺ", "㍿", "𐐀", "ΐ", "ж", "ї", "ӟ"])
def test_no_name_is_longer_than_what_an_index_takes_however_its_letters_are_written_out(letter: str) -> None:
    folded = words(letter * 200)
    # PostgreSQL's limits: a word of a search, all words of one text, a row of an index (less what stands beside it).
    assert all(len(word.encode()) <= 2046 for word in folded)
    assert sum(len(part.encode()) + 1 for part in word_parts(folded)) < 1_048_575
    assert len(sort_key(letter * 200).encode()) <= 2_600
    assert len(sort_key(letter * 200)) <= LONGEST
