"""How the log and the database's clock stand to each other, as a load balancer and a monitoring system hear it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.serving.http import Check
from app.serving.metrics import Gauge
from infra.log.clock import ClockStatus


def check_of_clock(rows: Iterable[Mapping[str, Any]]) -> Iterator[Check]:
    """Tell by how much the log is ahead of the clock; nobody is refused for it, so it never makes a service unready."""
    for row in rows:
        status = ClockStatus(**row)
        facts = {"ahead_seconds": status.ahead_seconds}
        yield Check("clock", is_ready=True, reason=status.wrong, facts=facts)


def gauge_of_clock(rows: Iterable[Mapping[str, Any]]) -> Iterator[Gauge]:
    """Give by how much the log is ahead of the clock."""
    for row in rows:
        ahead = ClockStatus(**row).ahead_seconds
        yield Gauge("letopis_log_ahead_seconds", "By how much the last fact is later than the clock says.", ahead)
