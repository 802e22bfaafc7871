"""What is asked about the company's own fields of a client: to fill one in, to clear it."""

from aggregates.client_field import ClientField
from aggregates.custom_field import CustomField, CustomFieldIsUnknownError
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.named_client import named_client
from commands.roles import ENTERING
from events.examples import ROMASHKA, TEMPERATURE, example
from events.ids import ClientId, custom_field_of, fields_of
from events.values import Code, EditedKind, ShortText


class OfClientField(Command):
    """A command on a field of a client; who joined another one may be named, and keeps it when the two are apart."""

    client_id: ClientId
    code: Code


@example(client_id=ROMASHKA, code=TEMPERATURE, value="hot")
class SetClientField(OfClientField):
    """Fill in a field of a client, or replace what stands in it; what stands there already changes nothing.

    A number is written like 1200.5, a day like 2026-11-30, yes and no as true and false, a choice by the code of its
    option.
    """

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    value: ShortText


@example(client_id=ROMASHKA, code=TEMPERATURE)
class ClearClientField(OfClientField):
    """Take away what stands in a field of a client, also in a retired one."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL


@handles(SetClientField)
def set_client_field(command: SetClientField, context: Context) -> Outcome:
    named_client(context, command.client_id)
    values = found_or_new(context, ClientField, fields_of(command.client_id))
    values.fill(command.client_id, field_named(context, command.code), command.value)
    return context.save(values)


@handles(ClearClientField)
def clear_client_field(command: ClearClientField, context: Context) -> Outcome:
    """Clear it; where nothing stands nothing is recorded."""
    client = named_client(context, command.client_id)
    field = field_named(context, command.code)
    values = found_or_new(context, ClientField, fields_of(command.client_id))
    found = (context.find(ClientField, fields_of(each)) for each in client.parts)
    values.clear(command.client_id, field.code, [each for each in found if each is not None])
    return context.save(values)


def field_named(context: Context, code: str) -> CustomField:
    """Return the field of this code; raises CustomFieldIsUnknownError."""
    field = context.find(CustomField, custom_field_of(code))
    if field is None:
        raise CustomFieldIsUnknownError(code=code)
    return field
