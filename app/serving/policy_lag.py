"""How far policies and timers are behind, as a load balancer, a monitoring system and an operator hear it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, LiteralString, NamedTuple

from psycopg import errors
from psycopg.rows import dict_row

from app.composition.due_timers import STATUS as TIMER_STATUS
from app.serving.http import Check
from app.serving.metrics import Gauge
from commands.policies import POLICIES, TIMERS
from infra.projector.generations import connect

STATUS: LiteralString = """
SELECT name, position, lag_events, lag_seconds, still_seconds, unanswered, unanswered_from
FROM read.policy_status
"""
_TOLD = ("lag_events", "lag_seconds", "still_seconds", "unanswered")


class PolicyStatus(NamedTuple):
    """How far a policy or a timer is; a policy without a position never ran, and a timer has none.

    `lag_seconds` is the age of the oldest fact it has not dealt with, `still_seconds` how long it has had something to
    do and not moved; `unanswered` facts it could not answer. A timer's are moments that have come.
    """

    name: str
    position: int | None = None
    lag_events: int = 0
    lag_seconds: float = 0.0
    still_seconds: float = 0.0
    unanswered: int = 0
    unanswered_from: int | None = None
    is_timer: bool = False

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"{'timer' if self.is_timer else 'policy'} {self.name}"

    def wrong(self, limit: float) -> str | None:
        """Return what is wrong, None if nothing is; it may stand still for `limit` seconds."""
        if self.position is None and not self.is_timer:
            return "has not begun"
        if self.still_seconds > limit:
            what = "moments" if self.is_timer else "events"
            return f"stands still for {self.still_seconds:.0f} s, {self.lag_events} {what} behind"
        if self.unanswered and self.is_timer:
            return f"was refused {self.unanswered} commands"
        if self.unanswered:
            return f"could not answer {self.unanswered} facts, the first at position {self.unanswered_from}"
        return None


def policies_of(rows: Iterable[Mapping[str, Any]]) -> list[PolicyStatus]:
    """Return how far each is, by the rows of STATUS and TIMER_STATUS; checkpoints of others stand there too."""
    found = {row["name"]: PolicyStatus(**row) for row in rows}
    policies = [found.get(policy.name, PolicyStatus(policy.name)) for policy in POLICIES]
    return policies + [found.get(timer.name, PolicyStatus(timer.name, is_timer=True)) for timer in TIMERS]


def policies_at(url: str) -> list[PolicyStatus]:
    """Return how far each policy and timer is, as the database says at the moment."""
    with connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(STATUS).fetchall()
        # The view of what is due is being built; or this is an owner of plain rights, who sees no view.
        with suppress(errors.UndefinedTable, errors.InsufficientPrivilege):
            rows += cursor.execute(TIMER_STATUS).fetchall()
        return policies_of(rows)


def checks_of(policies: Iterable[PolicyStatus], limit: float) -> Iterator[Check]:
    """Tell of each how far it is; `reason` says what is wrong.

    A policy never makes a service unready: its answers come later, and nobody is answered wrongly because of it. To
    send requests elsewhere would help no one.
    """
    for one in policies:
        facts = {name: getattr(one, name) for name in _TOLD}
        yield Check(one.title, is_ready=True, reason=one.wrong(limit), facts=facts)


def gauges_of_policies(policies: Iterable[PolicyStatus]) -> Iterator[Gauge]:
    """Give what is measured of each; a timer's name is a label of the same kind."""
    for one in policies:
        labels = {"policy": one.name}
        yield Gauge("letopis_policy_lag_events", "Events a policy has not dealt with.", one.lag_events, labels)
        yield Gauge("letopis_policy_lag_seconds", "Age of the oldest event not dealt with.", one.lag_seconds, labels)
        yield Gauge(
            "letopis_policy_still_seconds", "Seconds a policy has had work and not moved.", one.still_seconds, labels
        )
        yield Gauge("letopis_policy_unanswered", "Facts a policy could not answer.", one.unanswered, labels)
