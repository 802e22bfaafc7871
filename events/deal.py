"""What happens to a deal, from the first offer to its end."""

from typing import ClassVar
from uuid import UUID

from events.base import Event
from events.values import Code, Money, ShortText, Text


class DealOpened(Event):
    """A possible sale began."""

    TOPIC: ClassVar[str] = "deal.opened"

    client_id: UUID | None = None
    seller_id: UUID
    pipeline_id: UUID
    stage: Code
    title: ShortText | None = None
    product_code: Code | None = None
    amount: Money | None = None
    external_id: ShortText | None = None
    date_unknown: bool = False


class DealClientNamed(Event):
    """It became known which client the deal is with."""

    TOPIC: ClassVar[str] = "deal.client_named"

    client_id: UUID


class DealMoved(Event):
    """An open deal changed stage."""

    TOPIC: ClassVar[str] = "deal.moved"

    from_stage: Code
    to_stage: Code
    reason: Text | None = None


class DealRevalued(Event):
    """An open deal is worth another amount."""

    TOPIC: ClassVar[str] = "deal.revalued"

    from_amount: Money | None = None
    to_amount: Money | None = None
    reason: Text | None = None


class DealHandedOver(Event):
    """Another seller leads the deal now."""

    TOPIC: ClassVar[str] = "deal.handed_over"

    from_seller_id: UUID
    to_seller_id: UUID
    reason: Text | None = None


class DealWon(Event):
    """The client bought; amount and seller are what is credited."""

    TOPIC: ClassVar[str] = "deal.won"

    from_stage: Code
    amount: Money
    seller_id: UUID
    product_code: Code | None = None


class DealLost(Event):
    """The client did not buy, for a reason."""

    TOPIC: ClassVar[str] = "deal.lost"

    from_stage: Code
    reason: Text
    seller_id: UUID


class DealReopened(Event):
    """A deal that had ended is open again."""

    TOPIC: ClassVar[str] = "deal.reopened"

    to_stage: Code
    reason: Text
