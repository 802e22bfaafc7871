"""What an import came to, asked three ways: of the pipeline read model, of the reports, and (elsewhere) of the file."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from app.database import Urls
from app.serving.analytics_control import analytics_in_hand
from app.serving.background import projector_process
from app.settings import Settings
from commands.importing.folder_import import FolderPlan
from infra.log.crypto import MasterKey
from infra.told import ToldError
from projections.registry import PROJECTIONS
from read_api import views
from replay.repair.status import wait_until

PATIENCE = 1.0
"""Seconds after which we take it that no service is folding, and fold ourselves."""

_PIPELINE = f"""
SELECT status, stage, count(*) AS deals, won_currency AS currency, sum(won_amount) AS amount
FROM read.{views.PIPELINE_BOARD}
WHERE pipeline_id = %(pipeline_id)s
GROUP BY status, stage, won_currency
"""  # noqa: S608 - put together from constants


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


def pipeline_totals(url: str, plan: FolderPlan) -> dict[str, Any]:
    """Return the deals of the plan's pipeline by how they stand, as the read model has them."""
    limits = "-c statement_timeout=60s -c lock_timeout=30s"
    with psycopg.connect(url, connect_timeout=5, options=limits, row_factory=dict_row) as connection:
        return _totals(plan, connection.execute(_PIPELINE, {"pipeline_id": plan.pipeline_id}).fetchall())


def analytics_totals(
    settings: Settings, urls: Urls, master: MasterKey, plan: FolderPlan, position: int
) -> dict[str, Any]:
    """Return the same as the report `pipeline_totals` has it."""
    with analytics_in_hand(settings, urls, master) as analytics:
        return _totals(plan, analytics.report("pipeline_totals", {"pipeline_id": str(plan.pipeline_id)}, position))


def _totals(plan: FolderPlan, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    counts = dict.fromkeys(("won", "lost", *plan.stages), 0)
    amount = Decimal()
    for row in rows:
        place = row["stage"] if row["status"] == "open" else row["status"]
        counts[place] = counts.get(place, 0) + row["deals"]
        if row["status"] == "won" and row["currency"] == plan.currency:
            amount += Decimal(row["amount"])
    whole = str(int(amount) if amount == int(amount) else amount)
    return {"deals": sum(counts.values()), **counts, "won_amount": whole, "currency": plan.currency}
