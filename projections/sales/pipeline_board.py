"""One row is one deal as it stands: where it is on its road, whose it is, what it is worth and how it ended.

Read by GET /pipeline (stages with counts and sums), GET /deals and GET /deals/{id}, and by GET /clients/{id}/timeline
for what a deal had before its client was known.
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.deal import (
    DealCategorised,
    DealClientNamed,
    DealClosingExpected,
    DealEntryReverted,
    DealHandedOver,
    DealLost,
    DealMoved,
    DealNoted,
    DealNoteEdited,
    DealNoteWithdrawn,
    DealOpened,
    DealReopened,
    DealRetitled,
    DealRevalued,
    DealWon,
    ForecastCategory,
)
from events.values import Money
from infra.projector.projection import Key, Projection
from projections.change import changed, earlier

OPEN, WON, LOST = "open", "won", "lost"


class DealRow(NamedTuple):
    """The deal; `amount` is what was last said to be its worth, by a win too; `version` is its stream's.

    `won_amount` is what it was won for, as long as it is won; `seller_id` leads it, or is credited with its end, while
    `opened_by` began it. `stage` is the open stage it is in or was in at its end; `stage_since` is business time.
    `before_client` are the positions of those of its facts that were recorded before it had a client.
    """

    deal_id: UUID
    client_id: UUID | None = None
    seller_id: UUID | None = None
    pipeline_id: UUID | None = None
    stage: str | None = None
    stage_since: datetime | None = None
    status: str = OPEN
    title: str | None = None
    product_code: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    expected_on: date | None = None
    category: str = ForecastCategory.PIPELINE.value
    won_amount: Decimal | None = None
    won_currency: str | None = None
    opened_at: datetime | None = None
    opened_by: UUID | None = None
    closed_at: datetime | None = None
    lost_reason: str | None = None
    lost_reason_code: str | None = None
    external_id: str | None = None
    date_unknown: bool = False
    before_client: list[int] | None = None
    version: int = 0


pipeline_board = Projection(
    name="pipeline_board",
    row=DealRow,
    key=("deal_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
    shape=5,
)

Row = DealRow | None


def _deal(row: Row, event: Any) -> DealRow:
    """Return the deal the event changes, as it was before."""
    return row or DealRow(event.stream_id)


def _after(deal: DealRow, event: Any, **columns: Any) -> DealRow:
    """Return the deal as the event leaves it."""
    after = changed(deal, version=event.originator_version, **columns)
    if after.client_id is not None:
        return after
    return changed(after, before_client=earlier(deal.before_client, event.position))


def _worth(amount: Money | None) -> dict[str, Any]:
    """Return the columns that an amount fills."""
    return {"amount": amount and amount.amount, "currency": amount and amount.currency}


@pipeline_board.on(DealOpened)
def opened(row: Row, event: DealOpened, _: Key) -> DealRow:
    return _after(
        _deal(row, event),
        event,
        client_id=event.client_id,
        seller_id=event.seller_id,
        pipeline_id=event.pipeline_id,
        stage=event.stage,
        stage_since=event.occurred_at,
        title=event.title,
        product_code=event.product_code,
        opened_at=event.occurred_at,
        opened_by=event.seller_id,
        external_id=event.external_id,
        date_unknown=event.date_unknown,
        **_worth(event.amount),
    )


@pipeline_board.on(DealClientNamed, reads=("client_id",))
def client_named(row: Row, event: DealClientNamed, _: Key) -> DealRow:
    return _after(_deal(row, event), event, client_id=event.client_id)


@pipeline_board.on(DealMoved, reads=("to_stage",))
def moved(row: Row, event: DealMoved, _: Key) -> DealRow:
    return _after(_deal(row, event), event, stage=event.to_stage, stage_since=event.occurred_at)


@pipeline_board.on(DealRevalued, reads=("to_amount",))
def revalued(row: Row, event: DealRevalued, _: Key) -> DealRow:
    return _after(_deal(row, event), event, **_worth(event.to_amount))


@pipeline_board.on(DealRetitled, reads=("to_title",))
def retitled(row: Row, event: DealRetitled, _: Key) -> DealRow:
    return _after(_deal(row, event), event, title=event.to_title)


@pipeline_board.on(DealClosingExpected, reads=("to_day",))
def closing_expected(row: Row, event: DealClosingExpected, _: Key) -> DealRow:
    return _after(_deal(row, event), event, expected_on=event.to_day)


@pipeline_board.on(DealCategorised, reads=("to_category",))
def categorised(row: Row, event: DealCategorised, _: Key) -> DealRow:
    return _after(_deal(row, event), event, category=event.to_category.value)


@pipeline_board.on(DealHandedOver, reads=("to_seller_id",))
def handed_over(row: Row, event: DealHandedOver, _: Key) -> DealRow:
    return _after(_deal(row, event), event, seller_id=event.to_seller_id)


@pipeline_board.on(DealWon)
def won(row: Row, event: DealWon, _: Key) -> DealRow:
    deal = _deal(row, event)
    return _after(
        deal,
        event,
        status=WON,
        stage=event.from_stage,
        seller_id=event.seller_id,
        product_code=event.product_code or deal.product_code,
        won_amount=event.amount.amount,
        won_currency=event.amount.currency,
        lost_reason=None,
        lost_reason_code=None,
        closed_at=event.occurred_at,
        **_worth(event.amount),
    )


@pipeline_board.on(DealLost, reads=("from_stage", "seller_id", "reason", "reason_code"))
def lost(row: Row, event: DealLost, _: Key) -> DealRow:
    return _after(
        _deal(row, event),
        event,
        status=LOST,
        stage=event.from_stage,
        seller_id=event.seller_id,
        lost_reason=event.reason,
        lost_reason_code=event.reason_code and event.reason_code.value,
        won_amount=None,
        won_currency=None,
        closed_at=event.occurred_at,
    )


@pipeline_board.on(DealReopened, reads=("to_stage",))
def reopened(row: Row, event: DealReopened, _: Key) -> DealRow:
    """Put the deal back on the road: nothing of its former end is true of it now."""
    return _after(
        _deal(row, event),
        event,
        status=OPEN,
        stage=event.to_stage,
        stage_since=event.occurred_at,
        won_amount=None,
        won_currency=None,
        closed_at=None,
        lost_reason=None,
        lost_reason_code=None,
    )


@pipeline_board.on(DealNoted, DealNoteEdited, DealNoteWithdrawn, reads=())
def noted(row: Row, event: Any, _: Key) -> DealRow:
    """What was noted is a view of its own, `notes`."""
    return _after(_deal(row, event), event)


@pipeline_board.on(DealEntryReverted, reads=())
def entry_reverted(_row: Row, _event: Any, _: Key) -> None:
    """Show nothing: it is as if the deal had not been entered."""
