"""Names are found as people type them, and sorted as people look for them."""

import pytest

from infra.words import LONGEST, sort_key, words

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
def test_what_people_leave_out_is_folded_away(typed: str, name: str) -> None:
    assert words(typed)
    assert all(any(word in whole for whole in words(name)) for word in words(typed))


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


@pytest.mark.parametrize("letter", ["ﷺ", "㍿", "𐐀", "ΐ", "ж", "ї", "ӟ"])
def test_no_name_is_longer_than_what_an_index_takes_however_its_letters_are_written_out(letter: str) -> None:
    # PostgreSQL's limit: a row of an index, less what stands beside it.
    assert len(sort_key(letter * 200).encode()) <= 2_600
    assert len(sort_key(letter * 200)) <= LONGEST
