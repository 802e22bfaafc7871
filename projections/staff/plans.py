"""One row is one plan: whose it is, for which days, and what is to be reached.

Read by GET /plans, and with what was reached by GET /plans/{id}/progress and GET /my-counters.
"""

from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.plan import (
    PeriodClosed,
    PlanAccepted,
    PlanAgreed,
    PlanContested,
    PlanWithdrawn,
    Target,
    TargetAdjusted,
)
from infra.amounts import canonical
from infra.projector.projection import Key, Projection
from projections.change import changed


class PlanRow(NamedTuple):
    """The plan; of neither staff nor a unit it is the company's.

    `targets` is {metric, for a sum with its currency after a colon: {metric, currency, target, first_target, since,
    order}}, numbers as text, orders counted from 1; `closed_position` is where in the log its period was closed.
    """

    plan_id: UUID
    staff_id: UUID | None = None
    team_id: UUID | None = None
    branch_id: UUID | None = None
    begins_on: date | None = None
    ends_on: date | None = None
    targets: dict[str, Any] = {}  # noqa: RUF012
    agreed_at: datetime | None = None
    agreed_by: str | None = None
    accepted_at: datetime | None = None
    contested_at: datetime | None = None
    contested_because: str | None = None
    withdrawn_at: datetime | None = None
    closed_at: datetime | None = None
    closed_position: int | None = None
    version: int = 0


plans = Projection(
    name="plans",
    row=PlanRow,
    key=("plan_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = PlanRow | None

UNANSWERED: dict[str, Any] = {"accepted_at": None, "contested_at": None, "contested_because": None}


def _plan(row: Row, event: Any) -> PlanRow:
    """Return the plan the event changes, as it was before, but for its version."""
    return changed(row or PlanRow(event.stream_id), version=event.originator_version)


def _with_target(targets: dict[str, Any], target: Target, since: date | None = None) -> dict[str, Any]:
    """Return the targets with one more, or with another one in its place."""
    money = target.amount
    currency = None if money is None else money.currency
    much = str(target.count) if money is None else f"{canonical(money.amount, money.currency):f}"
    key = target.metric.value if currency is None else f"{target.metric.value}:{currency}"
    known = targets.get(key, {"first_target": much, "order": len(targets) + 1})
    told = {"metric": target.metric.value, "currency": currency, "target": much}
    return {**targets, key: {**known, **told, "since": None if since is None else since.isoformat()}}


@plans.on(PlanAgreed)
def agreed(row: Row, event: PlanAgreed, _: Key) -> PlanRow:
    targets: dict[str, Any] = {}
    for target in event.targets:
        targets = _with_target(targets, target)
    return changed(
        _plan(row, event),
        staff_id=event.staff_id,
        team_id=event.team_id,
        branch_id=event.branch_id,
        begins_on=event.begins_on,
        ends_on=event.ends_on,
        targets=targets,
        agreed_at=event.occurred_at,
        agreed_by=event.actor,
        withdrawn_at=None,
        **UNANSWERED,
    )


@plans.on(TargetAdjusted)
def target_adjusted(row: Row, event: TargetAdjusted, _: Key) -> PlanRow:
    plan = _plan(row, event)
    return changed(plan, targets=_with_target(plan.targets, event.to_target, event.since), **UNANSWERED)


@plans.on(PlanAccepted)
def accepted(row: Row, event: PlanAccepted, _: Key) -> PlanRow:
    return changed(_plan(row, event), **{**UNANSWERED, "accepted_at": event.occurred_at})


@plans.on(PlanContested)
def contested(row: Row, event: PlanContested, _: Key) -> PlanRow:
    words = {"contested_at": event.occurred_at, "contested_because": event.reason}
    return changed(_plan(row, event), **{**UNANSWERED, **words})


@plans.on(PlanWithdrawn, reads=())
def withdrawn(row: Row, event: PlanWithdrawn, _: Key) -> PlanRow:
    return changed(_plan(row, event), withdrawn_at=event.occurred_at, **UNANSWERED)


@plans.on(PeriodClosed)
def period_closed(row: Row, event: PeriodClosed, _: Key) -> PlanRow:
    return changed(_plan(row, event), closed_at=event.occurred_at, closed_position=event.position)
