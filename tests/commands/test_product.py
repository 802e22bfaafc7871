"""Products: one code is one product, renamed, spelled otherwise and withdrawn."""

from aggregates.base import AlreadyExistsError, NotFoundError
from aggregates.product import ProductIsWithdrawnError, product_id
from commands.product import AddProductAlias, ListProduct, RenameProduct, WithdrawProduct
from events.product import ProductAliasAdded, ProductListed, ProductRenamed, ProductWithdrawn
from tests.examples import GTX, command, fact
from tests.story import given, on

LISTED = on(product_id(GTX), fact(ProductListed))


def test_one_code_is_one_product() -> None:
    given().when(command(ListProduct)).then(LISTED)
    given(LISTED).when(command(ListProduct, name="Another")).then_refused(AlreadyExistsError, kind="product")


def test_a_product_is_renamed_once() -> None:
    renamed = on(product_id(GTX), fact(ProductRenamed))
    given(LISTED).when(command(RenameProduct)).then(renamed)
    given(LISTED, renamed).when(command(RenameProduct)).then_nothing()
    given().when(command(RenameProduct)).then_refused(NotFoundError, kind="product")


def test_a_spelling_is_added_once() -> None:
    given(LISTED).when(command(AddProductAlias)).then(on(product_id(GTX), fact(ProductAliasAdded)))
    given(LISTED).when(command(AddProductAlias, alias="GTXPro")).then_nothing()
    given(LISTED).when(command(AddProductAlias, alias="GTX Pro")).then_nothing()


def test_a_product_is_withdrawn_once_and_stays_as_it_is() -> None:
    withdrawn = on(product_id(GTX), ProductWithdrawn())
    given(LISTED).when(command(WithdrawProduct)).then(withdrawn)
    given(LISTED, withdrawn).when(command(WithdrawProduct)).then_nothing()
    given(LISTED, withdrawn).when(command(RenameProduct)).then_refused(ProductIsWithdrawnError, code=GTX)
    given(LISTED, withdrawn).when(command(AddProductAlias)).then_refused(ProductIsWithdrawnError, code=GTX)
