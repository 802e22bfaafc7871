"""What happens to a field that the company itself gives its clients: what it is called, and what may stand in it."""

from enum import StrEnum
from typing import ClassVar

from events.base import Event
from events.examples import COLD, HOT, HOT_BY_NEW_NAME, TEMPERATURE, TEMPERATURE_FIELD, WARM, example
from events.labels import FieldOption, GivenLabels
from events.values import Code


class CustomFieldType(StrEnum):
    """What may stand in a field; it never changes, so that what stands in it stays true."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"


@example(
    on=TEMPERATURE_FIELD,
    code=TEMPERATURE,
    type=CustomFieldType.CHOICE,
    labels=GivenLabels(en="Interest", ru="Интерес"),
    options=(HOT, COLD),
)
class CustomFieldDefined(Event):
    """Clients have one more field; of a choice its options are named, in order."""

    TOPIC: ClassVar[str] = "custom_field.defined"

    code: Code
    type: CustomFieldType
    labels: GivenLabels
    options: tuple[FieldOption, ...] = ()


@example(
    on=TEMPERATURE_FIELD,
    from_labels=GivenLabels(en="Interest", ru="Интерес"),
    to_labels=GivenLabels(en="Temperature", ru="Температура"),
)
class CustomFieldRelabelled(Event):
    """A field is called differently now."""

    TOPIC: ClassVar[str] = "custom_field.relabelled"

    from_labels: GivenLabels
    to_labels: GivenLabels


@example(on=TEMPERATURE_FIELD, option=WARM)
class FieldOptionAdded(Event):
    """A choice got one more option, the last one."""

    TOPIC: ClassVar[str] = "custom_field.option_added"

    option: FieldOption


@example(on=TEMPERATURE_FIELD, from_option=HOT, to_option=HOT_BY_NEW_NAME)
class FieldOptionRelabelled(Event):
    """An option is called differently now."""

    TOPIC: ClassVar[str] = "custom_field.option_relabelled"

    from_option: FieldOption
    to_option: FieldOption


@example(on=TEMPERATURE_FIELD, option="cold")
class FieldOptionRetired(Event):
    """The option is not chosen any more; whoever has it keeps it."""

    TOPIC: ClassVar[str] = "custom_field.option_retired"

    option: Code


@example(on=TEMPERATURE_FIELD, option="cold")
class FieldOptionRestored(Event):
    """An option may be chosen again that was retired."""

    TOPIC: ClassVar[str] = "custom_field.option_restored"

    option: Code


@example(on=TEMPERATURE_FIELD)
class CustomFieldRetired(Event):
    """The field is not filled in any more; what stands in it is still told."""

    TOPIC: ClassVar[str] = "custom_field.retired"


@example(on=TEMPERATURE_FIELD)
class CustomFieldRestored(Event):
    """A field may be filled in again that was retired."""

    TOPIC: ClassVar[str] = "custom_field.restored"
