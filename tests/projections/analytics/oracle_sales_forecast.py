"""The forecast once more, naively: every deal folded by itself, and put into the first tile that fits."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tests.projections.analytics.oracle import (
    Deal,
    Raw,
    Row,
    by_stream,
    called,
    day_of,
    hundredths,
    ordered,
    total,
    wanted,
    within,
)

TILES = ("won", "commit", "best_case", "pipeline", "slipped", "another_period", "no_day")
LITTLE = 30


class Looked(Deal):
    """A deal with when it is expected to close, how surely, and where it stood."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: date | None = None
        self.category = "pipeline"
        self.stood: set[str | None] = set()
        self.has_turned = False

    def fold(self, event: Raw) -> None:
        super().fold(event)
        kind = event.topic.removeprefix("deal.")
        if kind == "closing_expected":
            day = event.body.get("to_day")
            self.expected = date.fromisoformat(day) if day else None
        elif kind == "categorised":
            self.category = event.body["to_category"]
        elif kind in {"opened", "moved", "reopened"}:
            self.stood.add(self.stage)
        self.has_turned |= kind in {"opened", "won", "lost", "reopened"}


def looked_at(log: list[Raw], asked: Mapping[str, Any]) -> list[Looked]:
    found = []
    for events in by_stream(log, "deal.").values():
        deal = Looked()
        for event in events:
            deal.fold(event)
        if deal.pipeline and deal.has_turned and wanted(asked, seller_id=deal.seller, pipeline_id=deal.pipeline):
            found.append(deal)
    return found


def tile_of(deal: Looked, today: date, asked: Mapping[str, Any]) -> str | None:
    if deal.status == "lost" or (deal.ended_at and not within(day_of(deal.ended_at), asked)):
        return None
    if deal.status == "won":
        return "won"
    if deal.expected is None:
        return "no_day"
    if deal.expected < today:
        return "slipped"
    return deal.category if within(deal.expected, asked) else "another_period"


def sales_forecast(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    moments = [event.occurred_at for events in by_stream(log, "deal.").values() for event in events]
    found = looked_at(log, asked)
    groups: dict[tuple[Any, ...], list[Decimal | None]] = defaultdict(list)
    for deal in found:
        if tile := tile_of(deal, day_of(max(moments)), asked):
            currency, amount = deal.money
            stage = deal.stage if deal.status == "open" else None
            groups[TILES.index(tile), deal.pipeline, stage, currency].append(amount)
    rows = []
    for (place, pipeline, stage, currency), amounts in groups.items():
        ended = [deal for deal in found if deal.ended_at and deal.pipeline == pipeline and stage in deal.stood]
        row: Row = {"tile": TILES[place], "pipeline_id": pipeline, "pipeline": called(log, pipeline), "stage": stage}
        row |= {"currency": currency, "deals": len(amounts), "amount": total(amounts, currency)}
        row |= {"ended": None if place == 0 else len(ended), "win_rate": None, "weighted": None}
        if place and len(ended) >= LITTLE:
            won = sum(deal.status == "won" for deal in ended)
            row["win_rate"] = hundredths(Decimal(100 * won) / len(ended))
            if row["amount"] is not None:
                row["weighted"] = hundredths(Decimal(row["amount"]) * won / len(ended))
        rows.append({"place": place} | row)
    told = ordered(rows, "place", "pipeline_id", "stage", "currency")
    return [{name: value for name, value in row.items() if name != "place"} for row in told]
