"""What the company sells: a small catalogue of products, each with one code and its other spellings."""

from uuid import UUID, uuid5

from aggregates.base import Aggregate, RuleBrokenError, applies
from events.product import (
    UNDESCRIBED,
    ProductAliasAdded,
    ProductDescribed,
    ProductDescription,
    ProductListed,
    ProductRenamed,
    ProductSucceeded,
    ProductWithdrawn,
)

PRODUCTS = UUID("0b6f6c0e-6a0a-5d3e-9a55-1f9f3a1d7c11")


def product_id(code: str) -> UUID:
    """Return the stream of the product with this code: one code is one product, whoever lists it first."""
    return uuid5(PRODUCTS, code)


class ProductIsWithdrawnError(RuleBrokenError):
    """The product is not offered any more; facts: code."""

    code = "product-is-withdrawn"


class SuccessionIsACircleError(RuleBrokenError):
    """A product would succeed itself, at once or by way of others; facts: code, successor_code."""

    code = "succession-is-a-circle"


class Product(Aggregate):
    """One product of the catalogue."""

    KIND = "product"

    code: str
    name: str
    aliases: set[str]
    description: ProductDescription
    successor_code: str | None
    is_withdrawn: bool

    def start(self) -> None:
        self.code = ""
        self.name = ""
        self.aliases = set()
        self.description = UNDESCRIBED
        self.successor_code = None
        self.is_withdrawn = False

    def check_offered(self) -> None:
        """Raise ProductIsWithdrawnError when the product is not offered any more."""
        if self.is_withdrawn:
            raise ProductIsWithdrawnError(code=self.code)

    def enter(self, *, code: str, name: str, series: str | None = None, aliases: tuple[str, ...] = ()) -> None:
        """Record that the company offers a new product."""
        self.trigger_event(ProductListed, code=code, name=name, series=series, aliases=tuple(dict.fromkeys(aliases)))

    def rename(self, name: str) -> None:
        """Record another name; the present one records nothing."""
        if name == self.name:
            return
        self.check_offered()
        self.trigger_event(ProductRenamed, from_name=self.name, to_name=name)

    def add_alias(self, alias: str) -> None:
        """Record another spelling; a known one records nothing."""
        if alias in self.aliases or alias == self.name:
            return
        self.check_offered()
        self.trigger_event(ProductAliasAdded, alias=alias)

    def describe(self, description: ProductDescription) -> None:
        """Record another unit, group or tax; the present ones record nothing."""
        if description == self.description:
            return
        self.check_offered()
        self.trigger_event(ProductDescribed, from_description=self.description, to_description=description)

    def succeed_by(self, code: str | None) -> None:
        """Record which product is offered in its place, withdrawn or not; the known one records nothing."""
        if code != self.successor_code:
            self.trigger_event(ProductSucceeded, from_code=self.successor_code, to_code=code)

    def withdraw(self) -> None:
        """Record that the product is not offered any more; what is withdrawn already records nothing."""
        if self.is_withdrawn:
            return
        self.trigger_event(ProductWithdrawn)

    @applies(ProductListed)
    def _listed(self, event: ProductListed) -> None:
        self.code, self.name, self.aliases = event.code, event.name, set(event.aliases)

    @applies(ProductRenamed)
    def _renamed(self, event: ProductRenamed) -> None:
        self.name = event.to_name

    @applies(ProductAliasAdded)
    def _alias_added(self, event: ProductAliasAdded) -> None:
        self.aliases.add(event.alias)

    @applies(ProductDescribed)
    def _described(self, event: ProductDescribed) -> None:
        self.description = event.to_description

    @applies(ProductSucceeded)
    def _succeeded(self, event: ProductSucceeded) -> None:
        self.successor_code = event.to_code

    @applies(ProductWithdrawn)
    def _withdrawn(self, _: ProductWithdrawn) -> None:
        self.is_withdrawn = True
