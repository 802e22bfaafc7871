"""What happens to a product of the catalogue."""

from typing import ClassVar

from events.base import Event
from events.examples import GTX, GTX_ID, example
from events.values import Code, OpenShortText


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


@example(on=GTX_ID)
class ProductWithdrawn(Event):
    """The product is not offered any more."""

    TOPIC: ClassVar[str] = "product.withdrawn"
