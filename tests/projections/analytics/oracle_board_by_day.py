"""The board at the end of each day once more, naively: every deal folded anew for every day."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.projections.analytics.oracle import Deal, Raw, Row, called, day_of, ordered, total, wanted, whole_streams


def board_by_day(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    streams = whole_streams(log, "deal.").values()
    counts = "occurred_at" if asked.get("by_occurrence") == "true" else "recorded_at"
    known = [[(day_of(getattr(event, counts)), event) for event in events] for events in streams]
    days = [day for events in known for day, _ in events]
    if not days:
        return []
    day = max(date.fromisoformat(asked.get("from", "0001-01-01")), min(days))
    last = min(date.fromisoformat(asked.get("to", "9999-12-31")), max(days))
    rows: list[Row] = []
    while day <= last:
        rows += _board(log, [[event for at, event in events if at <= day] for events in known], day, asked)
        day += timedelta(days=1)
    return rows


def _board(log: list[Raw], streams: list[list[Raw]], day: date, asked: Mapping[str, Any]) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Decimal | None]] = defaultdict(list)
    for events in streams:
        deal = Deal()
        for event in events:
            deal.fold(event)
        is_wanted = wanted(asked, seller_id=deal.seller, pipeline_id=deal.pipeline)
        if deal.pipeline is not None and deal.status == "open" and is_wanted:
            currency, amount = deal.money
            groups[deal.pipeline, deal.stage, currency].append(amount)
    names = ("pipeline_id", "stage", "currency")
    rows = [
        {"day": day.isoformat()}
        | dict(zip(names, key, strict=True))
        | {"pipeline": called(log, key[0])}
        | {"deals": len(amounts), "amount": total(amounts, key[names.index("currency")])}
        for key, amounts in groups.items()
    ]
    return ordered(rows, *names)
