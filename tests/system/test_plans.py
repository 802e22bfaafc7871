"""What was reached of plans in a company that lives on: closed, told late, corrected; and in the Maven company."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from commands.base import Command
from commands.client import RegisterClient
from commands.contact_point import ContactPointGiven
from commands.deal import OpenDeal, ReopenDeal, WinDeal
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.importing.folder_import import MAVEN, import_folder
from commands.pipeline import DefinePipeline
from commands.plan import AgreePlan, ClosePeriod, GivenTarget
from commands.staff import HireStaff, MoveStaff
from events.ids import branch_named, plan_of, team_named
from events.plan import Metric
from events.values import ClientKind, ContactKind, Money, StaffRole, Stage
from infra.log.ids import new_id
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import MASTER, copy_of
from tests.read_api.office import Office, open_office
from tests.system.company import Company, company
from tests.system.histories import ADMIN
from tests.system.small_maven import write_door

ANNA, ROMASHKA, ROAD = (UUID(int=number) for number in (0xA1, 0xA2, 0xA3))


class World:
    """A company that is told things at moments of their own, and asked."""

    def __init__(self, one: Company, office: Office) -> None:
        self.one = one
        self.office = office

    def does(self, at: datetime, *commands: Command) -> None:
        for command in commands:
            request = Request.of(command, ADMIN, MASTER.keyed_hash, command_id=new_id(), received_at=at)
            (answer,) = self.one.runner.run([request])
            assert isinstance(answer, Accepted), answer
        self.one.catch_up()

    def progress(self, plan_id: UUID, **asked: Any) -> Any:
        named = "&".join(f"{name}={value}" for name, value in asked.items())
        answer = self.office.get(f"/plans/{plan_id}/progress?{named}", role="admin", staff=UUID(ADMIN.id))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def done(self, plan_id: UUID) -> tuple[int, int]:
        """Return how many deals were won towards a plan, and of what worth in whole dollars."""
        deals, worth = (each["done"] for each in self.progress(plan_id)["reached"])
        return int(deals), int(worth.removesuffix(".00"))


@contextmanager
def _world(cluster: EmbeddedPostgres, template: str, folder: Path, imported: Path | None = None) -> Iterator[World]:
    with copy_of(cluster, template) as database, company(database, folder) as one:
        if imported is not None:
            _import(one, imported)
        with open_office(database, one.analytics, timeout=60.0) as office:
            yield World(one, office)


def _import(one: Company, folder: Path) -> None:
    with write_door(one.database.writer_url) as door:
        assert import_folder(folder, MAVEN, door, zone="UTC").adds_up
    one.catch_up()


def dollars(amount: int) -> Money:
    return Money.of({"amount": amount, "currency": "USD"})


TARGETS = (
    GivenTarget(metric=Metric.DEALS_WON, count=10),
    GivenTarget.model_validate({"metric": "sum_won", "amount": {"amount": "1000", "currency": "USD"}}),
)


def test_what_is_corrected_after_a_period_was_closed_stands_beside_what_was_known_then(
    cluster: EmbeddedPostgres, template: str, tmp_path: Path
) -> None:
    march = (date(2026, 3, 1), date(2026, 3, 31))
    plan_id = plan_of(ANNA, *march)
    deals = [UUID(int=0xD0 + number) for number in range(4)]

    def day(month: int, number: int) -> datetime:
        return datetime(2026, month, number, 9, tzinfo=UTC)

    def wins(deal_id: UUID, at: datetime, amount: int) -> tuple[Command, ...]:
        opened = OpenDeal(
            deal_id=deal_id, client_id=ROMASHKA, seller_id=ANNA, pipeline_id=ROAD, stage="lead", occurred_at=at
        )
        return opened, WinDeal(deal_id=deal_id, amount=dollars(amount), occurred_at=at)

    with _world(cluster, template, tmp_path) as world:
        world.does(
            day(3, 1),
            HireStaff(staff_id=ANNA, name="Anna", role=StaffRole.SELLER),
            DefinePipeline(pipeline_id=ROAD, name="Road", stages=(Stage(code="lead", name="Lead"),)),
            RegisterClient(
                client_id=ROMASHKA,
                kind=ClientKind.ORGANISATION,
                name="Romashka",
                contact_points=(ContactPointGiven(kind=ContactKind.EMAIL, value="scales@romashka.example"),),
            ),
            AgreePlan(staff_id=ANNA, begins_on=march[0], ends_on=march[1], targets=TARGETS),
        )
        for number, amount in enumerate((100, 250, 400)):
            world.does(day(3, 10 + number), *wins(deals[number], day(3, 10 + number), amount))
        assert [(each["at_close"], each["since_close"]) for each in world.progress(plan_id)["reached"]] == [
            (None, None)
        ] * 2
        world.does(day(4, 1), ClosePeriod(plan_id=plan_id))
        as_it_closed = world.progress(plan_id)
        assert [(each["at_close"], each["since_close"]) for each in as_it_closed["reached"]] == [
            ("3", "0"),
            ("750.00", "0.00"),
        ]

        world.does(
            day(4, 3),
            # One falls back, one is won again in April for more, and one of March is told late.
            ReopenDeal(deal_id=deals[0], reason="the client thinks it over"),
            ReopenDeal(deal_id=deals[1], reason="one more pair of scales"),
            WinDeal(deal_id=deals[1], amount=dollars(900)),
            *wins(deals[3], day(3, 20), 60),
        )
        reached = world.progress(plan_id)["reached"]
        assert [(each["done"], each["at_close"], each["since_close"]) for each in reached] == [
            ("2", "3", "-1"),
            ("460.00", "750.00", "-290.00"),
        ]
        for each in reached:
            assert Decimal(each["at_close"]) + Decimal(each["since_close"]) == Decimal(each["done"])


QUARTERS = tuple(
    (date(2017, first, 1), date(2017, first + 2, last)) for first, last in ((1, 31), (4, 30), (7, 30), (10, 31))
)
YEAR = (date(2017, 1, 1), date(2017, 12, 31))
OFFICES = ("Central", "East", "West")


def check_movement(world: World) -> None:
    """What moved the open deals in a quarter, and how all of them ended: as the raw CSV says."""

    def told(report: str, asked: str) -> list[Any]:
        answer = world.office.get(f"/analytics/{report}?{asked}", role="admin", staff=UUID(ADMIN.id))
        assert answer.status_code == 200, answer.text
        rows: list[Any] = answer.json()["rows"]
        return rows

    moved = [row for row in told("pipeline_movement", "from=2017-07-01&to=2017-09-30") if row["facts"]]
    assert sum(row["deals"] for row in moved) == 2409 - 1686
    assert [(row["deals"], row["amount"]) for row in moved if row["movement"] == "won"] == [(-1257, "-2982255.00")]
    ended = told("win_loss", "")
    won, lost = (sum(row["deals"] for row in ended if row["outcome"] == each) for each in ("won", "lost"))
    assert (won, lost, round(100 * won / (won + lost), 2)) == (4238, 2473, 63.15)


def test_the_figures_of_the_maven_company_and_what_the_move_of_one_seller_changes(
    cluster: EmbeddedPostgres, template: str, tmp_path: Path, real_data: Callable[[str], Path]
) -> None:
    with _world(cluster, template, tmp_path, real_data("maven-crm")) as world:
        staff = world.office.get("/staff?limit=100", role="admin", staff=UUID(ADMIN.id)).json()["items"]
        [schlecht] = [UUID(each["staff_id"]) for each in staff if each["name"] == "Darcel Schlecht"]
        team = team_named("Melvin Marxen")
        offices = {name: branch_named(name) for name in OFFICES}
        today = datetime(2026, 6, 1, tzinfo=UTC)

        check_movement(world)

        def agree(days: tuple[date, date], **whose: Any) -> UUID:
            world.does(today, AgreePlan(begins_on=days[0], ends_on=days[1], targets=TARGETS, **whose))
            return plan_of(next(iter(whose.values()), None), *days)

        company_plans = [agree(each) for each in QUARTERS]
        of_offices = {name: agree(YEAR, branch_id=offices[name]) for name in OFFICES}
        of_team = [agree(each, team_id=team) for each in (YEAR, QUARTERS[2])]
        of_schlecht = [agree(each, staff_id=schlecht) for each in QUARTERS]

        own = [112255, 310075, 373218, 357666]
        assert [world.done(each) for each in company_plans] == [
            (531, 1134672),
            (1254, 3086111),
            (1257, 2982255),
            (1196, 2802496),
        ]
        assert {name: world.done(each) for name, each in of_offices.items()} == {
            "Central": (1629, 3346293),
            "East": (1171, 3090594),
            "West": (1438, 3568647),
        }
        assert [world.done(each) for each in of_team] == [(882, 2251930), (world.done(of_team[1])[0], 767754)]
        assert [world.done(each)[1] for each in of_schlecht] == own
        [member] = [
            each
            for each in world.progress(of_offices["Central"], by_staff="true")["staff"]
            if UUID(each["staff_id"]) == schlecht
        ]
        assert [one["done"] for one in member["reached"]] == ["349", "1153214.00"]

        # What happened on 1 July 2017 is told now.
        world.does(
            today,
            MoveStaff(
                staff_id=schlecht,
                branch_id=offices["West"],
                team="Another team",
                occurred_at=datetime(2017, 7, 1, tzinfo=UTC),
            ),
        )
        assert {name: world.done(each)[1] for name, each in of_offices.items()} == {
            "Central": 3346293 - 730884,
            "East": 3090594,
            "West": 3568647 + 730884,
        }
        assert world.done(of_team[1])[1] == 394536
        assert [world.done(each)[1] for each in of_schlecht] == own
        assert sum(world.done(each)[0] for each in company_plans) == 4238
