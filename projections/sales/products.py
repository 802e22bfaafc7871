"""One row is one product of the catalogue, under every spelling it is known by.

Read by GET /products.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.product import (
    ProductAliasAdded,
    ProductDescribed,
    ProductListed,
    ProductRenamed,
    ProductSucceeded,
    ProductWithdrawn,
)
from infra.projector.projection import Key, Projection
from projections.change import changed


class ProductRow(NamedTuple):
    """The product; `aliases` in the order they became known, each once."""

    product_id: UUID
    code: str | None = None
    name: str | None = None
    series: str | None = None
    aliases: list[str] = []  # noqa: RUF012
    unit: str | None = None
    product_group: str | None = None
    tax_code: str | None = None
    successor_code: str | None = None
    listed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    version: int = 0


products = Projection(
    name="products",
    row=ProductRow,
    key=("product_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
    shape=2,
)

Row = ProductRow | None


def _product(row: Row, event: Any) -> ProductRow:
    """Return the product the event changes, as it was before."""
    return row or ProductRow(event.stream_id)


@products.on(ProductListed)
def listed(row: Row, event: ProductListed, _: Key) -> ProductRow:
    return changed(
        _product(row, event),
        version=event.originator_version,
        code=event.code,
        name=event.name,
        series=event.series,
        aliases=list(dict.fromkeys(event.aliases)),
        listed_at=event.occurred_at,
    )


@products.on(ProductRenamed)
def renamed(row: Row, event: ProductRenamed, _: Key) -> ProductRow:
    return changed(_product(row, event), version=event.originator_version, name=event.to_name)


@products.on(ProductAliasAdded)
def alias_added(row: Row, event: ProductAliasAdded, _: Key) -> ProductRow:
    product = _product(row, event)
    return changed(
        product, version=event.originator_version, aliases=list(dict.fromkeys([*product.aliases, event.alias]))
    )


@products.on(ProductDescribed)
def described(row: Row, event: ProductDescribed, _: Key) -> ProductRow:
    told = event.to_description
    return changed(
        _product(row, event),
        version=event.originator_version,
        unit=told.unit,
        product_group=told.group,
        tax_code=told.tax_code,
    )


@products.on(ProductSucceeded)
def succeeded(row: Row, event: ProductSucceeded, _: Key) -> ProductRow:
    return changed(_product(row, event), version=event.originator_version, successor_code=event.to_code)


@products.on(ProductWithdrawn)
def withdrawn(row: Row, event: ProductWithdrawn, _: Key) -> ProductRow:
    return changed(_product(row, event), version=event.originator_version, withdrawn_at=event.occurred_at)
