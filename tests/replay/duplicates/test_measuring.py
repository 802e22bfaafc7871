"""How well pairs are found on files of which it is known which rows are of one thing."""

import csv
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from replay.duplicates.measuring import NoTruthError, measured

SURNAMES = ("Щербаков", "Лебедева", "Грибоедов", "Соколова", "Тютчев", "Ёлкина", "Кузнецов", "Петрова", "Фет", "Блок")
NAMES = ("Евгений", "Анна", "Александр", "Юлия", "Фёдор", "Ульяна", "Сергей", "Мария", "Афанасий", "Пётр")
STREETS = ("Ленина", "Садовая", "Мира", "Лесная", "Новая", "Речная", "Полевая", "Школьная")


def written(path: Path, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([headings, *rows])
    return path


@pytest.mark.parametrize("number", [1, 2])
def test_of_the_published_sets_nearly_all_pairs_are_found_and_nearly_none_is_wrong(
    real_data: Callable[[str], Path], number: int
) -> None:
    found = measured(real_data("febrl") / f"dataset{number}.csv", "rec_id")
    assert found["true_pairs"] == {1: 500, 2: 1934}[number]
    assert found["precision"] >= 0.995
    assert found["recall"] >= 0.97


def test_they_are_found_in_a_file_of_another_country_with_other_columns_as_well(tmp_path: Path) -> None:
    chance = random.Random(7)
    rows: list[list[str]] = []
    for number in range(600):
        first, last = chance.choice(NAMES), chance.choice(SURNAMES) + chance.choice(("", "ский", "ин", "енко"))
        born = f"{chance.randrange(1, 29):02}.{chance.randrange(1, 13):02}.{chance.randrange(1950, 2005)}"
        phone = f"+7 9{chance.randrange(10**9):09}"
        street = f"ул. {chance.choice(STREETS)}, {chance.randrange(1, 3000)}"
        rows.append([str(number), last, first, born, phone, street])
        if number % 3 == 0:
            # Swapped, with a slip, in other masks, and something that is not known.
            slip = last.replace("о", "а", 1) if "о" in last else last[:-1]
            iso = "-".join(reversed(born.split(".")))
            rows.append([str(number), first, slip, iso, f"8 (9{phone[4:6]}) {phone[6:]}", chance.choice(("", street))])
    chance.shuffle(rows)
    headings = ("тот же", "Фамилия", "Имя", "Дата рождения", "Телефон", "Адрес")
    found = measured(written(tmp_path / "people.csv", headings, rows), "тот же")
    assert found["columns"] == {"name": "name", "Дата рождения": "date", "Телефон": "set", "Адрес": "text"}
    assert found["precision"] >= 0.995
    assert found["recall"] >= 0.97


def test_a_file_that_says_no_truth_is_refused_with_what_it_has(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", ("id", "name"), [("1", "Anna"), ("2", "Boris")])
    with pytest.raises(NoTruthError, match=r"no column 'rec_id'\. It has: id, name"):
        measured(path, "rec_id")
    with pytest.raises(NoTruthError, match="nothing to find"):
        measured(path, "id")
    with pytest.raises(NoTruthError, match="no column that could be compared"):
        measured(written(tmp_path / "b.csv", ("id", "name"), [("1", ""), ("1", "")]), "id")
