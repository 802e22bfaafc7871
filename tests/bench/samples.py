"""The clients and touchpoints that benchmarks are made of: every one another, all of the usual size."""

from collections.abc import Iterator
from itertools import count

from commands.activity import PlanActivity
from commands.client import ContactPointGiven, RegisterClient
from events.values import LATEST, Channel, ClientKind, ContactKind

NAMES = ("Ромашка", "Вектор", "Северный ветер", "Полюс", "Гранит", "Сигма", "Заря", "Меридиан", "Orion Trade", "Baltic")
TOPIC = "Спросить о поверке весов и о сроках поставки"
RESULT = "Нужны весы до двух тонн; готовим предложение к понедельнику"


def name_of(number: int) -> str:
    """Return the name of the client with this number."""
    return f"ООО «{NAMES[number % len(NAMES)]} {number}»"


def phone_of(number: int) -> str:
    """Return a valid Russian mobile number; up to a billion of them."""
    return f"+79{number % 1_000_000_000:09d}"


def registrations(first: int = 0) -> Iterator[RegisterClient]:
    """Give commands that enter clients nobody knows yet."""
    for number in count(first):
        point = ContactPointGiven(kind=ContactKind.PHONE, value=phone_of(number))
        yield RegisterClient(
            kind=ClientKind.ORGANISATION, name=name_of(number), contact_points=(point,), source="bench"
        )


def plans() -> Iterator[PlanActivity]:
    """Give commands that plan a call."""
    while True:
        yield PlanActivity(channel=Channel.CALL, topic=TOPIC, due_at=LATEST.replace(year=2099))
