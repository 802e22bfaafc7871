"""What is asked about tags: to give one to a client, and to take it away."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from aggregates.client import Client
from aggregates.client_tag import ClientTag
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.named_client import named_client
from commands.roles import ENTERING
from events.examples import ROMASHKA, example
from events.ids import ClientId, tags_of
from events.values import EditedKind, ShortText
from infra.typed import cleaned

LONGEST_TAG = 50

Tag = Annotated[
    ShortText, StringConstraints(max_length=LONGEST_TAG), AfterValidator(cleaned), Field(pattern=r"^[^\x00]*[^\s\x00]")
]
"""A tag as it is typed, without what nobody sees."""


class OfTag(Command):
    """A command on a tag of a client; who joined another one may be named, and keeps it when the two are apart."""

    client_id: ClientId
    tag: Tag


@example(client_id=ROMASHKA, tag="Exhibition 2026")
class TagClient(OfTag):
    """Give a client a tag, so that those who have it are found together; what they have already changes nothing."""

    ROLES, EDITS = ENTERING, EditedKind.CLIENTS


@example(client_id=ROMASHKA, tag="Exhibition 2026")
class UntagClient(OfTag):
    """Take a tag from a client."""

    ROLES, EDITS = ENTERING, EditedKind.CLIENTS


@handles(TagClient)
def tag_client(command: TagClient, context: Context) -> Outcome:
    named_client(context, command.client_id)
    tags = _tags(command.client_id, context)
    tags.give(command.client_id, command.tag)
    return context.save(tags)


@handles(UntagClient)
def untag_client(command: UntagClient, context: Context) -> Outcome:
    """Take it away; of what nobody ever gave nothing is recorded."""
    client: Client = named_client(context, command.client_id)
    tags = _tags(command.client_id, context)
    found = (context.find(ClientTag, tags_of(each)) for each in client.parts)
    tags.take(command.client_id, command.tag, [each for each in found if each is not None])
    return context.save(tags)


def _tags(client_id: ClientId, context: Context) -> ClientTag:
    return found_or_new(context, ClientTag, tags_of(client_id))
