"""What is asked about telling clients how their data are kept confidential."""

from aggregates.client import Client
from commands.base import Command, Context, Outcome, handles
from commands.roles import ENTERING
from events.examples import NOTICE_TEXT, ROMASHKA, example
from events.ids import ClientId
from events.values import Channel, EditedKind, Version


@example(client_id=ROMASHKA, text_version=NOTICE_TEXT, channel=Channel.EMAIL)
class GiveDataNotice(Command):
    """Say that a client was told what is done for the confidentiality of their data, by which version of the text."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    client_id: ClientId
    text_version: Version
    channel: Channel


@handles(GiveDataNotice)
def give_data_notice(command: GiveDataNotice, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    client.give_data_notice(command.text_version, command.channel)
    return context.save(client)
