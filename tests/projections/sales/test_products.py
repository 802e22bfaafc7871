"""The catalogue: one product, whatever old data call it."""

from uuid import UUID

from events.product import ProductAliasAdded, ProductListed, ProductRenamed, ProductWithdrawn
from projections.sales.products import ProductRow, products
from tests.projections.facts import PRODUCT, at, fact, folded

LISTED = ProductListed(code="gtx-pro", name="GTX Pro", series="GTX", aliases=("GTXPro",))
OTHER = UUID(int=0xB8)


def test_a_product_is_known_under_every_spelling_once_and_the_neighbour_is_unchanged() -> None:
    neighbour = fact(ProductListed(code="mg-special", name="MG Special"), OTHER, 1)
    again = ProductAliasAdded(alias="GTXPro")

    rows = folded(
        products,
        neighbour,
        fact(LISTED, PRODUCT, 2),
        fact(ProductAliasAdded(alias="GTX-Pro"), PRODUCT, 3),
        fact(again, PRODUCT, 4),
        fact(ProductRenamed(from_name="GTX Pro", to_name="GTX Pro 2"), PRODUCT, 5),
        fact(ProductWithdrawn(), PRODUCT, 6),
    )

    assert rows[OTHER,] == ProductRow(OTHER, code="mg-special", name="MG Special", listed_at=at(1), version=1)
    assert rows[PRODUCT,] == ProductRow(
        product_id=PRODUCT,
        code="gtx-pro",
        name="GTX Pro 2",
        series="GTX",
        aliases=["GTXPro", "GTX-Pro"],
        listed_at=at(2),
        withdrawn_at=at(6),
        version=6,
    )


def test_an_alias_of_a_product_never_heard_of_is_kept() -> None:
    assert folded(products, fact(ProductAliasAdded(alias="GTXPro"), PRODUCT, 1)) == {
        (PRODUCT,): ProductRow(PRODUCT, aliases=["GTXPro"], version=1)
    }
