"""What happens to a product of the catalogue."""

from typing import ClassVar

from events.base import Event
from events.values import Code, ShortText


class ProductListed(Event):
    """The company offers a new product; aliases are other spellings found in old data."""

    TOPIC: ClassVar[str] = "product.listed"

    code: Code
    name: ShortText
    series: ShortText | None = None
    aliases: tuple[ShortText, ...] = ()


class ProductRenamed(Event):
    """A product is called differently now."""

    TOPIC: ClassVar[str] = "product.renamed"

    from_name: ShortText
    to_name: ShortText


class ProductAliasAdded(Event):
    """The product is also known under another spelling."""

    TOPIC: ClassVar[str] = "product.alias_added"

    alias: ShortText


class ProductWithdrawn(Event):
    """The product is not offered any more."""

    TOPIC: ClassVar[str] = "product.withdrawn"
