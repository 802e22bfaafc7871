"""The movement of the pipeline once more, naively: every deal folded anew after each fact, and compared with before."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from infra.amounts import amount_text
from tests.projections.analytics.oracle import Deal, Raw, Row, by_stream, day_of, wanted

STEPS = (
    *("opening", "opened", "reopened", "revalued_up", "revalued_down", "pulled_in", "slipped_out"),
    *("handed_in", "handed_out", "category_changed", "won", "lost", "closing"),
)


class Seen(NamedTuple):
    """A deal at a moment, as whoever asks counts it."""

    is_open: bool = False
    is_theirs: bool = False
    is_due: bool = False
    currency: str | None = None
    amount: Decimal = Decimal()
    category: str = "pipeline"
    status: str = "open"

    @property
    def is_in(self) -> bool:
        return self.is_open and self.is_theirs and self.is_due


def seen(events: list[Raw], asked: Mapping[str, Any]) -> Seen:
    """Fold these facts in the order they were recorded, whenever they occurred."""
    deal, expected, category, turn = Deal(), None, "pipeline", None
    for event in sorted(events, key=lambda each: each.position):
        deal.fold(event)
        match event.topic:
            case "deal.closing_expected":
                expected = event.body.get("to_day")
            case "deal.categorised":
                category = event.body["to_category"]
            case "deal.opened" | "deal.won" | "deal.lost" | "deal.reopened":
                turn = event.topic
            case _:
                pass
    currency, amount = deal.money
    first, last = asked.get("expected_from"), asked.get("expected_to")
    is_due = all(expected is not None for bound in (first, last) if bound is not None) and (
        expected is None or (first or "") <= expected <= (last or "~")
    )
    return Seen(
        turn in {"deal.opened", "deal.reopened"} and deal.pipeline is not None,
        wanted(asked, seller_id=deal.seller),
        is_due or (first is None and last is None),
        currency,
        amount or Decimal(),
        category,
        "open" if turn is None else turn.removeprefix("deal."),
    )


class Move(NamedTuple):
    """What one fact did to the sums of one currency."""

    day: date
    step: str
    currency: str | None
    deals: int
    amount: Decimal


def revalued(day: date, before: Seen, after: Seen) -> Iterator[Move]:
    if before.currency == after.currency:
        gain = after.amount - before.amount
        yield Move(day, "revalued_up" if gain > 0 else "revalued_down", after.currency, 0, gain)
    elif before.currency is None or after.currency is None:
        step = "revalued_up" if before.currency is None else "revalued_down"
        yield Move(day, step, before.currency, -1, -before.amount)
        yield Move(day, step, after.currency, 1, after.amount)
    else:
        yield Move(day, "revalued_down", before.currency, -1, -before.amount)
        yield Move(day, "revalued_up", after.currency, 1, after.amount)


def moves(events: list[Raw], asked: Mapping[str, Any]) -> Iterator[Move]:
    """What each fact did, in the order in which they occurred."""
    in_time = sorted(events, key=lambda each: (each.occurred_at, each.position))
    before = Seen()
    for count, event in enumerate(in_time, 1):
        after, day = seen(in_time[:count], asked), day_of(event.occurred_at)
        if before.is_in and (before.currency, before.amount) != (after.currency, after.amount):
            yield from revalued(day, before, after)
        if before.is_in and not after.is_in:
            step = "slipped_out" if after.is_theirs else "handed_out"
            yield Move(day, step if after.is_open else after.status, after.currency, -1, -after.amount)
        if after.is_in and not before.is_in:
            came = "opened" if event.topic == "deal.opened" else "reopened"
            step = "pulled_in" if before.is_theirs else "handed_in"
            yield Move(day, step if before.is_open else came, after.currency, 1, after.amount)
        if before.is_in and after.is_in and before.category != after.category:
            yield Move(day, "category_changed", after.currency, 0, Decimal())
        before = after


def pipeline_movement(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    first, last = (date.fromisoformat(asked.get(*each)) for each in (("from", "0001-01-01"), ("to", "9999-12-31")))
    sums: dict[str | None, dict[str, list[Move]]] = defaultdict(lambda: defaultdict(list))
    for events in by_stream(log, "deal.").values():
        pipeline = next((event.body["pipeline_id"] for event in events if event.topic == "deal.opened"), None)
        for move in moves(events, asked) if wanted(asked, pipeline_id=pipeline) else ():
            if move.day <= last:
                sums[move.currency]["opening" if move.day < first else move.step].append(move)
                sums[move.currency]["closing"].append(move)
    return [
        {
            "currency": currency,
            "movement": step,
            "facts": None if step in {"opening", "closing"} else len(steps[step]),
            "deals": sum(move.deals for move in steps[step]),
            "amount": currency and amount_text(sum((move.amount for move in steps[step]), Decimal()), currency),
        }
        for currency, steps in sorted(sums.items(), key=lambda each: (each[0] is None, each[0] or ""))
        if {*steps} - {"opening", "closing"} or sum(move.deals for move in steps["opening"])
        for step in STEPS
        if step in steps or step == "opening"
    ]
