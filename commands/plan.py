"""What is asked about plans: to agree one, to adjust a target, to accept or contest it, to close its period."""

from datetime import date, timedelta
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from aggregates.branch import Branch
from aggregates.plan import Plan, PlanIsAnothersError
from aggregates.staff import StaffMember
from aggregates.team import Team
from commands.base import Command, Context, GivenDay, Outcome, found_or_new, handles, wrong_field
from commands.money import GivenMoney
from commands.roles import HEADING, SELLING
from commands.unit import by_id
from events.examples import ANNA, PLAN_OF_ANNA, example
from events.ids import BranchId, PlanId, StaffId, TeamId, plan_of
from events.plan import A_MILLION, MAY, TEN_DEALS, TWELVE_DEALS, Metric, Target
from events.values import Text

LONGEST_PERIOD = timedelta(days=366)
MOST_TARGETS = 20


class GivenTarget(Target):
    """What is to be reached of one metric: `count`, or for `sum_won` an `amount` in a currency."""

    model_config = ConfigDict(from_attributes=True)

    amount: GivenMoney | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        needed, other = ("amount", "count") if self.metric is Metric.SUM_WON else ("count", "amount")
        if getattr(self, needed) is None:
            raise wrong_field(needed, "missing", "a target says how much")
        if getattr(self, other) is not None:
            raise wrong_field(other, "not_of_this_metric", "of {metric} the target is {needed}", needed=needed)
        return self

    def kept(self) -> Target:
        """Return the target as facts have it."""
        return Target.of({"metric": self.metric, "count": self.count, "amount": self.amount})


@example(staff_id=ANNA, begins_on=MAY[0], ends_on=MAY[1], targets=(TEN_DEALS, A_MILLION))
class AgreePlan(Command):
    """Agree what one of staff, a team or a branch is to reach in a period; where none is named, the company.

    Both days belong to the period. Who is to reach it accepts it (`accept-plan`) or contests it (`contest-plan`).
    """

    ROLES, EDITS = HEADING, None

    staff_id: StaffId | None = None
    team_id: TeamId | None = None
    branch_id: BranchId | None = None
    begins_on: GivenDay
    ends_on: GivenDay
    targets: Annotated[tuple[GivenTarget, ...], Field(max_length=MOST_TARGETS)]

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        named = [name for name in ("staff_id", "team_id", "branch_id") if getattr(self, name) is not None]
        if len(named) > 1:
            raise wrong_field(named[1], "given_with_other", "give {other} or {field}, not both", other=named[0])
        if not self.targets:
            raise wrong_field("targets", "missing", "a plan has a target")
        if self.ends_on < self.begins_on:
            raise wrong_field("ends_on", "ends_before_it_begins", "the end is before the beginning")
        if self.ends_on - self.begins_on >= LONGEST_PERIOD:
            raise wrong_field(
                "ends_on", "period_too_long", "a period has at most {days} days", days=LONGEST_PERIOD.days
            )
        if len({target.key for target in self.targets}) < len(self.targets):
            raise wrong_field("targets", "named_twice", "each metric once, and of sums each currency once")
        return self

    @property
    def whose(self) -> UUID | None:
        """Who is to reach it; None: the company."""
        return self.staff_id or self.team_id or self.branch_id


class OfPlan(Command):
    """A command on a plan that was agreed."""

    plan_id: PlanId


@example(plan_id=PLAN_OF_ANNA, target=TWELVE_DEALS, since=date(2026, 5, 15), reason="Boris left for July")
class AdjustTarget(OfPlan):
    """Set another target of a plan, or one more, from a day of its period; it is to be accepted anew."""

    ROLES, EDITS = HEADING, None

    target: GivenTarget
    since: GivenDay | None = None
    reason: Text


@example(plan_id=PLAN_OF_ANNA)
class AcceptPlan(OfPlan):
    """Agree to a plan: one's own, or that of the team or branch one heads."""

    ROLES, EDITS = SELLING, None


@example(plan_id=PLAN_OF_ANNA, reason="two of my clients went to Perm")
class ContestPlan(OfPlan):
    """Say that one does not agree to a plan, and why: to one's own, or that of the team or branch one heads."""

    ROLES, EDITS = SELLING, None

    reason: Text


@example(plan_id=PLAN_OF_ANNA, reason="agreed by mistake")
class WithdrawPlan(OfPlan):
    """Let a plan hold no more; another one may be agreed for the period then."""

    ROLES, EDITS = HEADING, None

    reason: Text


@example(plan_id=PLAN_OF_ANNA)
class ClosePeriod(OfPlan):
    """Close the period of a plan when its last day is over: what is known now was reached, the rest is a correction."""

    ROLES, EDITS = HEADING, None


@handles(AgreePlan)
def agree_plan(command: AgreePlan, context: Context) -> Outcome:
    """Agree for whoever works here, or for a unit that is not closed."""
    if command.staff_id is not None:
        context.load(StaffMember, command.staff_id).check_active()
    if command.team_id is not None:
        by_id(context, Team, command.team_id).check_open()
    if command.branch_id is not None:
        by_id(context, Branch, command.branch_id).check_open()
    plan = found_or_new(context, Plan, plan_of(command.whose, command.begins_on, command.ends_on))
    plan.agree(
        staff_id=command.staff_id,
        team_id=command.team_id,
        branch_id=command.branch_id,
        begins_on=command.begins_on,
        ends_on=command.ends_on,
        targets=tuple(target.kept() for target in command.targets),
    )
    return context.save(plan)


@handles(AdjustTarget)
def adjust_target(command: AdjustTarget, context: Context) -> Outcome:
    plan = context.load(Plan, command.plan_id)
    plan.adjust(command.target.kept(), since=command.since, reason=command.reason)
    return context.save(plan)


@handles(AcceptPlan)
def accept_plan(command: AcceptPlan, context: Context) -> Outcome:
    plan = _own_plan(command, context)
    plan.accept()
    return context.save(plan)


@handles(ContestPlan)
def contest_plan(command: ContestPlan, context: Context) -> Outcome:
    plan = _own_plan(command, context)
    plan.contest(command.reason)
    return context.save(plan)


@handles(WithdrawPlan)
def withdraw_plan(command: WithdrawPlan, context: Context) -> Outcome:
    plan = context.load(Plan, command.plan_id)
    plan.withdraw(command.reason)
    return context.save(plan)


@handles(ClosePeriod)
def close_period(command: ClosePeriod, context: Context) -> Outcome:
    plan = context.load(Plan, command.plan_id)
    plan.close(context.now.astimezone(context.home.zone).date())
    return context.save(plan)


def _own_plan(command: OfPlan, context: Context) -> Plan:
    """Return the plan, if it is the actor to whom it is put; raises PlanIsAnothersError.

    That of the company, and of a unit that nobody heads, whoever heads anything may answer.
    """
    plan = context.load(Plan, command.plan_id)
    whose = plan.staff_id
    if plan.team_id is not None:
        whose = context.load(Team, plan.team_id).head_id
    if plan.branch_id is not None:
        whose = context.load(Branch, plan.branch_id).head_id
    is_theirs = context.actor.role in HEADING if whose is None else context.actor.staff_id == whose
    if not is_theirs:
        raise PlanIsAnothersError(plan_id=plan.id, staff_id=whose)
    return plan
