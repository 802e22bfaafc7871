"""A staff member's day in numbers, on the company's own calendar."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from events.client import ClientClaimed
from events.deal import DealLost, DealWon
from events.values import CallStatus, Channel, Money, OwnershipCause
from projections.staff.staff_counters import StaffDayRow, staff_counters
from tests.projections.facts import ANNA, BORIS, CALL, DEAL, ROMASHKA, fact, folded, held, opened, rub

MONDAY = date(2026, 3, 2)


def won(amount: Money) -> DealWon:
    return DealWon(from_stage="contract", amount=amount, seller_id=ANNA)


def test_what_was_done_is_counted_for_who_did_it_and_the_neighbour_is_unchanged() -> None:
    neighbour = fact(held(Channel.CALL, staff_id=BORIS), CALL, 1)
    rows = folded(
        staff_counters,
        neighbour,
        fact(held(), CALL, 2),
        fact(held(Channel.CALL, is_offer=True), CALL, 3),
        fact(held(Channel.EMAIL), CALL, 4),
        fact(ClientClaimed(owner_id=ANNA, cause=OwnershipCause.OFFER), ROMASHKA, 5),
        fact(opened(), DEAL, 6),
        fact(DealLost(from_stage="offer", reason="Too dear", seller_id=ANNA), DEAL, 7),
    )

    assert rows == {
        (BORIS, MONDAY): StaffDayRow(BORIS, MONDAY, contacts=1, calls=1),
        (ANNA, MONDAY): StaffDayRow(
            ANNA,
            MONDAY,
            contacts=3,
            meetings=1,
            calls=1,
            offers=1,
            deals_opened=1,
            deals_lost=1,
            clients_claimed=1,
        ),
    }


def test_won_sums_are_exact_and_each_currency_is_by_itself() -> None:
    rows = folded(
        staff_counters,
        fact(won(rub("0.10")), DEAL, 1),
        fact(won(rub("0.20")), DEAL, 2),
        fact(won(Money.model_validate({"amount": "1e3", "currency": "USD"})), DEAL, 3),
    )

    assert rows[ANNA, MONDAY] == StaffDayRow(ANNA, MONDAY, deals_won=3, won={"RUB": "0.30", "USD": "1000"})


def test_the_day_ends_at_the_company_s_midnight() -> None:
    before = fact(held(), CALL, 1, occurred_at=datetime(2026, 3, 2, 20, 59, tzinfo=UTC))
    after = fact(held(), CALL, 2, occurred_at=datetime(2026, 3, 2, 21, 0, tzinfo=UTC))

    assert set(folded(staff_counters, before, after)) == {(ANNA, MONDAY), (ANNA, date(2026, 3, 3))}


def test_each_zone_has_its_own_midnight_and_leaves_the_other_s_alone() -> None:
    late = fact(held(), CALL, 1, occurred_at=datetime(2026, 3, 2, 20, 59, tzinfo=UTC))
    further_east = staff_counters.in_zone(ZoneInfo("Asia/Vladivostok"))

    assert set(folded(further_east, late)) == {(ANNA, date(2026, 3, 3))}
    assert set(folded(further_east.in_zone(ZoneInfo("Europe/Lisbon")), late)) == {(ANNA, MONDAY)}
    assert set(folded(staff_counters, late)) == {(ANNA, MONDAY)}


def test_tasks_misdials_and_what_nobody_held_are_not_counted() -> None:
    assert (
        folded(
            staff_counters,
            fact(held(Channel.TASK), CALL, 1),
            fact(held(Channel.CALL, call_status=CallStatus.MISDIAL), CALL, 2),
            fact(held(staff_id=None), CALL, 3),
        )
        == {}
    )
