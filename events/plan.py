"""What happens to a plan: what somebody, a team, a branch or the company is to reach in a period."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from events.base import Event
from events.examples import ANNA, PLAN_OF_ANNA, example
from events.ids import BranchId, StaffId, TeamId
from events.marks import PERSONAL
from events.values import Day, Money, Text, Value


class Metric(StrEnum):
    """What is counted towards a plan; what each of them means: docs/figures.md."""

    CONTACTS = "contacts"
    MEETINGS = "meetings"
    CALLS = "calls"
    OFFERS = "offers"
    DEALS_OPENED = "deals_opened"
    DEALS_WON = "deals_won"
    SUM_WON = "sum_won"
    CLIENTS_CLAIMED = "clients_claimed"


MOST_COUNTED = 1_000_000_000


class Target(Value):
    """What is to be reached of one metric: so many, or for `sum_won` so much in one currency."""

    metric: Metric
    count: Annotated[int | None, Field(ge=0, le=MOST_COUNTED)] = None
    amount: Money | None = None

    @property
    def key(self) -> tuple[Metric, str | None]:
        """By what a plan has it once: the metric, and the currency of a sum."""
        return self.metric, None if self.amount is None else self.amount.currency


TEN_DEALS = Target(metric=Metric.DEALS_WON, count=10)
TWELVE_DEALS = Target(metric=Metric.DEALS_WON, count=12)
A_MILLION = Target(metric=Metric.SUM_WON, amount=Money(amount=Decimal("1000000.00"), currency="RUB"))
MAY = (date(2026, 5, 1), date(2026, 5, 31))


@example(on=PLAN_OF_ANNA, staff_id=ANNA, begins_on=MAY[0], ends_on=MAY[1], targets=(TEN_DEALS, A_MILLION))
class PlanAgreed(Event):
    """What is to be reached was agreed, for one of staff, a team or a branch; for none of them: for the company."""

    TOPIC: ClassVar[str] = "plan.agreed"

    staff_id: StaffId | None = None
    team_id: TeamId | None = None
    branch_id: BranchId | None = None
    begins_on: Day
    ends_on: Day
    targets: tuple[Target, ...]


@example(
    on=PLAN_OF_ANNA,
    from_target=TEN_DEALS,
    to_target=TWELVE_DEALS,
    since=date(2026, 5, 15),
    reason="Boris left for July",
)
class TargetAdjusted(Event):
    """A target is another one, or a new one, since a day of the period."""

    TOPIC: ClassVar[str] = "plan.target_adjusted"

    from_target: Target | None = None
    to_target: Target
    since: Day | None = None
    reason: Annotated[Text, PERSONAL]


@example(on=PLAN_OF_ANNA)
class PlanAccepted(Event):
    """Whoever is to reach it agrees."""

    TOPIC: ClassVar[str] = "plan.accepted"


@example(on=PLAN_OF_ANNA, reason="two of my clients went to Perm")
class PlanContested(Event):
    """Whoever is to reach it does not agree, and says why."""

    TOPIC: ClassVar[str] = "plan.contested"

    reason: Annotated[Text, PERSONAL]


@example(on=PLAN_OF_ANNA, reason="agreed by mistake")
class PlanWithdrawn(Event):
    """The plan does not hold any more."""

    TOPIC: ClassVar[str] = "plan.withdrawn"

    reason: Annotated[Text, PERSONAL]


@example(on=PLAN_OF_ANNA)
class PeriodClosed(Event):
    """What was reached is what was known at this fact's position of the log; whatever comes later is a correction."""

    TOPIC: ClassVar[str] = "plan.period_closed"
