"""One row is one staff member's day in numbers: what they did and what they are credited with.

Read by GET /staff/{id}/counters, which adds the days of a period up. A counter counts facts: a deal won, reopened and
won again was won twice. The day is the company's, of when the thing happened: its own midnight decides.
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from events.activity import ActivityHeld
from events.client import ClientClaimed
from events.deal import DealLost, DealOpened, DealWon
from events.values import CallStatus, Channel
from infra.projector.projection import Key, Projection
from projections.change import changed


class StaffDayRow(NamedTuple):
    """The day; `won` is {currency: sum as a decimal string}: currencies are never added up."""

    staff_id: UUID
    day: date
    contacts: int = 0
    meetings: int = 0
    calls: int = 0
    offers: int = 0
    deals_opened: int = 0
    deals_won: int = 0
    deals_lost: int = 0
    clients_claimed: int = 0
    won: dict[str, Any] = {}  # noqa: RUF012


staff_counters = Projection(
    name="staff_counters",
    row=StaffDayRow,
    key=("staff_id", "day"),
    ddl=Path(__file__).with_suffix(".sql"),
    # A staff member's facts lie in the streams of many clients and deals: no column of the envelope is common to them.
    partition_by="none",
    # The company names its own in LETOPIS_ZONE.
    zone=ZoneInfo("Europe/Moscow"),
)

Row = StaffDayRow | None


def _day(row: Row, key: Key) -> StaffDayRow:
    return row or StaffDayRow(*key)


def _day_of(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _holder(event: ActivityHeld, zone: ZoneInfo) -> tuple[Key, ...]:
    """Key a touchpoint by who held it; a task is no contact, and a misdial is nobody's work."""
    if event.staff_id is None or event.channel == Channel.TASK or event.call_status == CallStatus.MISDIAL:
        return ()
    return ((event.staff_id, _day_of(event.occurred_at, zone)),)


def _seller(event: DealOpened | DealWon | DealLost, zone: ZoneInfo) -> tuple[Key, ...]:
    return ((event.seller_id, _day_of(event.occurred_at, zone)),)


def _owner(event: ClientClaimed, zone: ZoneInfo) -> tuple[Key, ...]:
    return ((event.owner_id, _day_of(event.occurred_at, zone)),)


@staff_counters.on(ActivityHeld, keys=_holder, reads=("staff_id", "channel", "call_status", "is_offer"))
def held(row: Row, event: ActivityHeld, key: Key) -> StaffDayRow:
    day = _day(row, key)
    return changed(
        day,
        contacts=day.contacts + 1,
        meetings=day.meetings + (event.channel == Channel.MEETING),
        calls=day.calls + (event.channel == Channel.CALL),
        offers=day.offers + event.is_offer,
    )


@staff_counters.on(DealOpened, keys=_seller)
def opened(row: Row, _: DealOpened, key: Key) -> StaffDayRow:
    day = _day(row, key)
    return changed(day, deals_opened=day.deals_opened + 1)


@staff_counters.on(DealWon, keys=_seller)
def won(row: Row, event: DealWon, key: Key) -> StaffDayRow:
    day = _day(row, key)
    currency = event.amount.currency
    total = Decimal(day.won.get(currency, "0")) + event.amount.amount
    return changed(day, deals_won=day.deals_won + 1, won={**day.won, currency: f"{total:f}"})


@staff_counters.on(DealLost, keys=_seller)
def lost(row: Row, _: DealLost, key: Key) -> StaffDayRow:
    day = _day(row, key)
    return changed(day, deals_lost=day.deals_lost + 1)


@staff_counters.on(ClientClaimed, keys=_owner)
def claimed(row: Row, _: ClientClaimed, key: Key) -> StaffDayRow:
    day = _day(row, key)
    return changed(day, clients_claimed=day.clients_claimed + 1)
