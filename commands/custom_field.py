"""What is asked about the company's own fields of clients: to define one, to call it otherwise, to use it no more."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from aggregates.custom_field import MOST_OPTIONS, CustomField
from commands.base import Command, Context, Outcome, handles, wrong_field
from commands.roles import HEADING, Roles
from events.custom_field import CustomFieldType
from events.examples import COLD, HOT, HOT_BY_NEW_NAME, TEMPERATURE, WARM, example
from events.ids import custom_field_of
from events.labels import FieldOption, GivenLabels
from events.values import Code

FORMS: Roles = HEADING | {"operator"}
"""Decide what is asked of clients: whoever keeps personal data, and who leads."""


class OfCustomField(Command):
    """A command on a field, by its code."""

    ROLES, EDITS = FORMS, None

    code: Code


@example(
    code=TEMPERATURE, type=CustomFieldType.CHOICE, labels=GivenLabels(en="Interest", ru="Интерес"), options=(HOT, COLD)
)
class DefineCustomField(OfCustomField):
    """Give clients one more field, of a type that never changes; its code says which field it is."""

    type: CustomFieldType
    labels: GivenLabels
    options: Annotated[tuple[FieldOption, ...], Field(max_length=MOST_OPTIONS)] = ()

    @model_validator(mode="after")
    def _has_options_if_it_is_a_choice(self) -> Self:
        if (self.type is CustomFieldType.CHOICE) is not bool(self.options):
            raise wrong_field("options", "options_of_a_choice", "a choice has options, and nothing else has")
        return self


@example(code=TEMPERATURE, labels=GivenLabels(en="Temperature", ru="Температура"))
class RelabelCustomField(OfCustomField):
    """Call a field differently."""

    labels: GivenLabels


@example(code=TEMPERATURE, option=WARM)
class AddFieldOption(OfCustomField):
    """Add an option to a choice, as the last one."""

    option: FieldOption


@example(code=TEMPERATURE, option=HOT_BY_NEW_NAME)
class RelabelFieldOption(OfCustomField):
    """Call an option of a choice differently."""

    option: FieldOption


@example(code=TEMPERATURE, option="cold")
class RetireFieldOption(OfCustomField):
    """Let an option be chosen no more; whoever has it keeps it."""

    option: Code


@example(code=TEMPERATURE, option="cold")
class RestoreFieldOption(OfCustomField):
    """Let an option be chosen again that was retired."""

    option: Code


@example(code=TEMPERATURE)
class RetireCustomField(OfCustomField):
    """Let a field be filled in no more; what stands in it is still told, found and cleared."""


@example(code=TEMPERATURE)
class RestoreCustomField(OfCustomField):
    """Let a field be filled in again that was retired."""


@handles(DefineCustomField)
def define_custom_field(command: DefineCustomField, context: Context) -> Outcome:
    """Define the field under its code."""
    field = context.new(CustomField, custom_field_of(command.code))
    field.define(command.code, command.type, command.labels, command.options)
    return context.save(field)


@handles(RelabelCustomField)
def relabel_custom_field(command: RelabelCustomField, context: Context) -> Outcome:
    field = _named(command, context)
    field.relabel(command.labels)
    return context.save(field)


@handles(AddFieldOption)
def add_field_option(command: AddFieldOption, context: Context) -> Outcome:
    field = _named(command, context)
    field.add_option(command.option)
    return context.save(field)


@handles(RelabelFieldOption)
def relabel_field_option(command: RelabelFieldOption, context: Context) -> Outcome:
    field = _named(command, context)
    field.relabel_option(command.option)
    return context.save(field)


@handles(RetireFieldOption)
def retire_field_option(command: RetireFieldOption, context: Context) -> Outcome:
    field = _named(command, context)
    field.retire_option(command.option)
    return context.save(field)


@handles(RestoreFieldOption)
def restore_field_option(command: RestoreFieldOption, context: Context) -> Outcome:
    field = _named(command, context)
    field.restore_option(command.option)
    return context.save(field)


@handles(RetireCustomField)
def retire_custom_field(command: RetireCustomField, context: Context) -> Outcome:
    field = _named(command, context)
    field.retire()
    return context.save(field)


@handles(RestoreCustomField)
def restore_custom_field(command: RestoreCustomField, context: Context) -> Outcome:
    field = _named(command, context)
    field.restore()
    return context.save(field)


def _named(command: OfCustomField, context: Context) -> CustomField:
    return context.load(CustomField, custom_field_of(command.code))
