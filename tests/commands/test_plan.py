"""What is to be reached is agreed once for a period, adjusted with a reason, answered, and closed when it is over."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from aggregates.plan import (
    DayOutsidePeriodError,
    PeriodIsClosedError,
    PeriodNotOverError,
    PlanExistsError,
    PlanIsAnothersError,
    PlanIsWithdrawnError,
)
from aggregates.staff import StaffHasDepartedError
from commands.plan import (
    AcceptPlan,
    AdjustTarget,
    AgreePlan,
    ClosePeriod,
    ContestPlan,
    GivenTarget,
    WithdrawPlan,
)
from events.examples import EAST, PLAN_OF_ANNA
from events.ids import plan_of
from events.plan import (
    A_MILLION,
    MAY,
    TEN_DEALS,
    TWELVE_DEALS,
    Metric,
    PeriodClosed,
    PlanAccepted,
    PlanAgreed,
    PlanContested,
    PlanWithdrawn,
    TargetAdjusted,
)
from events.staff import StaffDeparted, StaffHired
from events.team import TeamOpened
from tests.examples import ANNA, BORIS, VERA, command, fact
from tests.story import TODAY, by, given, on

AS_ANNA, AS_BORIS, AS_VERA = by("seller", ANNA), by("seller", BORIS), by("head", VERA)
HIRED = on(ANNA, fact(StaffHired))
AGREED = on(PLAN_OF_ANNA, fact(PlanAgreed))


def test_a_plan_is_agreed_once_for_whose_it_is_and_its_period() -> None:
    given(HIRED).when(command(AgreePlan)).then(AGREED)
    given(HIRED, AGREED).when(command(AgreePlan)).then()
    less = command(AgreePlan, targets=(GivenTarget(metric=Metric.DEALS_WON, count=3),))
    given(HIRED, AGREED).when(less).then_refused(PlanExistsError, plan_id=PLAN_OF_ANNA)
    july = {"begins_on": date(2026, 7, 1), "ends_on": date(2026, 7, 31)}
    given(HIRED, AGREED).when(command(AgreePlan, **july)).then(
        on(plan_of(ANNA, *july.values()), fact(PlanAgreed, **july))
    )


def test_nobody_plans_for_who_left_or_a_team_that_is_not() -> None:
    given(HIRED, on(ANNA, fact(StaffDeparted))).when(command(AgreePlan)).then_refused(StaffHasDepartedError)
    of_team = {"staff_id": None, "team_id": EAST}
    given(on(EAST, fact(TeamOpened))).when(command(AgreePlan, **of_team)).then(
        on(plan_of(EAST, *MAY), fact(PlanAgreed, **of_team))
    )


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"team_id": EAST}, "team_id"),
        ({"ends_on": date(2026, 4, 30)}, "ends_on"),
        ({"ends_on": date(2027, 6, 30)}, "ends_on"),
        ({"targets": ()}, "targets"),
        ({"targets": (TEN_DEALS, TWELVE_DEALS)}, "targets"),
        ({"targets": ({"metric": "deals_won"},)}, "count"),
        ({"targets": ({"metric": "sum_won", "count": 3},)}, "amount"),
        ({"targets": ({"metric": "deals_won", "count": 3, "amount": {"amount": "1", "currency": "RUB"}},)}, "amount"),
    ],
)
def test_a_plan_that_says_nothing_or_two_things_is_none(said: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as raised:
        command(AgreePlan, **said)
    [error] = raised.value.errors()
    assert field in (error.get("ctx", {}).get("field"), *error["loc"])


def test_a_target_is_adjusted_from_a_day_of_the_period_and_answered_anew() -> None:
    accepted = on(PLAN_OF_ANNA, fact(PlanAccepted))
    story = given(HIRED, AGREED, accepted).when(command(AdjustTarget))
    story.then(on(PLAN_OF_ANNA, fact(TargetAdjusted)))
    story.again().when(command(AdjustTarget)).then()
    story.again().when(command(AcceptPlan), by=AS_ANNA).then(accepted)
    outside = command(AdjustTarget, since=date(2026, 7, 1))
    given(HIRED, AGREED).when(outside).then_refused(DayOutsidePeriodError, begin=MAY[0], end=MAY[1])
    calls = GivenTarget(metric=Metric.CALLS, count=50)
    given(HIRED, AGREED).when(command(AdjustTarget, target=calls, since=None)).then(
        on(PLAN_OF_ANNA, fact(TargetAdjusted, from_target=None, to_target=calls.kept(), since=None))
    )


def test_only_who_is_to_reach_it_answers_a_plan() -> None:
    given(HIRED, AGREED).when(command(AcceptPlan), by=AS_ANNA).then(on(PLAN_OF_ANNA, fact(PlanAccepted)))
    given(HIRED, AGREED).when(command(AcceptPlan), by=AS_BORIS).then_refused(PlanIsAnothersError, staff_id=ANNA)
    given(HIRED, AGREED).when(command(ContestPlan), by=AS_VERA).then_refused(PlanIsAnothersError, staff_id=ANNA)
    story = given(HIRED, AGREED).when(command(ContestPlan), by=AS_ANNA).then(on(PLAN_OF_ANNA, fact(PlanContested)))
    story.again().when(command(ContestPlan), by=AS_ANNA).then()
    of_team = plan_of(EAST, *MAY)
    team = (on(EAST, fact(TeamOpened, head_id=VERA)), on(of_team, fact(PlanAgreed, staff_id=None, team_id=EAST)))
    given(*team).when(command(AcceptPlan, plan_id=of_team), by=AS_VERA).then(on(of_team, fact(PlanAccepted)))
    given(*team).when(command(AcceptPlan, plan_id=of_team), by=AS_ANNA).then_refused(PlanIsAnothersError, staff_id=VERA)


def test_a_withdrawn_plan_is_agreed_anew_and_nothing_else() -> None:
    withdrawn = on(PLAN_OF_ANNA, fact(PlanWithdrawn))
    given(HIRED, AGREED).when(command(WithdrawPlan)).then(withdrawn)
    gone = (HIRED, AGREED, withdrawn)
    given(*gone).when(command(WithdrawPlan)).then()
    given(*gone).when(command(AdjustTarget)).then_refused(PlanIsWithdrawnError)
    given(*gone).when(command(AcceptPlan), by=AS_ANNA).then_refused(PlanIsWithdrawnError)
    given(*gone).when(command(AgreePlan, targets=(A_MILLION,))).then(
        on(PLAN_OF_ANNA, fact(PlanAgreed, targets=(A_MILLION,)))
    )


@pytest.mark.parametrize(("days_ago", "is_over"), [(0, False), (1, True)])
def test_a_period_is_closed_when_its_last_day_is_over(days_ago: int, *, is_over: bool) -> None:
    begins_on, ends_on = TODAY.date() - timedelta(days=30), TODAY.date() - timedelta(days=days_ago)
    plan_id = plan_of(ANNA, begins_on, ends_on)
    agreed = on(plan_id, fact(PlanAgreed, begins_on=begins_on, ends_on=ends_on))
    story = given(HIRED, agreed).when(command(ClosePeriod, plan_id=plan_id))
    if not is_over:
        story.then_refused(PeriodNotOverError, day=ends_on)
        return
    story.then(on(plan_id, fact(PeriodClosed)))
    story.again().when(command(ClosePeriod, plan_id=plan_id)).then()
    story.again().when(command(AdjustTarget, plan_id=plan_id)).then_refused(PeriodIsClosedError)
    story.again().when(command(WithdrawPlan, plan_id=plan_id)).then_refused(PeriodIsClosedError)
