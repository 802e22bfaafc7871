"""The files of a client: that there is one and what it is called; its bytes lie outside the log, under its digest."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, StringConstraints

from events.base import Event
from events.examples import FILES_OF_ROMASHKA, OFFER_SHEET, ROMASHKA, example
from events.ids import ClientId
from events.marks import PERSONAL
from events.values import Digest, ShortText, Text

MEDIA_TYPE = r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$"
MediaType = Annotated[str, StringConstraints(pattern=MEDIA_TYPE)]
"""What kind of content a file has (RFC 6838), in small letters and without parameters: application/pdf."""


@example(
    on=FILES_OF_ROMASHKA,
    client_id=ROMASHKA,
    file_id=OFFER_SHEET,
    file_name="Offer 12.pdf",
    media_type="application/pdf",
    size_bytes=48_211,
    digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    stored="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
)
class ClientFileAdded(Event):
    """A client was given a file, whose bytes were on the disk before."""

    TOPIC: ClassVar[str] = "client_file.added"

    client_id: ClientId
    file_id: UUID
    file_name: Annotated[ShortText, PERSONAL]
    # As it was sent, where that is not the name.
    sent_name: Annotated[Text | None, PERSONAL] = None
    media_type: Annotated[MediaType, PERSONAL]
    size_bytes: Annotated[int, Field(ge=1)]
    # SHA-256 of the content: it says what the content is to whoever has it too, so it is as personal.
    digest: Annotated[Digest, PERSONAL]
    # SHA-256 of what lies on the disk, which is encrypted: anybody can check that, with no key.
    stored: Digest


@example(
    on=FILES_OF_ROMASHKA,
    client_id=ROMASHKA,
    file_id=OFFER_SHEET,
    stored="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    reason="It is another client's",
)
class ClientFileRemoved(Event):
    """A file was taken away from a client; its bytes are destroyed some time later."""

    TOPIC: ClassVar[str] = "client_file.removed"

    client_id: ClientId
    file_id: UUID
    stored: Digest
    reason: Annotated[Text | None, PERSONAL] = None
