"""What happens to a product of the catalogue."""

from typing import ClassVar

from events.base import Event
from events.examples import GTX, GTX_ID, GTX_PLUS, VAT, example
from events.values import Code, OpenShortText, Value


class ProductDescription(Value):
    """What documents, discounts and taxes have to know of a product; what nobody said is None.

    `unit` is in what it is counted, as documents print it; `group` and `tax_code` are codes.
    """

    unit: OpenShortText | None = None
    group: Code | None = None
    tax_code: Code | None = None


UNDESCRIBED = ProductDescription()
IN_PIECES = ProductDescription(unit="pcs", group="scales", tax_code=VAT)


@example(on=GTX_ID, code=GTX, name="GTX Pro", series="GTX", aliases=("GTXPro",))
class ProductListed(Event):
    """The company offers a new product; aliases are other spellings found in old data."""

    TOPIC: ClassVar[str] = "product.listed"

    code: Code
    name: OpenShortText
    series: OpenShortText | None = None
    aliases: tuple[OpenShortText, ...] = ()


@example(on=GTX_ID, from_name="GTX Pro", to_name="GTX Pro 2")
class ProductRenamed(Event):
    """A product is called differently now."""

    TOPIC: ClassVar[str] = "product.renamed"

    from_name: OpenShortText
    to_name: OpenShortText


@example(on=GTX_ID, alias="GTX-Pro")
class ProductAliasAdded(Event):
    """The product is also known under another spelling."""

    TOPIC: ClassVar[str] = "product.alias_added"

    alias: OpenShortText


@example(on=GTX_ID, from_description=UNDESCRIBED, to_description=IN_PIECES)
class ProductDescribed(Event):
    """The unit, the group or the tax of a product is another one now."""

    TOPIC: ClassVar[str] = "product.described"

    from_description: ProductDescription
    to_description: ProductDescription


@example(on=GTX_ID, from_code=None, to_code=GTX_PLUS)
class ProductSucceeded(Event):
    """Another product is offered in its place, or, with none named, no other one any more."""

    TOPIC: ClassVar[str] = "product.succeeded"

    from_code: Code | None = None
    to_code: Code | None = None


@example(on=GTX_ID)
class ProductWithdrawn(Event):
    """The product is not offered any more."""

    TOPIC: ClassVar[str] = "product.withdrawn"
