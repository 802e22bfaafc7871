"""One row is one tax: how much it is on which days.

Read by GET /tax-rates, and where prices are counted with their taxes.
"""

from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.tax_rate import TaxRateAdopted
from infra.projector.projection import Key, Projection
from projections.change import changed


class TaxRateRow(NamedTuple):
    """The tax; `rates` is [{from_day, to_day, percent}] in order of days, as texts.

    The day `to_day` is not among them any more; null: until further notice. Without a percent it is without tax.
    """

    tax_id: UUID
    code: str | None = None
    rates: list[dict[str, Any]] = []  # noqa: RUF012
    version: int = 0


tax_rates = Projection(
    name="tax_rates",
    row=TaxRateRow,
    key=("tax_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = TaxRateRow | None


@tax_rates.on(TaxRateAdopted)
def adopted(row: Row, event: TaxRateAdopted, _: Key) -> TaxRateRow:
    """Put the rate between those of other days: each holds until the next one begins."""
    tax = row or TaxRateRow(event.stream_id)
    percent = None if event.percent is None else f"{event.percent.normalize():f}"
    known = {rate["from_day"]: rate["percent"] for rate in tax.rates}
    known[event.from_day.isoformat()] = percent
    days = sorted(known)
    rates = [
        {"from_day": day, "to_day": until, "percent": known[day]}
        for day, until in zip(days, [*days[1:], None], strict=True)
    ]
    return changed(tax, version=event.originator_version, code=event.code, rates=rates)
