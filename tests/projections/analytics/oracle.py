"""Every report once more, naively: plain Python over the raw bodies, sharing nothing with the facts or the SQL."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from importlib import import_module
from importlib.util import find_spec
from statistics import median
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg

from infra.amounts import amount_text
from infra.moments import moment_text
from projections.analytics.reports import REPORTS
from tests.projections.analytics.history import SELLERS

MOSCOW = ZoneInfo("Europe/Moscow")
NAMES: Mapping[str | None, str] = {
    str(seller): name for seller, name in zip(SELLERS, ("Анна", "Boris", "O'Neil"), strict=True)
}
"""What the staff are called today."""

Row = dict[str, Any]


class Raw(NamedTuple):
    """One row of the log with its body parsed."""

    position: int
    stream: str
    topic: str
    occurred_at: datetime
    recorded_at: datetime
    body: Row


def read_raw(url: str) -> list[Raw]:
    """Read the whole log, in order."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT position, stream_id::text, topic, occurred_at, recorded_at, body::text FROM letopis.event"
            " ORDER BY position"
        ).fetchall()
    return [
        Raw(position, stream, topic, occurred, recorded, json.loads(body))
        for position, stream, topic, occurred, recorded, body in found
    ]


def day_of(moment: datetime) -> date:
    return moment.astimezone(MOSCOW).date()


def by_stream(log: Iterable[Raw], prefix: str) -> dict[str, list[Raw]]:
    """What still counts of each stream: of what was taken back, what was recorded since."""
    streams = whole_streams(log, prefix)
    for stream, events in list(streams.items()):
        gone = max((event.position for event in events if event.topic.endswith(".entry_reverted")), default=0)
        streams[stream] = [event for event in events if event.position > gone]
        if not streams[stream]:
            del streams[stream]
    return streams


def whole_streams(log: Iterable[Raw], prefix: str) -> dict[str, list[Raw]]:
    streams: dict[str, list[Raw]] = defaultdict(list)
    for event in log:
        if event.topic.startswith(prefix):
            streams[event.stream].append(event)
    return streams


class Deal:
    """A deal, folded one fact at a time."""

    def __init__(self) -> None:
        self.pipeline: str | None = None
        self.seller: str | None = None
        self.product: str | None = None
        self.stage: str | None = None
        self.amount: Row | None = None
        self.opened_at: datetime | None = None
        self.status = "open"
        self.ended_at: datetime | None = None
        self.reason_code: str | None = None
        self.credited: str | None = None

    def fold(self, event: Raw) -> None:
        body = event.body
        match event.topic:
            case "deal.opened":
                self.pipeline, self.seller, self.stage = body["pipeline_id"], body["seller_id"], body["stage"]
                self.product, self.amount = body.get("product_code"), body.get("amount")
                if not body.get("date_unknown"):
                    self.opened_at = event.occurred_at
            case "deal.entry_reverted":
                vars(self).update(vars(Deal()))
            case "deal.moved":
                self.stage = body["to_stage"]
            case "deal.revalued":
                self.amount = body.get("to_amount")
            case "deal.handed_over":
                self.seller = body["to_seller_id"]
            case "deal.won":
                self.status, self.ended_at, self.amount = "won", event.occurred_at, body["amount"]
                self.seller = self.credited = body["seller_id"]
                self.product = body.get("product_code") or self.product
            case "deal.lost":
                self.status, self.ended_at = "lost", event.occurred_at
                self.reason_code = body.get("reason_code")
                self.seller = self.credited = body["seller_id"]
            case "deal.reopened":
                self.status, self.stage, self.ended_at = "open", body["to_stage"], None

    @property
    def money(self) -> tuple[str | None, Decimal | None]:
        return (self.amount["currency"], Decimal(self.amount["amount"])) if self.amount else (None, None)


def called(log: Iterable[Raw], pipeline: str | None) -> str | None:
    """What a pipeline is called, if it was defined by then."""
    defined = (event.body["name"] for event in log if (event.topic, event.stream) == ("pipeline.defined", pipeline))
    return next(defined, None)


def deals(log: Iterable[Raw]) -> list[Deal]:
    folded = []
    for events in by_stream(log, "deal.").values():
        deal = Deal()
        for event in events:
            deal.fold(event)
        folded.append(deal)
    return folded


