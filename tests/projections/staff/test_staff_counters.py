"""A staff member's day in numbers, on the company's own calendar."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from events.activity import ActivityHeld
from events.client import ClientClaimed
from events.deal import DealLost, DealOpened, DealWon
from events.values import CallStatus, Channel, Money
from projections.staff.staff_counters import StaffDayRow, staff_counters
from tests.examples import ANNA, BORIS, CALL, MEETING, ROMASHKA, SALE, fact
from tests.story import given, on

MONDAY = date(2026, 3, 2)


def won(amount: str, currency: str) -> DealWon:
    return fact(DealWon, amount=Money.model_validate({"amount": amount, "currency": currency}))


def test_what_was_done_is_counted_for_who_did_it() -> None:
    given(
        on(CALL, fact(ActivityHeld, channel=Channel.CALL, staff_id=BORIS)),
        on(MEETING, fact(ActivityHeld), fact(ActivityHeld)),
        on(MEETING, fact(ActivityHeld, channel=Channel.CALL, is_offer=True), fact(ActivityHeld, channel=Channel.CALL)),
        on(MEETING, fact(ActivityHeld, channel=Channel.EMAIL, is_offer=True)),
        on(ROMASHKA, fact(ClientClaimed), fact(ClientClaimed)),
        on(SALE, fact(DealOpened), fact(DealLost)),
    ).shows(
        staff_counters,
        StaffDayRow(BORIS, MONDAY, contacts=1, calls=1),
        StaffDayRow(
            ANNA, MONDAY, contacts=5, meetings=2, calls=2, offers=2, deals_opened=1, deals_lost=1, clients_claimed=2
        ),
    )


def test_a_deal_opened_or_lost_twice_is_counted_twice() -> None:
    twice = (fact(DealOpened), fact(DealOpened), fact(DealLost), fact(DealLost))

    given(on(SALE, *twice)).shows(staff_counters, StaffDayRow(ANNA, MONDAY, deals_opened=2, deals_lost=2))


def test_won_sums_are_exact_and_each_currency_is_by_itself() -> None:
    given(on(SALE, won("0.10", "RUB"), won("0.20", "RUB"), won("1e3", "USD"))).shows(
        staff_counters, StaffDayRow(ANNA, MONDAY, deals_won=3, won={"RUB": "0.30", "USD": "1000"})
    )


def test_the_day_ends_at_the_company_s_midnight() -> None:
    before, after = datetime(2026, 3, 2, 20, 59, tzinfo=UTC), datetime(2026, 3, 2, 21, 0, tzinfo=UTC)

    given(
        on(MEETING, fact(ActivityHeld), occurred_at=before), on(MEETING, fact(ActivityHeld), occurred_at=after)
    ).shows(
        staff_counters,
        StaffDayRow(ANNA, MONDAY, contacts=1, meetings=1),
        StaffDayRow(ANNA, date(2026, 3, 3), contacts=1, meetings=1),
    )


def test_each_zone_has_its_own_midnight_and_leaves_the_other_s_alone() -> None:
    late = given(on(MEETING, fact(ActivityHeld), occurred_at=datetime(2026, 3, 2, 20, 59, tzinfo=UTC)))
    further_east = staff_counters.in_zone(ZoneInfo("Asia/Vladivostok"))

    assert set(late.rows(further_east)) == {(ANNA, date(2026, 3, 3))}
    assert set(late.rows(further_east.in_zone(ZoneInfo("Europe/Lisbon")))) == {(ANNA, MONDAY)}
    assert set(late.rows(staff_counters)) == {(ANNA, MONDAY)}


def test_tasks_misdials_and_what_nobody_held_are_not_counted() -> None:
    misdial = fact(ActivityHeld, channel=Channel.CALL, call_status=CallStatus.MISDIAL)

    given(
        on(MEETING, fact(ActivityHeld, channel=Channel.TASK)),
        on(CALL, misdial),
        on(CALL, fact(ActivityHeld, staff_id=None)),
    ).shows(staff_counters)
