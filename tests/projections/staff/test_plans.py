"""A plan has a row: its targets in order, each with what was agreed at first, and what was answered last."""

from typing import Any

from events.examples import PLAN_OF_ANNA
from events.plan import (
    MAY,
    Metric,
    PeriodClosed,
    PlanAccepted,
    PlanAgreed,
    PlanContested,
    PlanWithdrawn,
    Target,
    TargetAdjusted,
)
from projections.staff.plans import PlanRow, plans
from tests.examples import ANNA, fact
from tests.story import given, moment, on


def target(metric: str, much: str, order: int, currency: str | None = None, **more: Any) -> dict[str, Any]:
    told = {"metric": metric, "currency": currency, "target": much, "first_target": much, "since": None}
    return {**told, "order": order, **more}


TARGETS = {"deals_won": target("deals_won", "10", 1), "sum_won:RUB": target("sum_won", "1000000.00", 2, "RUB")}
ROW = PlanRow(PLAN_OF_ANNA, ANNA, None, None, *MAY, TARGETS, moment(1), "somebody", version=1)
AGREED = on(PLAN_OF_ANNA, fact(PlanAgreed))


def test_a_plan_is_agreed() -> None:
    agreed_by = given(AGREED).rows(plans)[PLAN_OF_ANNA,].agreed_by
    given(AGREED).shows(plans, ROW._replace(agreed_by=agreed_by))


def test_an_adjusted_target_keeps_its_place_and_what_was_agreed_at_first_and_is_answered_anew() -> None:
    calls = fact(TargetAdjusted, from_target=None, to_target=Target(metric=Metric.CALLS, count=50), since=None)
    story = given(AGREED, on(PLAN_OF_ANNA, fact(PlanAccepted), fact(TargetAdjusted), calls))
    adjusted = target("deals_won", "12", 1, first_target="10", since="2026-05-15")
    targets = {**TARGETS, "deals_won": adjusted, "calls": target("calls", "50", 3)}
    story.shows_row(plans, PLAN_OF_ANNA, targets=targets, accepted_at=None, version=4)


def test_the_last_answer_counts() -> None:
    said = fact(PlanContested)
    story = given(AGREED, on(PLAN_OF_ANNA, fact(PlanAccepted), said))
    story.shows_row(
        plans, PLAN_OF_ANNA, accepted_at=None, contested_at=moment(3), contested_because=said.reason, version=3
    )
    given(AGREED, on(PLAN_OF_ANNA, said, fact(PlanAccepted))).shows_row(
        plans, PLAN_OF_ANNA, accepted_at=moment(3), contested_at=None, contested_because=None
    )


def test_a_plan_is_withdrawn_agreed_anew_and_closed_at_a_position_of_the_log() -> None:
    story = given(AGREED, on(PLAN_OF_ANNA, fact(PlanWithdrawn)))
    story.shows_row(plans, PLAN_OF_ANNA, withdrawn_at=moment(2))
    story = given(AGREED, on(PLAN_OF_ANNA, fact(PlanWithdrawn), fact(PlanAgreed), fact(PeriodClosed)))
    story.shows_row(plans, PLAN_OF_ANNA, withdrawn_at=None, closed_at=moment(4), closed_position=4)
