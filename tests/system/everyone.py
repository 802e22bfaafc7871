"""A company with somebody of every role and standing, and with things as near to them as things can be."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from app.auth.api_keys import key_of, new_secret
from commands.activity import PlanActivity, RecordActivity
from commands.api_key import IssueApiKey
from commands.base import Actor, Command
from commands.branch import OpenBranch
from commands.client import RegisterClient
from commands.contact_point import ContactPointGiven
from commands.custom_field import DefineCustomField
from commands.deal import LoseDeal, OpenDeal
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.import_run import StartImport
from commands.login import BindLogin
from commands.note import NoteActivity, NoteClient, NoteDeal
from commands.ownership import ClaimClient
from commands.pipeline import DefinePipeline
from commands.plan import AgreePlan, GivenTarget
from commands.portal_login import BindPortalLogin
from commands.price_book import OpenPriceBook
from commands.price_ladder import ListPrice
from commands.product import ListProduct
from commands.registry import ALL
from commands.staff import ChangeStaffRole, DepartStaff, HireStaff, MoveStaff, SuspendStaff
from commands.tax_rate import AdoptTaxRate
from commands.team import OpenTeam
from events.examples import GTX, GTX_PLUS, example_of
from events.ids import branch_named, team_named
from events.plan import MAY, Metric
from events.values import CallStatus, Channel, ClientKind, ContactKind, Direction, Money, StaffRole
from infra.postgres.embedded import EmbeddedPostgres
from infra.rights import RIGHTS
from tests.database import MASTER, copy_of
from tests.system.chances import STAGES
from tests.system.company import Company, company
from tests.system.histories import Asked
from tests.system.test_at_once import signed

STANDINGS = ("active", "suspended", "departed", "moved")
"""Whoever has moved was somewhere else a moment ago, and whoever is let in no more was let in then."""

PROMISED_SECONDS = 1.0
"""So long after a move, a departure or a suspension nothing of what was before holds (docs/operations.md)."""

NEARNESS = ("own", "team", "branch", "other")
"""Whose a thing is, as its caller sees it, from near to far."""

HERE, THERE = ("Perm", "Perm sales"), ("Samara", "Samara sales")
NEXT_DOOR = "Perm service"
ROAD, KEY, IMPORT = UUID(int=0xA1), UUID(int=0xA2), UUID(int=0xA3)
ADMIN = Actor("01910000-0000-7000-8000-00000000ad00", "admin")
WRITTEN = "They like tea"
"""What people wrote about everything."""

DUE = datetime(2030, 1, 1, tzinfo=UTC)


def _id(block: int, number: int) -> UUID:
    return UUID(f"01910000-{block:04d}-7000-8000-{number:012d}")


class Things(NamedTuple):
    """What is somebody's: a client with a contact person, and deals, activities and notes with that client."""

    staff: UUID
    client: UUID
    person: UUID
    deal: UUID
    lost_deal: UUID
    planned: UUID
    held: UUID
    client_note: UUID
    deal_note: UUID
    activity_note: UUID

    @property
    def email(self) -> str:
        return f"{self.client}@example.org"


def things_of(number: int) -> Things:
    """Return the ids of somebody's things; of who was never hired nothing is known under them."""
    return Things(*(_id(block, number) for block in range(1, 1 + len(Things._fields))))


UNKNOWN = things_of(0)


class Person(NamedTuple):
    """A caller: in which role, how they stand, what is theirs, and what their requests bring along."""

    role: str
    standing: str
    things: Things
    headers: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.standing} {self.role}"


COLLEAGUES = {near: things_of(number) for number, near in enumerate(NEARNESS[1:], 1)}
PLACES = {"team": HERE, "branch": (HERE[0], NEXT_DOOR), "other": THERE}
PEOPLE = tuple(
    Person(role.value, standing, things_of(number), {"Authorization": f"Bearer {signed(_id(1, number))}"})
    for number, (role, standing) in enumerate(product(StaffRole, STANDINGS), 11)
)
_SECRET, _ = new_secret()
PROGRAM = Person("integration", "key", COLLEAGUES["team"], {"Authorization": f"Bearer {key_of(KEY, _SECRET)}"})
"""Comes in with a key that names everything that may be named, for somebody who works here."""


def things_near(person: Person, near: str) -> Things:
    """Return what is as near to somebody as that; what is `unknown` nobody has."""
    return {"own": person.things, "unknown": UNKNOWN}.get(near) or COLLEAGUES[near]