def ended(log: Iterable[Raw], asked: Mapping[str, Any]) -> list[tuple[Deal, date]]:
    """The deals that have ended and are not open again, with the day they ended on."""
    found = [(deal, day_of(deal.ended_at)) for deal in deals(log) if deal.ended_at]
    return [
        (deal, day)
        for deal, day in found
        if within(day, asked) and wanted(asked, seller_id=deal.credited, pipeline_id=deal.pipeline)
    ]


def within(day: date, asked: Mapping[str, Any]) -> bool:
    first, last = date.fromisoformat(asked.get("from", "0001-01-01")), date.fromisoformat(asked.get("to", "9999-12-31"))
    return first <= day <= last


def wanted(asked: Mapping[str, Any], **values: str | None) -> bool:
    return all(asked.get(name) in {None, value} for name, value in values.items())


def month_of(day: date) -> str:
    return day.replace(day=1).isoformat()


def hundredths(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))


def total(amounts: Iterable[Decimal | None], currency: str | None) -> str | None:
    known = [amount for amount in amounts if amount is not None]
    return amount_text(sum(known, Decimal()), currency) if known and currency else None


def ordered(rows: Iterable[Row], *names: str) -> list[Row]:
    return sorted(rows, key=lambda row: [(row[name] is None, row[name] or 0) for name in names])


def stage_history(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    for deal_id, events in by_stream(log, "deal.").items():
        pipeline = next((event.body["pipeline_id"] for event in events if event.topic == "deal.opened"), None)
        deal, visits = Deal(), list[Row]()
        for event in events:
            deal.fold(event)
            kind = event.topic.removeprefix("deal.")
            if kind not in {"opened", "moved", "won", "lost", "reopened"}:
                continue
            if visits and visits[-1]["left_by"] is None:
                visits[-1].update(left_at=event.occurred_at, left_by=kind)
            if kind not in {"won", "lost"}:
                visits.append(
                    {
                        "deal_id": deal_id,
                        "visit": len(visits) + 1,
                        "pipeline_id": pipeline,
                        "pipeline": called(log, pipeline),
                        "stage": deal.stage,
                        "seller_id": deal.seller,
                        "seller": NAMES.get(deal.seller),
                        "entered_at": event.occurred_at,
                        "left_at": None,
                        "left_by": None,
                    }
                )
        rows += [visit | {"duration_seconds": seconds(visit["entered_at"], visit["left_at"])} for visit in visits]
    rows = [
        row
        for row in rows
        if within(day_of(row["entered_at"]), asked)
        and wanted(asked, seller_id=row["seller_id"], pipeline_id=row["pipeline_id"])
    ]
    for row in rows:
        row["entered_at"] = moment_text(row["entered_at"])
        row["left_at"] = row["left_at"] and moment_text(row["left_at"])
    return ordered(rows, "deal_id", "visit")


def seconds(start: datetime, end: datetime | None) -> int | None:
    """Whole seconds, the fraction cut off."""
    if end is None:
        return None
    length = end - start
    return math.trunc(Decimal(length.days * 86_400 + length.seconds) + Decimal(length.microseconds) / 1_000_000)


def sales_cycle(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for deal, day in ended(log, asked):
        if deal.opened_at:
            took = max(0, (day - day_of(deal.opened_at)).days)
            groups[month_of(day), deal.pipeline, deal.credited, deal.status].append(took)
    rows = []
    for (month, pipeline, seller, outcome), days in groups.items():
        days.sort()
        rows.append(
            {
                "month": month,
                "pipeline_id": pipeline,
                "pipeline": called(log, pipeline),
                "seller_id": seller,
                "seller": NAMES.get(seller),
                "outcome": outcome,
                "deals": len(days),
                "average_days": hundredths(Decimal(sum(days)) / len(days)),
                "median_days": hundredths(median([Decimal(day) for day in days])),
                "p90_days": next(day for day in days if sum(other <= day for other in days) * 10 >= 9 * len(days)),
            }
        )
    return ordered(rows, "month", "pipeline_id", "seller_id", "outcome")


def churn_reasons(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Decimal | None]] = defaultdict(list)
    for deal, day in ended(log, asked):
        if deal.status == "lost":
            currency, amount = deal.money
            groups[month_of(day), deal.reason_code, currency].append(amount)
    names = ("month", "reason_code", "currency")
    rows = [
        dict(zip(names, key, strict=True))
        | {"deals": len(amounts), "amount": total(amounts, key[names.index("currency")])}
        for key, amounts in groups.items()
    ]
    return ordered(rows, *names)


def monthly_sales(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Decimal | None]] = defaultdict(list)
    for deal, day in ended(log, asked):
        if deal.status == "won":
            currency, amount = deal.money
            product = deal.product if asked.get("by_product") == "true" else None
            groups[month_of(day), currency, product].append(amount)
    names = ("month", "currency", "product_code")
    rows = [
        dict(zip(names, key, strict=True))
        | {"deals": len(amounts), "amount": total(amounts, key[names.index("currency")])}
        for key, amounts in groups.items()
    ]
    return ordered(rows, *names)


