"""What clients say of being addressed: to which messages they agree, and to which they object."""

from typing import Annotated, ClassVar

from pydantic import Field

from events.base import Event
from events.examples import MAY_ROMASHKA, NOTICE_TEXT, ROMASHKA, example
from events.ids import ClientId
from events.marks import PERSONAL
from events.permission import PermissionChannel, PermissionPurpose, PermissionWord, Restricting
from events.values import Text, Version


@example(
    on=MAY_ROMASHKA,
    client_id=ROMASHKA,
    addressed_by=PermissionChannel.EMAIL,
    purpose=PermissionPurpose.NEWS,
    text_version=NOTICE_TEXT,
    source="web form",
    evidence="Ticked the box, and answered the letter of confirmation",
)
class ConsentGiven(PermissionWord):
    """The client agreed to be addressed in one way for one purpose, by this version of the text."""

    TOPIC: ClassVar[str] = "client_permission.consent_given"

    addressed_by: PermissionChannel
    purpose: PermissionPurpose
    text_version: Version
    evidence: Annotated[Text, PERSONAL]


@example(on=MAY_ROMASHKA, client_id=ROMASHKA, addressed_by=PermissionChannel.EMAIL, source="link in a letter")
class ConsentWithdrawn(Restricting):
    """The client agrees no more."""

    TOPIC: ClassVar[str] = "client_permission.consent_withdrawn"


@example(on=MAY_ROMASHKA, client_id=ROMASHKA, addressed_by=PermissionChannel.CALL, source="call")
class ObjectionRaised(Restricting):
    """The client does not want to be addressed so, whatever was agreed before or is agreed since."""

    TOPIC: ClassVar[str] = "client_permission.objection_raised"


@example(
    on=MAY_ROMASHKA,
    client_id=ROMASHKA,
    addressed_by=PermissionChannel.CALL,
    source="letter",
    evidence="Signed by the director",
)
class ObjectionLifted(PermissionWord):
    """The client does not object any more; without a channel or a purpose: to none of them."""

    TOPIC: ClassVar[str] = "client_permission.objection_lifted"

    addressed_by: PermissionChannel | None = None
    purpose: PermissionPurpose | None = None
    evidence: Annotated[Text, PERSONAL]


@example(on=MAY_ROMASHKA, client_id=ROMASHKA, number=1, reason="it was another client")
class PermissionEntryRetracted(Event):
    """What was recorded as the n-th thing in this stream the client had never said."""

    TOPIC: ClassVar[str] = "client_permission.entry_retracted"

    client_id: ClientId
    number: Annotated[int, Field(ge=1)]
    reason: Annotated[Text, PERSONAL]
