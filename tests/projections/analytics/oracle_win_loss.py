"""Won and lost once more, naively: each deal that ended is put by hand where it belongs."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.projections.analytics.oracle import Raw, Row, called, ended, hundredths, ordered, total

NAMES = ("pipeline_id", "outcome", "reason_code", "product_code", "stage", "currency")


def win_loss(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Decimal | None]] = defaultdict(list)
    of_pipeline: Counter[str | None] = Counter()
    for deal, _ in ended(log, asked):
        currency, amount = deal.money
        reason = deal.reason_code if deal.status == "lost" else None
        groups[deal.pipeline, deal.status, reason, deal.product, deal.stage, currency].append(amount)
        of_pipeline[deal.pipeline] += 1
    rows: list[Row] = []
    for key, amounts in groups.items():
        row = dict(zip(NAMES, key, strict=True)) | {"pipeline": called(log, key[0]), "deals": len(amounts)}
        row["share"] = hundredths(Decimal(100 * len(amounts)) / of_pipeline[key[0]])
        rows.append(row | {"amount": total(amounts, key[-1])})
    columns = ("pipeline_id", "pipeline", *NAMES[1:], "deals", "share", "amount")
    return [{name: row[name] for name in columns} for row in ordered(rows, *NAMES)]
