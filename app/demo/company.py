"""The first administrator, and a small company to look at on the first start: people, clients, deals, touchpoints.

Every id and key is made from a name, so loading it again changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from app.demo.agreements import plans, prices
from commands.activity import PlanActivity, RecordActivity
from commands.base import Actor, Command
from commands.client import RegisterClient
from commands.contact_point import ContactPointGiven
from commands.deal import MoveDeal, OpenDeal, WinDeal
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer
from commands.pipeline import DefinePipeline
from commands.product import ListProduct
from commands.staff import HireStaff
from events.values import (
    AffiliationRole,
    Channel,
    ClientKind,
    ContactKind,
    Direction,
    Money,
    ProfileFact,
    ProfileField,
    StaffRole,
    Stage,
)
from infra.told import ToldError

Execute = Callable[[Sequence[Request]], list[Answer]]

SPACE = UUID("4d0f2f61-3c53-5f0e-8f4e-6f6c65746f70")
ADMIN_ID = uuid5(SPACE, "admin")
SYSTEM = Actor(id="system:init", role="admin")
DEMO_KEY = "demo company"
STAFF = {
    "anna": ("Анна Белова", StaffRole.SELLER),
    "boris": ("Борис Громов", StaffRole.SELLER),
    "head": ("Ольга Соколова", StaffRole.HEAD),
    "vera": ("Вера Орлова", StaffRole.OPERATOR),
}
"""Who works in the demo company, by the names from which their ids are made."""


def demo_id(name: str) -> UUID:
    """Return the id that something of the demo company has, by its name there."""
    return uuid5(SPACE, name)


class FirstStartError(ToldError):
    """Something of the first start was refused; says what and why."""


def ensure_admin(execute: Execute, keyed_hash: Callable[[str], bytes]) -> bool:
    """Enter the first administrator; return whether it was new."""
    hire = HireStaff(staff_id=ADMIN_ID, name="Administrator", role=StaffRole.ADMIN)
    (answer,) = execute([Request.of(hire, SYSTEM, keyed_hash, command_id=ADMIN_ID)])
    return not _accepted(hire, answer).replayed


def load_demo_company(execute: Execute, keyed_hash: Callable[[str], bytes], now: datetime) -> int:
    """Enter the demo company and return how many commands that took; a second time nothing is entered."""
    steps = _commands(now)
    done = 0
    for number, (actor, command) in enumerate(steps):
        command_id = demo_id(f"{DEMO_KEY} {number}")
        (answer,) = execute([Request.of(command, actor, _timeless(keyed_hash, command_id), command_id=command_id)])
        done += not _accepted(command, answer).replayed
    return done


def _timeless(keyed_hash: Callable[[str], bytes], command_id: UUID) -> Callable[[str], bytes]:
    """Make the same key mean the same content, though the demo's days are counted back from the day it is loaded."""
    return lambda _: keyed_hash(str(command_id))


def _accepted(command: Command, answer: Answer) -> Accepted:
    if not isinstance(answer, Accepted):
        code = getattr(answer, "code", type(answer).__name__)
        raise FirstStartError(f"{command.command_name()} was refused: {code}.") from answer
    return answer


def _commands(now: datetime) -> list[tuple[Actor, Command]]:
    admin = Actor(id=str(ADMIN_ID), role="admin")
    return [
        *((admin, command) for command in _house()),
        *_clients(now),
        *_sales(now),
        *_diary(now),
        *plans(now.date(), _actor("head"), _actor("anna")),
        *prices(now.date(), admin, demo_id("price book")),
    ]


def _hired(key: str, **more: Any) -> HireStaff:
    name, role = STAFF[key]
    return HireStaff(staff_id=demo_id(key), name=name, role=role, **more)


def _house() -> list[Command]:
    head, north, south = demo_id("head"), "Север", "Юг"
    return [
        _hired("head", team="Продажи", branch=north),
        _hired("anna", branch=north, head_id=head),
        _hired("boris", branch=south, head_id=head),
        _hired("vera", branch=north, head_id=head),
        DefinePipeline(
            pipeline_id=demo_id("pipeline"),
            name="Продажи",
            stages=(
                Stage(code="lead", name="Заявка", probability=10),
                Stage(code="offer", name="Предложение", probability=40),
                Stage(code="contract", name="Договор", probability=80),
            ),
        ),
        ListProduct(code="scales", name="Весы платформенные", series="Весы", aliases=("Платформенные весы",)),
        ListProduct(code="service", name="Поверка и обслуживание", series="Услуги"),
    ]