def pipeline_totals(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Decimal | None]] = defaultdict(list)
    for deal in deals(log):
        if wanted(asked, seller_id=deal.seller, pipeline_id=deal.pipeline):
            currency, amount = deal.money
            stage = deal.stage if deal.status == "open" else None
            groups[deal.pipeline, deal.status, stage, currency].append(amount)
    names = ("pipeline_id", "status", "stage", "currency")
    rows = [
        dict(zip(names, key, strict=True))
        | {"pipeline": called(log, key[0])}
        | {"deals": len(amounts), "amount": total(amounts, key[names.index("currency")])}
        for key, amounts in groups.items()
    ]
    return ordered(rows, *names)


def staff_scorecard(log: list[Raw], asked: Mapping[str, Any]) -> list[Row]:
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    sums: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))

    def count(day: date, staff: str | None, *names: str) -> tuple[str, str] | None:
        if staff is None or not within(day, asked) or not wanted(asked, seller_id=staff):
            return None
        for name in names:
            counts[month_of(day), staff][name] += 1
        return month_of(day), staff

    for staff, held in touchpoints(log):
        is_meeting = ["meetings"] if held.body["channel"] == "meeting" else []
        is_offer = ["offers"] if held.body.get("is_offer") else []
        count(day_of(held.occurred_at), staff, "contacts", *is_meeting, *is_offer)
    for event in (event for events in by_stream(log, "deal.").values() for event in events):
        if event.topic == "deal.opened":
            count(day_of(event.occurred_at), event.body["seller_id"], "deals_opened")
    for deal, day in ended(log, {}):
        key = count(day, deal.credited, f"deals_{deal.status}")
        currency, amount = deal.money
        if key and deal.status == "won" and currency is not None and amount is not None:
            sums[key][currency] += amount
    rows = [scores(key, counted, sums[key]) for key, counted in counts.items()]
    return ordered(rows, "month", "staff_id")


def scores(key: tuple[str, str], counted: Mapping[str, int], sums: Mapping[str, Decimal]) -> Row:
    names = ("contacts", "meetings", "offers", "deals_opened", "deals_won", "deals_lost")
    row: Row = {"month": key[0], "staff_id": key[1], "staff": NAMES.get(key[1])} | {
        name: counted.get(name, 0) for name in names
    }
    finished = row["deals_won"] + row["deals_lost"]
    row["win_rate"] = hundredths(Decimal(100 * row["deals_won"]) / finished) if finished else None
    row["amount_won"] = (
        "; ".join(f"{amount_text(sums[currency], currency)} {currency}" for currency in sorted(sums)) or None
    )
    return row


def touchpoints(log: list[Raw]) -> list[tuple[str | None, Raw]]:
    """The contacts that count, each with whoever is credited."""
    found = []
    for events in by_stream(log, "activity.").values():
        held = next((event for event in events if event.topic == "activity.held"), None)
        if held is None or held.body["channel"] == "task":
            continue
        staff, status = held.body.get("staff_id"), None
        classifier = None
        for event in events:
            if event.topic == "activity.held":
                status = event.body.get("call_status") or status
            elif event.topic == "activity.call_classified":
                status, classifier = event.body["to_status"], event.body["staff_id"]
        if status != "misdial":
            found.append((staff or classifier, held))
    return found


Oracle = Callable[[list[Raw], Mapping[str, Any]], list[Row]]


def oracle_of(report: str) -> Oracle:
    """Return the function that has the report's name: here, or in the module oracle_<report> beside this one.

    Raises LookupError for a report that nobody reckoned by hand.
    """
    known: Oracle | None = globals().get(report)
    if known is None and find_spec(f"{__package__}.oracle_{report}") is not None:
        known = getattr(import_module(f"{__package__}.oracle_{report}"), report, None)
    if known is None:
        raise LookupError(
            f"The report {report} is not held against anything: write it once more in plain Python, as a function"
            f" `{report}(log, asked)` in oracle.py or in oracle_{report}.py beside it."
        )
    return known


ORACLES: Mapping[str, Oracle] = {report.name: oracle_of(report.name) for report in REPORTS}
