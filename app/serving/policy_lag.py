"""How far the policies are behind, as a load balancer, a monitoring system and an operator hear it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import dict_row

from app.serving.http import Check
from app.serving.metrics import Gauge
from commands.policies import POLICIES
from infra.projector.generations import connect

STATUS: LiteralString = """
SELECT name, position, lag_events, lag_seconds, still_seconds, unanswered, unanswered_from
FROM read.policy_status
"""
_TOLD = ("lag_events", "lag_seconds", "still_seconds", "unanswered")


class PolicyStatus(NamedTuple):
    """How far a policy is; no position: it never ran.

    `lag_seconds` is the age of the oldest fact it has not dealt with, `still_seconds` how long it has had something to
    do and not moved; `unanswered` facts it could not answer.
    """

    name: str
    position: int | None = None
    lag_events: int = 0
    lag_seconds: float = 0.0
    still_seconds: float = 0.0
    unanswered: int = 0
    unanswered_from: int | None = None

    def wrong(self, limit: float) -> str | None:
        """Return what is wrong, None if nothing is; it may stand still for `limit` seconds."""
        if self.position is None:
            return "has not begun"
        if self.still_seconds > limit:
            return f"stands still for {self.still_seconds:.0f} s, {self.lag_events} events behind"
        if self.unanswered:
            return f"could not answer {self.unanswered} facts, the first at position {self.unanswered_from}"
        return None


def policies_of(rows: Iterable[Mapping[str, Any]]) -> list[PolicyStatus]:
    """Return how far each policy is, by the rows of STATUS; checkpoints of others stand there too."""
    found = {row["name"]: PolicyStatus(**row) for row in rows}
    return [found.get(policy.name, PolicyStatus(policy.name)) for policy in POLICIES]


def policies_at(url: str) -> list[PolicyStatus]:
    """Return how far each policy is, as the database says at the moment."""
    with connect(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
        return policies_of(cursor.execute(STATUS).fetchall())


def checks_of(policies: Iterable[PolicyStatus], limit: float) -> Iterator[Check]:
    """Tell of each policy how far it is; `reason` says what is wrong.

    A policy never makes a service unready: its answers come later, and nobody is answered wrongly because of it. To
    send requests elsewhere would help no one.
    """
    for one in policies:
        facts = {name: getattr(one, name) for name in _TOLD}
        yield Check(f"policy {one.name}", is_ready=True, reason=one.wrong(limit), facts=facts)


def gauges_of_policies(policies: Iterable[PolicyStatus]) -> Iterator[Gauge]:
    """Give what is measured of each policy."""
    for one in policies:
        labels = {"policy": one.name}
        yield Gauge("letopis_policy_lag_events", "Events a policy has not dealt with.", one.lag_events, labels)
        yield Gauge("letopis_policy_lag_seconds", "Age of the oldest event not dealt with.", one.lag_seconds, labels)
        yield Gauge(
            "letopis_policy_still_seconds", "Seconds a policy has had work and not moved.", one.still_seconds, labels
        )
        yield Gauge("letopis_policy_unanswered", "Facts a policy could not answer.", one.unanswered, labels)
