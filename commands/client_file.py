"""What is asked about files: to add one whose bytes were taken in, and to remove one."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from aggregates.client_file import ClientFile, FileIsUnknownError, GivenFile
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.named_client import named_client
from commands.roles import ENTERING
from events.client_file import MediaType
from events.examples import OFFER_SHEET, ROMASHKA, example
from events.ids import ClientId, files_of
from events.values import Digest, EditedKind, ShortText, Text

LARGEST = 10**13
"""Bytes of a file, whatever a setting allows."""


@example(
    client_id=ROMASHKA,
    file_id=OFFER_SHEET,
    name="Offer 12.pdf",
    media_type="application/pdf",
    size_bytes=48_211,
    digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    stored="60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
)
class AddClientFile(Command):
    """Give a client a file; only the door that takes its bytes in may say so, once they are on the disk."""

    ROLES, EDITS = ENTERING, EditedKind.NOTES
    HAS_DOOR: ClassVar[bool] = False

    client_id: ClientId
    file_id: UUID
    name: ShortText
    sent_name: Text | None = None
    media_type: MediaType
    size_bytes: Annotated[int, Field(ge=1, le=LARGEST)]
    digest: Digest
    stored: Digest


@example(client_id=ROMASHKA, file_id=OFFER_SHEET, reason="It is another client's")
class RemoveClientFile(Command):
    """Take a file away from a client: it is listed no more, and some days later its bytes are destroyed."""

    ROLES, EDITS = ENTERING, EditedKind.NOTES

    client_id: ClientId
    file_id: UUID
    reason: Text | None = None


@handles(AddClientFile)
def add_client_file(command: AddClientFile, context: Context) -> Outcome:
    named_client(context, command.client_id)
    files = found_or_new(context, ClientFile, files_of(command.client_id))
    told = command.model_dump(include=set(GivenFile._fields))
    files.add(command.client_id, GivenFile(**told))
    return context.save(files)


@handles(RemoveClientFile)
def remove_client_file(command: RemoveClientFile, context: Context) -> Outcome:
    """Remove it, whoever of those who are the client brought it."""
    client = named_client(context, command.client_id)
    for each in (command.client_id, *client.parts):
        files = context.find(ClientFile, files_of(each))
        if files is not None and files.has(command.file_id):
            files.remove(each, command.file_id, command.reason)
            return context.save(files)
    raise FileIsUnknownError(client_id=command.client_id, file_id=command.file_id)