def _theirs(things: Things) -> Iterator[Command]:
    point = ContactPointGiven(kind=ContactKind.EMAIL, value=things.email)
    staff, client = things.staff, things.client
    yield RegisterClient(client_id=client, kind=ClientKind.ORGANISATION, name="Romashka", contact_points=(point,))
    yield ClaimClient(client_id=client, seller_id=staff)
    point = ContactPointGiven(kind=ContactKind.EMAIL, value=f"buyer-{things.email}")
    yield RegisterClient(
        client_id=things.person, kind=ClientKind.PERSON, name="Olga", contact_points=(point,), organisation_id=client
    )
    for deal in (things.deal, things.lost_deal):
        worth = Money(amount=Decimal(100), currency="USD")
        yield OpenDeal(deal_id=deal, client_id=client, seller_id=staff, pipeline_id=ROAD, amount=worth)
    yield LoseDeal(deal_id=things.lost_deal, reason="too dear")
    yield PlanActivity(
        activity_id=things.planned, channel=Channel.CALL, staff_id=staff, client_id=client, topic="x", due_at=DUE
    )
    yield RecordActivity(
        activity_id=things.held,
        channel=Channel.CALL,
        direction=Direction.INBOUND,
        staff_id=staff,
        client_id=client,
        call_status=CallStatus.TAKEN_TO_WORK,
        topic=WRITTEN,
    )
    yield NoteClient(client_id=client, note_id=things.client_note, text=WRITTEN)
    yield NoteDeal(deal_id=things.deal, note_id=things.deal_note, text=WRITTEN)
    yield NoteActivity(activity_id=things.held, note_id=things.activity_note, text=WRITTEN)


def _before() -> Iterator[Asked]:
    """Give how the company came about; everybody sells at first, so that something is everybody's own."""
    yield from (Asked(each, ADMIN) for each in _opened())
    for (branch, team), things in _places():
        hired = HireStaff(
            staff_id=things.staff,
            name="Anna",
            role=StaffRole.SELLER,
            branch_id=branch_named(branch),
            team_id=team_named(team),
        )
        yield Asked(hired, ADMIN)
        yield from (Asked(each, Actor(str(things.staff), "seller")) for each in _theirs(things))
    for one in PEOPLE:
        yield Asked(ChangeStaffRole(staff_id=one.things.staff, role=StaffRole(one.role)), ADMIN)


def _opened() -> Iterator[Command]:
    for branch, team in (HERE, THERE):
        yield OpenBranch(name=branch)
        yield OpenTeam(name=team)
    yield OpenTeam(name=NEXT_DOOR)
    yield DefinePipeline(pipeline_id=ROAD, name="Retail", stages=STAGES)
    yield AgreePlan(begins_on=MAY[0], ends_on=MAY[1], targets=(GivenTarget(metric=Metric.CALLS, count=10),))
    yield example_of(ListProduct)
    yield example_of(OpenPriceBook)
    yield example_of(ListPrice)
    yield example_of(ListPrice).model_copy(update={"from_day": date(2027, 1, 1), "to_day": None})
    yield example_of(AdoptTaxRate)
    yield example_of(ListProduct).model_copy(update={"code": GTX_PLUS, "name": "GTX Plus", "aliases": ()})
    yield example_of(AdoptTaxRate).model_copy(update={"code": GTX})
    yield example_of(DefineCustomField)
    yield example_of(DefineCustomField).model_copy(update={"code": GTX})
    yield example_of(StartImport).model_copy(update={"import_id": IMPORT})
    questions = tuple(sorted(name for name, roles in RIGHTS.items() if "integration" in roles))
    commands = tuple(sorted(name for name, kind in ALL.items() if "integration" in kind.ROLES))
    digest = sha256(_SECRET.encode()).hexdigest()
    yield IssueApiKey(api_key_id=KEY, name="Shop", commands=commands, questions=questions, secret_sha256=digest)


def _places() -> Iterator[tuple[tuple[str, str], Things]]:
    """Give where people work at first, in which branch and team."""
    for near, things in COLLEAGUES.items():
        yield PLACES[near], things
    for one in PEOPLE:
        yield THERE if one.standing == "moved" else HERE, one.things


def _then() -> Iterator[Asked]:
    """Give what happens to people while they are known."""
    yield Asked(example_of(BindLogin).model_copy(update={"staff_id": COLLEAGUES["team"].staff}), ADMIN)
    yield Asked(example_of(BindPortalLogin).model_copy(update={"client_id": COLLEAGUES["team"].client}), ADMIN)
    for one in PEOPLE:
        happens: Mapping[str, Command] = {
            "suspended": SuspendStaff(staff_id=one.things.staff, reason="a phone was stolen"),
            "departed": DepartStaff(staff_id=one.things.staff),
            "moved": MoveStaff(staff_id=one.things.staff, branch_id=branch_named(HERE[0]), team_id=team_named(HERE[1])),
        }
        if one.standing in happens:
            yield Asked(happens[one.standing], ADMIN)


def carry_out(one: Company, asked: Iterator[Asked]) -> None:
    """Let all this happen, and everybody who follows know of it."""
    for answer in one.runner.run([Request.of(*each, MASTER.keyed_hash) for each in asked]):
        assert isinstance(answer, Accepted), answer
    one.catch_up()


@contextmanager
def founded(cluster: EmbeddedPostgres, template: str, folder: Path) -> Iterator[Company]:
    """Lend the company as it was before anybody moved, left or was suspended."""
    with copy_of(cluster, template) as database, company(database, folder) as one:
        carry_out(one, _before())
        yield one


async def things_happen(one: Company) -> None:
    """Let people move, leave and be suspended, and wait until nothing that was known before counts any more."""
    carry_out(one, _then())
    await asyncio.sleep(PROMISED_SECONDS)
