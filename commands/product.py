"""What is asked about products: to offer them, to call them otherwise, to offer them no more."""

from typing import Annotated

from pydantic import Field

from aggregates.product import Product, SuccessionIsACircleError, product_id
from aggregates.tax_rate import TaxRate
from commands.base import Command, Context, Outcome, handles
from commands.import_run import HistoryCommand
from commands.roles import HEADING, Roles
from events.examples import FIRST_IMPORT, GTX, GTX_PLUS, VAT, example
from events.ids import tax_rate_of
from events.product import ProductDescription
from events.values import (
    Code,
    ShortText,
)

CATALOGUE: Roles = HEADING | {"marketer"}


@example(code=GTX, name="GTX Pro", series="GTX", aliases=("GTXPro",))
class ListProduct(Command):
    """Put a product into the catalogue; its code says which product it is."""

    ROLES, EDITS = CATALOGUE, None

    code: Code
    name: ShortText
    series: ShortText | None = None
    aliases: Annotated[tuple[ShortText, ...], Field(max_length=50)] = ()


@example(code=GTX, name="GTX Pro 2")
class RenameProduct(Command):
    """Call a product differently."""

    ROLES, EDITS = CATALOGUE, None

    code: Code
    name: ShortText


@example(code=GTX, alias="GTX-Pro")
class AddProductAlias(Command):
    """Say under which other spelling a product is found."""

    ROLES, EDITS = CATALOGUE, None

    code: Code
    alias: ShortText


@example(code=GTX, unit="pcs", group="scales", tax_code=VAT)
class DescribeProduct(Command):
    """Say in what a product is counted, in which group it is and which tax it has: what is left out is not known."""

    ROLES, EDITS = CATALOGUE, None

    code: Code
    unit: ShortText | None = None
    group: Code | None = None
    tax_code: Code | None = None


@example(code=GTX, successor_code=GTX_PLUS)
class SucceedProduct(Command):
    """Say which product is offered in place of another one; without a successor, that none is."""

    ROLES, EDITS = CATALOGUE, None

    code: Code
    successor_code: Code | None = None


@example(code=GTX)
class WithdrawProduct(Command):
    """Offer a product no more."""

    ROLES, EDITS = CATALOGUE, None

    code: Code


@example(import_id=FIRST_IMPORT, code=GTX, name="GTX Pro", aliases=("GTXPro",))
class ImportProduct(HistoryCommand):
    """Enter a product from old records, with its other spellings."""

    code: Code
    name: ShortText
    series: ShortText | None = None
    aliases: Annotated[tuple[ShortText, ...], Field(max_length=50)] = ()


@handles(ListProduct)
def list_product(command: ListProduct, context: Context) -> Outcome:
    """Enter the product under its code."""
    product = context.new(Product, product_id(command.code))
    product.enter(code=command.code, name=command.name, series=command.series, aliases=command.aliases)
    return context.save(product)


@handles(RenameProduct)
def rename_product(command: RenameProduct, context: Context) -> Outcome:
    product = context.load(Product, product_id(command.code))
    product.rename(command.name)
    return context.save(product)


@handles(AddProductAlias)
def add_product_alias(command: AddProductAlias, context: Context) -> Outcome:
    product = context.load(Product, product_id(command.code))
    product.add_alias(command.alias)
    return context.save(product)


@handles(DescribeProduct)
def describe_product(command: DescribeProduct, context: Context) -> Outcome:
    """Describe it with a tax that there is."""
    product = context.load(Product, product_id(command.code))
    if command.tax_code is not None:
        context.load(TaxRate, tax_rate_of(command.tax_code))
    product.describe(ProductDescription(unit=command.unit, group=command.group, tax_code=command.tax_code))
    return context.save(product)


@handles(SucceedProduct)
def succeed_product(command: SucceedProduct, context: Context) -> Outcome:
    """Name a successor that is offered; raises SuccessionIsACircleError."""
    product = context.load(Product, product_id(command.code))
    if command.successor_code is not None:
        successor = context.load(Product, product_id(command.successor_code))
        successor.check_offered()
        following: Product | None = successor
        while following is not None:
            if following.code == command.code:
                raise SuccessionIsACircleError(code=command.code, successor_code=command.successor_code)
            after = following.successor_code
            following = None if after is None else context.find(Product, product_id(after))
    product.succeed_by(command.successor_code)
    return context.save(product)


@handles(WithdrawProduct)
def withdraw_product(command: WithdrawProduct, context: Context) -> Outcome:
    product = context.load(Product, product_id(command.code))
    product.withdraw()
    return context.save(product)


@handles(ImportProduct)
def import_product(command: ImportProduct, context: Context) -> Outcome:
    product = context.new(Product, product_id(command.code))
    product.enter(code=command.code, name=command.name, series=command.series, aliases=command.aliases)
    return context.save(product)
