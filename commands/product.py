"""What is asked about products: to offer them, to call them otherwise, to offer them no more."""

from typing import Annotated

from pydantic import Field

from aggregates.product import Product, product_id
from commands.base import Command, Context, Outcome, handles
from commands.roles import ADMIN
from events.values import Code, ShortText

CATALOGUE = ADMIN | {"head", "marketer"}


class ListProduct(Command):
    """Put a product into the catalogue; its code says which product it is."""

    ROLES = CATALOGUE

    code: Code
    name: ShortText
    series: ShortText | None = None
    aliases: Annotated[tuple[ShortText, ...], Field(max_length=50)] = ()


class RenameProduct(Command):
    """Call a product differently."""

    ROLES = CATALOGUE

    code: Code
    name: ShortText


class AddProductAlias(Command):
    """Say under which other spelling a product is found."""

    ROLES = CATALOGUE

    code: Code
    alias: ShortText


class WithdrawProduct(Command):
    """Offer a product no more."""

    ROLES = CATALOGUE

    code: Code


@handles(ListProduct)
def list_product(command: ListProduct, context: Context) -> Outcome:
    """Enter the product under its code."""
    product = context.new(Product, product_id(command.code))
    product.enter(code=command.code, name=command.name, series=command.series, aliases=command.aliases)
    return context.save(product)


@handles(RenameProduct)
def rename_product(command: RenameProduct, context: Context) -> Outcome:
    """Rename."""
    product = context.load(Product, product_id(command.code))
    product.rename(command.name)
    return context.save(product)


@handles(AddProductAlias)
def add_product_alias(command: AddProductAlias, context: Context) -> Outcome:
    """Add the spelling."""
    product = context.load(Product, product_id(command.code))
    product.add_alias(command.alias)
    return context.save(product)


@handles(WithdrawProduct)
def withdraw_product(command: WithdrawProduct, context: Context) -> Outcome:
    """Withdraw."""
    product = context.load(Product, product_id(command.code))
    product.withdraw()
    return context.save(product)
