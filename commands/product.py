"""What is asked about products: to offer them, to call them otherwise, to offer them no more."""

from typing import Annotated

from pydantic import Field

from aggregates.product import Product, product_id
from commands.base import Command, Context, Outcome, handles
from commands.import_run import HistoryCommand
from commands.roles import HEADING, Roles
from events.examples import FIRST_IMPORT, GTX, example
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
