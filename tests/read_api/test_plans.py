"""What was reached of plans, as counters count it: by whoever did it where they were then, and what is left."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from events.activity import ActivityHeld
from events.branch import BranchOpened
from events.client import ClientClaimed
from events.deal import DealOpened, DealWon
from events.examples import EAST, NORTH, WEST
from events.ids import plan_of
from events.plan import Metric, PlanAgreed, PlanWithdrawn, Target
from events.staff import StaffHired, StaffMoved
from events.team import TeamOpened
from events.values import Money, StaffRole
from read_api.plan_progress import MyCounters, OneProgress
from read_api.plans import Plan
from read_api.reading.answer import Page
from tests.examples import ANNA, BORIS, OTHER_SALE, ROMASHKA, SALE, VERA, fact
from tests.read_api.office import Office, nth
from tests.story import Told, given, on

MARCH = (date(2026, 3, 1), date(2026, 3, 31))
NO_PLACE = {"team_id": None, "branch_id": None, "head_id": None}
DEALS, CONTACTS, CLAIMS = (Metric(each) for each in ("deals_won", "contacts", "clients_claimed"))


def day(number: int, hour: int = 9) -> datetime:
    return datetime(2026, 3, number, hour, tzinfo=UTC)


def dollars(amount: str) -> Target:
    return Target(metric=Metric.SUM_WON, amount=Money.of({"amount": amount, "currency": "USD"}))


def agreed(whose: UUID | None, *targets: Target, days: tuple[date, date] = MARCH, **named: Any) -> Told:
    whose_it_is = {"staff_id": None, **named}
    told = fact(PlanAgreed, begins_on=days[0], ends_on=days[1], targets=targets, **whose_it_is)
    return on(plan_of(whose, *days), told)


def won(deal_id: UUID, seller_id: UUID, at: datetime, amount: str = "100", currency: str = "USD") -> Told:
    money = Money.of({"amount": amount, "currency": currency})
    facts = (fact(DealOpened, seller_id=seller_id), fact(DealWon, seller_id=seller_id, amount=money))
    return on(deal_id, *facts, occurred_at=at)


STAFF = (
    on(EAST, fact(TeamOpened)),
    on(WEST, fact(TeamOpened, name="West")),
    on(NORTH, fact(BranchOpened)),
    on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD, **NO_PLACE), occurred_at=day(1)),
    on(ANNA, fact(StaffHired, **{**NO_PLACE, "team_id": EAST}), occurred_at=day(1)),
    on(BORIS, fact(StaffHired, name="Boris", **{**NO_PLACE, "team_id": EAST}), occurred_at=day(1)),
)
OF_ANNA = agreed(ANNA, Target(metric=DEALS, count=10), Target(metric=CONTACTS, count=3), dollars("1000"), staff_id=ANNA)
PLAN_OF_ANNA = plan_of(ANNA, *MARCH)


def test_of_ten_deals_one_is_won_and_nine_are_left(desk: Office) -> None:
    visit = given(
        *STAFF,
        OF_ANNA,
        won(SALE, ANNA, day(5), "250.50"),
        won(OTHER_SALE, BORIS, day(5), "900"),
        won(nth(3), ANNA, day(6), "700", "EUR"),
        won(nth(4), ANNA, datetime(2026, 4, 1, 9, tzinfo=UTC)),
        on(nth(5), fact(ActivityHeld), occurred_at=day(7)),
    ).at(desk)

    told = visit.asks(f"/plans/{PLAN_OF_ANNA}/progress")

    told.answers(
        {
            "plan": {
                "plan_id": PLAN_OF_ANNA,
                "staff_id": ANNA,
                "staff_name": "Anna",
                "team": None,
                "answerer_id": ANNA,
            },
            "days": 22,
            "reached": [
                {"metric": "deals_won", "target": "10", "done": "2", "left": "8", "percent": 20, "at_close": None},
                {"metric": "contacts", "target": "3", "done": "1", "left": "2", "percent": 33},
                {"metric": "sum_won", "currency": "USD", "target": "1000.00", "done": "250.50", "left": "749.50"},
            ],
            "beside": [{"currency": "EUR", "amount": "700.00"}],
            "staff": [],
        }
    )
    OneProgress.model_validate(told.response.json())
    visit.asks(f"/staff/{ANNA}/counters?from=2026-03-01&to=2026-03-31").answers(
        {"deals_won": 2, "contacts": 1, "won": [{"currency": "EUR"}, {"currency": "USD", "amount": "250.50"}]}
    )


def test_more_than_the_target_leaves_nothing_and_a_target_of_nothing_has_no_per_cent(desk: Office) -> None:
    plan = agreed(ANNA, Target(metric=DEALS, count=1), Target(metric=CLAIMS, count=0), staff_id=ANNA)
    visit = given(
        *STAFF,
        plan,
        won(SALE, ANNA, day(5)),
        won(OTHER_SALE, ANNA, day(6)),
        on(ROMASHKA, fact(ClientClaimed, owner_id=ANNA), occurred_at=day(7)),
    ).at(desk)
    visit.asks(f"/plans/{PLAN_OF_ANNA}/progress").answers(
        {"reached": [{"done": "2", "left": "0", "percent": 200}, {"done": "1", "left": "0", "percent": None}]}
    )


def test_a_win_counts_where_its_seller_was_then_whoever_tells_it_when(desk: Office) -> None:
    """To the moment, and not to the day: who moves between two wins of a day has one in each team."""
    deals = Target(metric=DEALS, count=10)
    moved = on(ANNA, fact(StaffMoved, **{f"to_{name}": each for name, each in NO_PLACE.items()} | {"to_team_id": WEST}))
    wins = (
        won(SALE, ANNA, day(10, 8)),
        won(OTHER_SALE, ANNA, day(10, 15)),
        won(nth(3), BORIS, day(20)),
        # Before anything is known of where they were: they were where they are first known to be.
        won(nth(4), ANNA, datetime(2026, 2, 20, tzinfo=UTC)),
    )
    plans = (
        agreed(EAST, deals, team_id=EAST),
        agreed(WEST, deals, team_id=WEST),
        agreed(None, deals),
        agreed(EAST, deals, days=(date(2026, 2, 1), date(2026, 2, 28)), team_id=EAST),
    )
    at_noon = on(ANNA, *moved.events, occurred_at=day(10, 12))
    for told in ((at_noon, *wins), (*wins, at_noon)):
        visit = given(*STAFF, *told, *plans).at(desk)
        for whose, done in ((EAST, "2"), (WEST, "1"), (None, "3")):
            visit.asks(f"/plans/{plan_of(whose, *MARCH)}/progress").answers({"reached": [{"done": done}]})
        february = plan_of(EAST, date(2026, 2, 1), date(2026, 2, 28))
        visit.asks(f"/plans/{february}/progress").answers({"reached": [{"done": "1"}]})


def test_who_did_it_adds_up_to_what_the_team_did(desk: Office) -> None:
    plan = agreed(EAST, Target(metric=DEALS, count=5), dollars("500"), team_id=EAST)
    visit = given(
        *STAFF, plan, won(SALE, ANNA, day(5)), won(OTHER_SALE, ANNA, day(6), "50"), won(nth(3), BORIS, day(7), "70.25")
    ).at(desk)
    visit.asks(f"/plans/{plan_of(EAST, *MARCH)}/progress?by_staff=true").answers(
        {
            "reached": [{"done": "3"}, {"done": "220.25"}],
            "staff": [
                {"staff_id": ANNA, "reached": [{"done": "2"}, {"currency": "USD", "done": "150.00"}]},
                {"staff_id": BORIS, "reached": [{"done": "1"}, {"done": "70.25"}]},
            ],
        }
    )


def test_my_counters_are_the_plans_that_count_today_of_me_my_team_and_the_company(desk: Office) -> None:
    deals = Target(metric=DEALS, count=10)
    today = datetime.now(UTC).date()
    days = (today.replace(day=1), today.replace(day=28) if today.day <= 28 else today)
    visit = given(
        *STAFF,
        agreed(ANNA, deals, days=days, staff_id=ANNA),
        agreed(ANNA, deals, staff_id=ANNA),
        agreed(BORIS, deals, days=days, staff_id=BORIS),
        agreed(EAST, deals, days=days, team_id=EAST),
        agreed(WEST, deals, days=days, team_id=WEST),
        agreed(None, deals, days=days),
    ).at(desk)
    told = visit.asks("/my-counters", role="seller", staff=ANNA)
    told.answers(
        {
            "staff_id": ANNA,
            "plans": [
                {"plan": {"plan_id": plan_of(whose, *days)}, "reached": [{"done": "0"}]} for whose in (ANNA, EAST, None)
            ],
        }
    )
    MyCounters.model_validate(told.response.json())


def test_plans_are_listed_the_last_period_first_and_filtered(desk: Office) -> None:
    deals = Target(metric=DEALS, count=10)
    april = (date(2026, 4, 1), date(2026, 4, 30))
    visit = given(
        *STAFF, OF_ANNA, agreed(EAST, deals, days=april, team_id=EAST), agreed(None, deals),
        on(plan_of(None, *MARCH), fact(PlanWithdrawn)),
    ).at(desk)  # fmt: skip
    east, company = plan_of(EAST, *april), plan_of(None, *MARCH)
    for query, found in (
        (f"staff={ANNA}", [PLAN_OF_ANNA]),
        (f"of_unit={EAST}", [east]),
        ("on=2026-04-30", [east]),
        ("on=2026-03-31&standing=true", [PLAN_OF_ANNA]),
        ("standing=false", [company]),
    ):
        told = visit.asks(f"/plans?{query}")
        told.answers({"items": [{"plan_id": each} for each in found]})
    Page[Plan].model_validate(told.response.json())
    assert {each["plan_id"] for each in visit.asks("/plans").response.json()["items"]} == {
        str(each) for each in (PLAN_OF_ANNA, east, company)
    }
