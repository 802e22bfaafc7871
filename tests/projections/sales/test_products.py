"""The catalogue: one product, whatever old data call it."""

from events.product import (
    ProductAliasAdded,
    ProductDescribed,
    ProductListed,
    ProductRenamed,
    ProductSucceeded,
    ProductWithdrawn,
)
from projections.sales.products import ProductRow, products
from tests.examples import fact
from tests.story import given, moment, nth_id, on

PRODUCT = nth_id(1)
KNOWN_BY_EVERY_SPELLING = (
    fact(ProductListed, aliases=("GTXPro", "GTXPro")),
    fact(ProductAliasAdded),
    fact(ProductAliasAdded, alias="GTXPro"),
)


def test_a_product_is_known_under_every_spelling_once() -> None:
    given(on(PRODUCT, *KNOWN_BY_EVERY_SPELLING, fact(ProductRenamed), fact(ProductWithdrawn))).shows(
        products,
        ProductRow(
            product_id=PRODUCT,
            code="gtx-pro",
            name="GTX Pro 2",
            series="GTX",
            aliases=["GTXPro", "GTX-Pro"],
            listed_at=moment(1),
            withdrawn_at=moment(5),
            version=5,
        ),
    )


def test_a_spelling_listed_twice_is_one() -> None:
    given(on(PRODUCT, KNOWN_BY_EVERY_SPELLING[0])).shows_row(
        products, PRODUCT, aliases=["GTXPro"], name="GTX Pro", version=1
    )


def test_whatever_is_heard_first_of_a_product_is_kept() -> None:
    unknown = ProductRow(PRODUCT, version=1)

    given(on(PRODUCT, fact(ProductAliasAdded))).shows(products, unknown._replace(aliases=["GTX-Pro"]))
    given(on(PRODUCT, fact(ProductRenamed))).shows(products, unknown._replace(name="GTX Pro 2"))
    given(on(PRODUCT, fact(ProductWithdrawn))).shows(products, unknown._replace(withdrawn_at=moment(1)))


def test_a_product_shows_how_it_is_described_and_what_succeeds_it() -> None:
    given(on(PRODUCT, fact(ProductListed), fact(ProductDescribed), fact(ProductSucceeded))).shows_row(
        products, PRODUCT, unit="pcs", product_group="scales", tax_code="vat", successor_code="gtx-plus", version=3
    )
    given(on(PRODUCT, fact(ProductDescribed))).shows_row(products, PRODUCT, code=None, unit="pcs", version=1)
    given(on(PRODUCT, fact(ProductSucceeded))).shows_row(products, PRODUCT, successor_code="gtx-plus", version=1)
