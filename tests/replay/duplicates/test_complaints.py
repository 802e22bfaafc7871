"""What users of others complained of in their duplicates, tried on ours in a company of a thousand clients."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from infra.linkage.linked import Limits, linked
from infra.linkage.model import SUGGESTED
from replay.duplicates.records import COLUMNS

SYLLABLES = ("ba", "ve", "go", "du", "zhi", "ka", "li", "mo", "nu", "pe", "ro", "sa", "tu", "fe", "kha", "she")
FIRST = ("Ivan", "Maria", "Olga", "Peter", "Anna", "Boris", "Julia", "Nick", "Rob", "Vera")
WORDS = ("bank", "royal", "central", "star", "north", "media", "solutions", "latvia", "park", "union")

Card = dict[str, Any]
Case = tuple[str, Card, Card]


def person(name: str, **more: Any) -> Card:
    return {"name": name, "kind": "person", **more}


def firm(name: str, **more: Any) -> Card:
    return {"name": name, "kind": "organisation", **more}


ONE: Sequence[Case] = (
    (
        "names swapped, same birthday",
        person("Doe John", birthday="1980-02-03"),
        person("John Doe", birthday="3.2.1980"),
    ),
    (
        "one of two first names, same birthday",
        person("Meyer Anna Sophie", birthday="1990-05-05"),
        person("Sophie Meyer", birthday="1990-05-05"),
    ),
    ("a legal form before it", firm("ООО «Незабудка»"), firm("Незабудка")),
    ("a legal form behind it", firm("Dacia Motors Ltd"), firm("DACIA MOTORS")),
    ("one mailbox, half a name", person("Ram Talwar", email=["t@g.com"]), person("Ram", email=["t@g.com"])),
    (
        "one mailbox, another surname",
        person("Jeremiah Lee", email=["j@g.com"]),
        person("Jeremiah Cohick", email=["j@g.com"]),
    ),
    ("letters large and small", person("Alex Yeohson", phone=["+6587"]), person("alex yeohson", phone=["+6588"])),
    ("a slip in the name and one city", firm("Klimatbyran", location="Umeå"), firm("Klimatbyrann", location="Umea")),
    ("a company and itself in Japanese", firm("トヨタ自動車"), firm("トヨタ自動車")),
)
TWO: Sequence[Case] = (
    ("one first name", person("John Abcov"), person("John Defov")),
    ("one word of a market", firm("Bank of the West"), firm("Bank of the East")),
    ("one word, and a legal form", firm("SIA Rimi Latvia"), firm("SIA Maxima Latvia")),
    ("nothing but a legal form", firm("ООО Подснежник"), firm("ООО Василёк")),
    ("joint-stock company in Korean", firm("주식회사 삼성전자"), firm("주식회사 현대자동차")),
    ("a word of the trade first", firm("Enterprise Solutions"), firm("The Solutions Co")),
    ("a letter apart", firm("wire.com"), firm("wise.com")),
    ("a desk that every firm has", person("Sales Desk", phone=["+7111"]), person("Sales Desk", phone=["+7999"])),
    ("one phone in a family", person("Anna Wolf", phone=["+7222"]), person("Peter Fuchs", phone=["+7222"])),
    (
        "namesakes born on other days",
        person("Grigori Melekhov", birthday="1975-01-15"),
        person("Grigori Melekhov", birthday="1991-09-30"),
    ),
)


def company() -> Iterator[Card]:
    chance = random.Random(3)

    def word() -> str:
        return "".join(chance.choice(SYLLABLES) for _ in range(3)).capitalize()

    for number in range(1000):
        if number < 60:
            yield person("Sales Desk", phone=[f"+7333{number:04}"])
        elif number % 2:
            born = f"{chance.randrange(1950, 2005)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
            yield person(f"{chance.choice(FIRST)} {word()}", birthday=born, phone=[f"+7444{number:04}"])
        else:
            yield firm(f"{chance.choice(WORDS).capitalize()} {word()}", phone=[f"+7555{number:04}"])


@pytest.fixture(scope="module")
def suggested() -> set[frozenset[str]]:
    """The pairs that are suggested in a company with all of the cases, by their names in it: `one 3 left`."""
    cards = {f"x {number}": card for number, card in enumerate(company())}
    for kind, cases in (("one", ONE), ("two", TWO)):
        for name, left, right in cases:
            cards |= {f"{kind} {name} left": left, f"{kind} {name} right": right}
    rows = [(name, *(card.get(column.name) for column in COLUMNS)) for name, card in cards.items()]
    with linked(COLUMNS, iter([rows]), limits=Limits(512, 1)) as found:
        pairs = [pair for batch in found.pairs for pair in batch.to_pylist()]
    return {frozenset((pair["id_l"], pair["id_r"])) for pair in pairs if pair["score"] >= SUGGESTED}


@pytest.mark.parametrize("name", [name for name, _, _ in ONE])
def test_who_is_one_is_suggested(suggested: set[frozenset[str]], name: str) -> None:
    assert frozenset((f"one {name} left", f"one {name} right")) in suggested


@pytest.mark.parametrize("name", [name for name, _, _ in TWO])
def test_who_are_two_are_not_suggested(suggested: set[frozenset[str]], name: str) -> None:
    assert frozenset((f"two {name} left", f"two {name} right")) not in suggested


def test_a_thousand_who_have_only_a_desk_and_a_birthday_in_common_are_not_each_a_pair() -> None:
    rows = [
        (
            str(number),
            *({"name": "Sales Desk", "birthday": "1900-01-01", "location": "Riga"}.get(c.name) for c in COLUMNS),
        )
        for number in range(3000)
    ]
    with linked(COLUMNS, iter([rows]), limits=Limits(512, 1)) as found:
        suggested = sum(pair["score"] >= SUGGESTED for batch in found.pairs for pair in batch.to_pylist())
    # All pairs would be four and a half million.
    assert found.told["compared"] <= 3000 * 50 / 2
    assert suggested == 0
