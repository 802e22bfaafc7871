"""What happens to money boxes."""

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from events.base import Event


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class BoxOpened(Event):
    """Somebody got a box; only its holder drops coins into it."""

    TOPIC: ClassVar[str] = "box.opened"

    holder: str | None = None
    colour: Colour | None = None
    note: str | None = None


class CoinDropped(Event):
    """A coin was dropped into a box; one that is `poison` no fold can take, and an `unreadable` one no reader."""

    TOPIC: ClassVar[str] = "box.coin_dropped"

    holder: str | None = None
    amount: Decimal = Decimal(1)
    colour: Colour | None = None
    note: str | None = None
    poison: bool = False
    unreadable: bool = False


class BoxLookedAt(Event):
    """Somebody looked into a box, and left it as it was."""

    TOPIC: ClassVar[str] = "box.looked_at"


class BoxBroken(Event):
    """The box is no more."""

    TOPIC: ClassVar[str] = "box.broken"


EVENT_TYPES: dict[str, type[Event]] = {one.TOPIC: one for one in (BoxOpened, CoinDropped, BoxLookedAt, BoxBroken)}
