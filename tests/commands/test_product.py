"""Products: one code is one product, renamed, spelled otherwise and withdrawn."""

from aggregates.base import AlreadyExistsError, NotFoundError
from aggregates.product import ProductIsWithdrawnError, SuccessionIsACircleError, product_id
from commands.product import (
    AddProductAlias,
    DescribeProduct,
    ListProduct,
    RenameProduct,
    SucceedProduct,
    WithdrawProduct,
)
from events.examples import GTX_PLUS, VAT_RATE
from events.product import (
    IN_PIECES,
    UNDESCRIBED,
    ProductAliasAdded,
    ProductDescribed,
    ProductListed,
    ProductRenamed,
    ProductSucceeded,
    ProductWithdrawn,
)
from events.tax_rate import TaxRateAdopted
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


VAT_ADOPTED = on(VAT_RATE, fact(TaxRateAdopted))
DESCRIBED = on(product_id(GTX), fact(ProductDescribed))
PLUS = on(product_id(GTX_PLUS), fact(ProductListed, code=GTX_PLUS))
SUCCEEDED = on(product_id(GTX), fact(ProductSucceeded))


def test_a_product_is_described_whole_and_once() -> None:
    given(LISTED, VAT_ADOPTED).when(command(DescribeProduct)).then(DESCRIBED)
    given(LISTED, VAT_ADOPTED, DESCRIBED).when(command(DescribeProduct)).then_nothing()
    blank = ProductDescribed(from_description=IN_PIECES, to_description=UNDESCRIBED)
    undescribed = command(DescribeProduct, unit=None, group=None, tax_code=None)
    given(LISTED, VAT_ADOPTED, DESCRIBED).when(undescribed).then(on(product_id(GTX), blank))
    given(LISTED).when(undescribed).then_nothing()


def test_a_product_has_no_tax_that_there_is_not() -> None:
    given(LISTED).when(command(DescribeProduct)).then_refused(NotFoundError, kind="tax_rate")
    withdrawn = on(product_id(GTX), ProductWithdrawn())
    given(LISTED, VAT_ADOPTED, withdrawn).when(command(DescribeProduct)).then_refused(ProductIsWithdrawnError)


def test_a_product_is_succeeded_by_one_that_is_offered_even_when_it_is_not() -> None:
    withdrawn = on(product_id(GTX), ProductWithdrawn())
    given(LISTED, PLUS, withdrawn).when(command(SucceedProduct)).then(SUCCEEDED)
    given(LISTED, PLUS, SUCCEEDED).when(command(SucceedProduct)).then_nothing()
    given(LISTED).when(command(SucceedProduct)).then_refused(NotFoundError, kind="product")
    gone = on(product_id(GTX_PLUS), ProductWithdrawn())
    given(LISTED, PLUS, gone).when(command(SucceedProduct)).then_refused(ProductIsWithdrawnError, code=GTX_PLUS)
    nobody = on(product_id(GTX), fact(ProductSucceeded, from_code=GTX_PLUS, to_code=None))
    given(LISTED, PLUS, SUCCEEDED).when(command(SucceedProduct, successor_code=None)).then(nobody)


def test_no_product_succeeds_itself_by_whatever_way() -> None:
    itself = command(SucceedProduct, successor_code=GTX)
    given(LISTED).when(itself).then_refused(SuccessionIsACircleError, code=GTX, successor_code=GTX)
    third = on(product_id("third"), fact(ProductListed, code="third"), fact(ProductSucceeded, to_code=GTX))
    by_third = on(product_id(GTX_PLUS), fact(ProductSucceeded, to_code="third"))
    given(LISTED, PLUS, third, by_third).when(command(SucceedProduct)).then_refused(SuccessionIsACircleError)
