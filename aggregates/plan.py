"""What somebody, a team, a branch or the company is to reach in a period: agreed, adjusted, contested, closed."""

from datetime import date
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, WrongValueError, applies
from events.plan import (
    Metric,
    PeriodClosed,
    PlanAccepted,
    PlanAgreed,
    PlanContested,
    PlanWithdrawn,
    Target,
    TargetAdjusted,
)


class PlanExistsError(RuleBrokenError):
    """There is a plan of theirs for this period; facts: plan_id."""

    code = "plan-exists"


class PlanIsWithdrawnError(RuleBrokenError):
    """The plan does not hold any more; facts: plan_id."""

    code = "plan-is-withdrawn"


class PlanIsAnothersError(RuleBrokenError):
    """It is put to somebody else, who accepts or contests it; facts: plan_id, staff_id (None: any head)."""

    code = "plan-is-anothers"


class PeriodIsClosedError(RuleBrokenError):
    """The period of the plan was closed; facts: plan_id."""

    code = "period-is-closed"


class PeriodNotOverError(RuleBrokenError):
    """The last day of the period is not over; facts: plan_id, day (the last one)."""

    code = "period-not-over"


class DayOutsidePeriodError(WrongValueError):
    """The day is none of the period's; facts: plan_id, begin, end (its first and last day)."""

    code = "day-outside-period"
    field = "since"


class Plan(Aggregate):
    """One plan, under an id made of whose it is and its period (`events.ids.plan_of`)."""

    KIND = "plan"

    staff_id: UUID | None
    team_id: UUID | None
    branch_id: UUID | None
    begins_on: date | None
    ends_on: date | None
    targets: dict[tuple[Metric, str | None], Target]
    is_accepted: bool
    contested: str | None
    is_withdrawn: bool
    is_closed: bool

    def start(self) -> None:
        self.staff_id = self.team_id = self.branch_id = None
        self.begins_on = self.ends_on = None
        self.targets = {}
        self.is_accepted = self.is_withdrawn = self.is_closed = False
        self.contested = None

    def check_open(self) -> None:
        """Raise PlanIsWithdrawnError or PeriodIsClosedError where nothing is to be said of it any more."""
        if self.is_withdrawn:
            raise PlanIsWithdrawnError(plan_id=self.id)
        if self.is_closed:
            raise PeriodIsClosedError(plan_id=self.id)

    def agree(
        self,
        *,
        staff_id: UUID | None,
        team_id: UUID | None,
        branch_id: UUID | None,
        begins_on: date,
        ends_on: date,
        targets: tuple[Target, ...],
    ) -> None:
        """Record what is to be reached; the same once more records nothing. One that was withdrawn is agreed anew."""
        if self.exists and not self.is_withdrawn:
            if tuple(self.targets.values()) == targets:
                return
            raise PlanExistsError(plan_id=self.id)
        self.trigger_event(
            PlanAgreed,
            staff_id=staff_id,
            team_id=team_id,
            branch_id=branch_id,
            begins_on=begins_on,
            ends_on=ends_on,
            targets=targets,
        )

    def adjust(self, target: Target, *, since: date | None, reason: str) -> None:
        """Record another target, or one more, which is to be accepted anew; the present one records nothing."""
        known = self.targets.get(target.key)
        if target == known:
            return
        self.check_open()
        begin, end = self.begins_on, self.ends_on
        if since is not None and begin is not None and end is not None and not begin <= since <= end:
            raise DayOutsidePeriodError(plan_id=self.id, begin=begin, end=end)
        self.trigger_event(TargetAdjusted, from_target=known, to_target=target, since=since, reason=reason)

    def accept(self) -> None:
        """Record that whoever is to reach it agrees; accepted already records nothing."""
        if self.is_accepted:
            return
        self.check_open()
        self.trigger_event(PlanAccepted)

    def contest(self, reason: str) -> None:
        """Record that whoever is to reach it does not agree; the same reason once more records nothing."""
        if reason == self.contested:
            return
        self.check_open()
        self.trigger_event(PlanContested, reason=reason)

    def withdraw(self, reason: str) -> None:
        """Record that the plan does not hold any more; withdrawn already records nothing."""
        if self.is_withdrawn:
            return
        self.check_open()
        self.trigger_event(PlanWithdrawn, reason=reason)

    def close(self, today: date) -> None:
        """Record that what is known now is what was reached; closed already records nothing.

        `today` is the company's; raises PeriodNotOverError on a day of the period, or before it.
        """
        if self.is_closed:
            return
        self.check_open()
        if self.ends_on is not None and today <= self.ends_on:
            raise PeriodNotOverError(plan_id=self.id, day=self.ends_on)
        self.trigger_event(PeriodClosed)

    @applies(PlanAgreed)
    def _agreed(self, event: PlanAgreed) -> None:
        self.staff_id, self.team_id, self.branch_id = event.staff_id, event.team_id, event.branch_id
        self.begins_on, self.ends_on = event.begins_on, event.ends_on
        self.targets = {target.key: target for target in event.targets}
        self.is_withdrawn = False

    @applies(TargetAdjusted)
    def _target_adjusted(self, event: TargetAdjusted) -> None:
        self.targets = {**self.targets, event.to_target.key: event.to_target}
        self._to_be_answered()

    @applies(PlanAccepted)
    def _accepted(self, _: PlanAccepted) -> None:
        self.is_accepted, self.contested = True, None

    @applies(PlanContested)
    def _contested(self, event: PlanContested) -> None:
        self.is_accepted, self.contested = False, event.reason

    @applies(PlanWithdrawn)
    def _withdrawn(self, _: PlanWithdrawn) -> None:
        self.is_withdrawn = True
        self._to_be_answered()

    @applies(PeriodClosed)
    def _closed(self, _: PeriodClosed) -> None:
        self.is_closed = True

    def _to_be_answered(self) -> None:
        self.is_accepted, self.contested = False, None
