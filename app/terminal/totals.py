"""What an import came to, asked three ways: of the pipeline read model, of the reports, and (elsewhere) of the file."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg

from app.database import Urls
from app.serving.analytics_control import analytics_in_hand
from app.serving.background import projector_process
from app.settings import Settings
from infra.log.crypto import MasterKey
from infra.told import ToldError
from projections.registry import PROJECTIONS
from replay.repair.status import wait_until

PATIENCE = 1.0
"""Seconds after which we take it that no service is folding, and fold ourselves."""

CURRENCY = "USD"

_PIPELINE = """
SELECT
    count(*) AS deals,
    count(*) FILTER (WHERE status = 'won') AS won,
    count(*) FILTER (WHERE status = 'lost') AS lost,
    count(*) FILTER (WHERE status = 'open' AND stage = 'engaging') AS engaging,
    count(*) FILTER (WHERE status = 'open' AND stage = 'prospecting') AS prospecting,
    coalesce(sum(won_amount) FILTER (WHERE status = 'won' AND won_currency = %(currency)s), 0) AS amount
FROM read.pipeline_board_v1
WHERE pipeline_id = %(pipeline_id)s
"""


class NotCaughtUpError(ToldError):
    """The read models did not reach the end of the import in time."""


@contextmanager
def caught_up(settings: Settings, urls: Urls, master: MasterKey, position: int, timeout: float) -> Iterator[None]:
    """Wait until every read model has reached the position; folds in a process of ours when no service does."""
    names = [one.name for one in PROJECTIONS]
    with ExitStack() as stack:
        if not wait_until(urls.projector, names, position, PATIENCE):
            projector = projector_process(settings, urls, master)
            projector.start()
            stack.callback(projector.stop)
            if not wait_until(urls.projector, names, position, timeout):
                raise NotCaughtUpError(
                    f"The read models did not reach position {position} in {timeout:.0f} s. "
                    "Everything is stored; letopis projections status says how far they are."
                )
        yield


def pipeline_totals(url: str, pipeline_id: UUID) -> dict[str, Any]:
    """Return the deals of a pipeline by how they stand, as the read model has them."""
    with psycopg.connect(url, connect_timeout=5, options="-c statement_timeout=60s -c lock_timeout=30s") as connection:
        row = connection.execute(_PIPELINE, {"pipeline_id": pipeline_id, "currency": CURRENCY}).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without GROUP BY has one row
    deals, won, lost, engaging, prospecting, amount = row
    return _totals(deals, won, lost, engaging, prospecting, amount)


def analytics_totals(
    settings: Settings, urls: Urls, master: MasterKey, pipeline_id: UUID, position: int
) -> dict[str, Any]:
    """Return the same as the report `pipeline_totals` has it."""
    with analytics_in_hand(settings, urls, master) as analytics:
        rows = analytics.report("pipeline_totals", {"pipeline_id": str(pipeline_id)}, position)
    counts = dict.fromkeys(("won", "lost", "engaging", "prospecting"), 0)
    amount = Decimal()
    for row in rows:
        counts[row["stage"] if row["status"] == "open" else row["status"]] += row["deals"]
        if row["status"] == "won" and row["currency"] == CURRENCY:
            amount += Decimal(row["amount"])
    return _totals(sum(counts.values()), amount=amount, **counts)


def _totals(deals: int, won: int, lost: int, engaging: int, prospecting: int, amount: Decimal) -> dict[str, Any]:
    counts = {"deals": deals, "won": won, "lost": lost, "engaging": engaging, "prospecting": prospecting}
    return {**counts, "won_amount": str(int(amount) if amount == int(amount) else amount), "currency": CURRENCY}