def _actor(key: str) -> Actor:
    return Actor(id=str(demo_id(key)), role=STAFF[key][1].value)


def _phone(number: str) -> tuple[ContactPointGiven, ...]:
    return (ContactPointGiven(kind=ContactKind.PHONE, value=number),)


def _clients(now: datetime) -> list[tuple[Actor, Command]]:
    operator = _actor("vera")
    month_ago = now - timedelta(days=30)
    organisation, person = ClientKind.ORGANISATION, ClientKind.PERSON
    return [
        (
            operator,
            RegisterClient(
                occurred_at=month_ago,
                client_id=demo_id("romashka"),
                kind=organisation,
                name="ООО «Ромашка»",
                contact_points=_phone("+7 495 123-45-67"),
                tax_id="7707083893",
                profile=(ProfileFact(field=ProfileField.SECTOR, value="торговля", source="сайт"),),
            ),
        ),
        (
            operator,
            RegisterClient(
                occurred_at=month_ago,
                client_id=demo_id("irina"),
                kind=person,
                name="Ирина Кузнецова",
                contact_points=_phone("8 (916) 765-43-21"),
                organisation_id=demo_id("romashka"),
                affiliation_role=AffiliationRole.ACCOUNTANT,
            ),
        ),
        (
            operator,
            RegisterClient(
                occurred_at=month_ago,
                client_id=demo_id("vector"),
                kind=organisation,
                name="АО «Вектор»",
                contact_points=_phone("+7 812 555-01-02"),
            ),
        ),
        (
            operator,
            RegisterClient(
                occurred_at=month_ago,
                client_id=demo_id("petr"),
                kind=person,
                name="Пётр Лебедев",
                contact_points=_phone("+7 903 111-22-33"),
            ),
        ),
    ]


def _sales(now: datetime) -> list[tuple[Actor, Command]]:
    def day(count: int) -> datetime:
        return now - timedelta(days=count)

    anna, boris = _actor("anna"), _actor("boris")
    road = demo_id("pipeline")
    price, fee = Money(amount=Decimal(480000), currency="RUB"), Money(amount=Decimal(36000), currency="RUB")
    romashka, vector, service = demo_id("deal romashka"), demo_id("deal vector"), demo_id("deal service")
    return [
        (
            anna,
            OpenDeal(
                occurred_at=day(25),
                deal_id=romashka,
                client_id=demo_id("romashka"),
                product_code="scales",
                amount=price,
                title="Весы на склад",
                pipeline_id=road,
                stage="lead",
            ),
        ),
        (
            boris,
            OpenDeal(
                occurred_at=day(20),
                deal_id=vector,
                client_id=demo_id("vector"),
                product_code="scales",
                amount=price,
                title="Весы для цеха",
                pipeline_id=road,
                stage="lead",
            ),
        ),
        (anna, MoveDeal(occurred_at=day(18), deal_id=romashka, to_stage="offer")),
        (anna, MoveDeal(occurred_at=day(10), deal_id=romashka, to_stage="contract")),
        (anna, WinDeal(occurred_at=day(5), deal_id=romashka, amount=price)),
        (
            anna,
            OpenDeal(
                occurred_at=day(4),
                deal_id=service,
                client_id=demo_id("romashka"),
                product_code="service",
                amount=fee,
                title="Поверка весов",
                pipeline_id=road,
                stage="lead",
            ),
        ),
        (boris, MoveDeal(occurred_at=day(3), deal_id=vector, to_stage="offer")),
    ]


def _diary(now: datetime) -> list[tuple[Actor, Command]]:
    anna, boris = _actor("anna"), _actor("boris")
    return [
        (
            anna,
            RecordActivity(
                occurred_at=now - timedelta(days=19),
                activity_id=demo_id("meeting"),
                channel=Channel.MEETING,
                direction=Direction.OUTBOUND,
                client_id=demo_id("romashka"),
                contact_id=demo_id("irina"),
                contact_name="Ирина Кузнецова",
                contact_data="8 (916) 765-43-21",
                topic="Знакомство, осмотр склада",
                result="Нужны весы до двух тонн; готовим предложение",
            ),
        ),
        (
            anna,
            PlanActivity(
                activity_id=demo_id("call back"),
                channel=Channel.CALL,
                client_id=demo_id("romashka"),
                topic="Спросить о поверке",
                due_at=now + timedelta(hours=2),
            ),
        ),
        (
            boris,
            PlanActivity(
                activity_id=demo_id("visit"),
                channel=Channel.VISIT,
                client_id=demo_id("vector"),
                topic="Показать весы в цехе",
                due_at=now - timedelta(days=1),
            ),
        ),
    ]
