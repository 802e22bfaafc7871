"""The form in which values are compared: how they were typed makes no difference."""

import pytest

from infra.linkage.columns import Kind, prepared


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ООО «Ромашка»", "Ромашка OOO"),
        ("Лебедев Пётр", "ПЕТР ЛЕБЕДЕВ"),
        ("Щербаков Евгений", "Evgeny Shcherbakov"),
        ('ООО "Василёк Трейд"', "Vasilyok Treid LLC"),
        ("Cоколова", "Соколова"),  # the first begins with a Latin C
        ("O'Brien Ann", "ann obrien"),
        ("ЗАО", "зао"),
    ],
)
def test_a_name_is_one_in_any_order_alphabet_and_legal_form(one: str, other: str) -> None:
    assert prepared(one, Kind.NAME) == prepared(other, Kind.NAME) is not None


def test_a_name_has_the_forms_that_initials_leave_of_it() -> None:
    whole, short = prepared("Грибоедов Александр Сергеевич", Kind.NAME), prepared("Грибоедов А. С.", Kind.NAME)
    assert whole is not None
    assert short is not None
    assert set(whole.forms) & set(short.forms)
    assert not set(whole.forms) & set((prepared("Грибоедов Б.", Kind.NAME) or whole).forms)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (Kind.DATE, ("15.01.1975", "1975-01-15", "15/1/1975", "1975-01-15T00:00:00Z", "19750115", "１５.01.1975")),
        (Kind.NUMBER, ("7707083893", "77 07 083-893", "７７０７０８３８９３")),
        (Kind.TEXT, ("ул. Ленина, д. 5", "УЛ ЛЕНИНА Д 5", "ul Lenina d 5")),
        (Kind.CATEGORY, ("Москва", "МОСКВА ", "moskva")),
    ],
)
def test_a_value_is_one_however_it_is_written(kind: Kind, typed: tuple[str, ...]) -> None:
    assert len({prepared(each, kind) for each in typed}) == 1


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("nothing", [None, "", " ", "—", "«»", ()])
def test_what_says_nothing_is_not_known(kind: Kind, nothing: str | tuple[str, ...] | None) -> None:
    assert kind is Kind.SET or prepared(nothing, kind) is None
