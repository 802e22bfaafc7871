"""What clients are to each other: family, partners, who referred whom."""

from enum import StrEnum
from typing import Annotated, ClassVar

from events.base import Event
from events.examples import HOLDING, HOLDING_REFERRED_ROMASHKA, ROMASHKA, example
from events.ids import ClientId
from events.marks import PERSONAL
from events.values import Text


class RelationKind(StrEnum):
    """What the other one is to the client."""

    SPOUSE = "spouse"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    RELATIVE = "relative"
    PARTNER = "partner"
    REFERRER = "referrer"
    REFERRED = "referred"


@example(on=HOLDING_REFERRED_ROMASHKA, client_id=ROMASHKA, other_id=HOLDING, kind=RelationKind.REFERRER)
class ClientsRelated(Event):
    """Another client is this to a client since then."""

    TOPIC: ClassVar[str] = "client_relation.began"

    client_id: ClientId
    other_id: ClientId
    kind: RelationKind


@example(
    on=HOLDING_REFERRED_ROMASHKA,
    client_id=ROMASHKA,
    other_id=HOLDING,
    kind=RelationKind.REFERRER,
    reason="it was another one",
)
class RelationEnded(Event):
    """Another client is this to a client no more."""

    TOPIC: ClassVar[str] = "client_relation.ended"

    client_id: ClientId
    other_id: ClientId
    kind: RelationKind
    reason: Annotated[Text | None, PERSONAL] = None
