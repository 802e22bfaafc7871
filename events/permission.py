"""By which channels and for which purposes a client is addressed, and what every word on that says."""

from enum import StrEnum
from typing import Annotated

from events.base import Event
from events.ids import ClientId
from events.marks import PERSONAL
from events.values import ShortText, Text


class PermissionChannel(StrEnum):
    """How a client is addressed who did not ask; each needs a consent of its own."""

    CALL = "call"
    SMS = "sms"
    EMAIL = "email"
    MESSENGER = "messenger"
    LETTER = "letter"


class PermissionPurpose(StrEnum):
    """What for. What a contract or the law demands to be told needs nobody's consent, and stands not here."""

    ADVERTISING = "advertising"
    NEWS = "news"
    EVENTS = "events"
    RESEARCH = "research"
    PARTNERS = "partners"


class PermissionWord(Event):
    """Something that a client said of being addressed; `source` is where."""

    client_id: ClientId
    source: Annotated[ShortText, PERSONAL]


class Restricting(PermissionWord):
    """What forbids; without a channel it is of every one, without a purpose of every purpose."""

    addressed_by: PermissionChannel | None = None
    purpose: PermissionPurpose | None = None
    evidence: Annotated[Text | None, PERSONAL] = None
