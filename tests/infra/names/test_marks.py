"""What was found in a name is marked in it."""

import pytest

from infra.names.marks import marks
from infra.names.search import asked
from tests.infra.names.test_search import HARD_NAMES


def shown(name: str, typed: str) -> str:
    """Return a name with its marks in brackets."""
    for begin, end in reversed(marks(name, asked(typed))):
        name = f"{name[:begin]}[{name[begin:end]}]{name[end:]}"
    return name


@pytest.mark.parametrize(
    ("name", "typed", "marked"),
    [
        ("ООО «Ромашка»", "ромаш", "ООО «[Ромаш]ка»"),
        ("ООО «Ромашка»", "ооо ромашка", "ООО «[Ромашка]»"),
        ("Ромашка-Восток", "вост машк", "Ро[машк]а-[Вост]ок"),
        ("Ёлкин Олег", "елк", "[Ёлк]ин Олег"),
        ("Иван Ивин", "иван", "[Иван] Ивин"),
        ("Иванов Иван", "иван", "[Иван]ов [Иван]"),
        ("Щербаков Юрий", "shcherbakov", "[Щербаков] Юрий"),
        ("Виноградов Пётр", "веноградов петр", "[Виноградов] [Пётр]"),
        ("Хлебников", "[kt,ybrjd", "[Хлебников]"),
        ("O’Brien Patrick", "obrien", "[O’Brien] Patrick"),
        ("Straße & Söhne", "strasse", "[Straße] & Söhne"),
        ("Ромашка", "рома ромаш", "[Ромаш]ка"),
        ("Лютик К", "лютик", "[Лютик] К"),
        ("", "а", ""),
    ],
)
def test_what_was_typed_is_marked(name: str, typed: str, marked: str) -> None:
    assert shown(name, typed) == marked


@pytest.mark.parametrize(("name", "typed"), HARD_NAMES, ids=[name for name, _ in HARD_NAMES])
def test_whatever_finds_a_name_marks_something_in_it(name: str, typed: dict[str, object]) -> None:
    assert not [each for each in typed if not marks(name, asked(each))]
