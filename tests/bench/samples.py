"""The clients and touchpoints that benchmarks are made of: every one another, all of the usual size."""

from collections.abc import Iterator
from itertools import count
from uuid import UUID

from commands.activity import PlanActivity, RecordActivity
from commands.base import Command
from commands.client import AdvanceLifecycle, CorrectProfile, RegisterClient
from commands.contact_point import ContactPointGiven
from commands.ownership import ClaimClient
from events.values import LATEST, Channel, ClientKind, ContactKind, Direction, Lifecycle, ProfileField

NAMES = ("Ромашка", "Вектор", "Северный ветер", "Полюс", "Гранит", "Сигма", "Заря", "Меридиан", "Orion Trade", "Baltic")
TOPIC = "Спросить о поверке весов и о сроках поставки"
RESULT = "Нужны весы до двух тонн; готовим предложение к понедельнику"


SELLERS = tuple(UUID(int=number) for number in range(1, 41))
"""Whoever sells in logs that nobody decided on."""


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


CALLS = 6
"""Calls in the life of a client of the benchmarks, after three facts about the client."""


def day_with(client_id: UUID, seller_id: UUID) -> Iterator[Command]:
    """Give what follows a registration: the client is claimed, advanced, known better by a trait, called six times."""
    yield ClaimClient(client_id=client_id, seller_id=seller_id)
    yield AdvanceLifecycle(client_id=client_id, to_state=Lifecycle.CONTACTED)
    yield CorrectProfile(client_id=client_id, field=ProfileField.SECTOR, value="торговля", source="bench")
    for _ in range(CALLS):
        yield RecordActivity(
            channel=Channel.CALL,
            direction=Direction.OUTBOUND,
            staff_id=seller_id,
            client_id=client_id,
            topic=TOPIC,
            result=RESULT,
        )


def plans() -> Iterator[PlanActivity]:
    """Give commands that plan a call."""
    while True:
        yield PlanActivity(channel=Channel.CALL, topic=TOPIC, due_at=LATEST.replace(year=2099))
