"""What clients are marked with, so that those of one kind are found together."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import ROMASHKA, TAGS_OF_ROMASHKA, example
from events.ids import ClientId
from events.marks import PERSONAL
from events.values import ShortText


@example(on=TAGS_OF_ROMASHKA, client_id=ROMASHKA, tag="Exhibition 2026")
class ClientTagged(Event):
    """A client was given a tag."""

    TOPIC: ClassVar[str] = "client_tag.given"

    client_id: ClientId
    # It says something of the client, and is forgotten with them.
    tag: Annotated[ShortText, PERSONAL]


@example(on=TAGS_OF_ROMASHKA, client_id=ROMASHKA, tag="Exhibition 2026")
class ClientUntagged(Event):
    """A tag was taken from a client."""

    TOPIC: ClassVar[str] = "client_tag.taken"

    client_id: ClientId
    tag: Annotated[ShortText, PERSONAL]
