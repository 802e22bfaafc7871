"""What stands in the fields of a client that the company itself defined."""

from typing import Annotated, ClassVar

from events.base import Event
from events.custom_field import CustomFieldType
from events.examples import FIELDS_OF_ROMASHKA, ROMASHKA, TEMPERATURE, example
from events.ids import ClientId
from events.marks import PERSONAL
from events.values import Code, ShortText


@example(on=FIELDS_OF_ROMASHKA, client_id=ROMASHKA, code=TEMPERATURE, type=CustomFieldType.CHOICE, value="hot")
class ClientFieldSet(Event):
    """A field of a client was filled in, or what stood in it was replaced.

    The value is written in one way by its type: a number with a point and no exponent and no zeros that say nothing, a
    day as its year, month and day, true or false, the code of an option.
    """

    TOPIC: ClassVar[str] = "client_field.set"

    client_id: ClientId
    code: Code
    type: CustomFieldType
    # It says something of the client, and is forgotten with them.
    value: Annotated[ShortText, PERSONAL]


@example(on=FIELDS_OF_ROMASHKA, client_id=ROMASHKA, code=TEMPERATURE)
class ClientFieldCleared(Event):
    """Nothing stands in a field of a client any more."""

    TOPIC: ClassVar[str] = "client_field.cleared"

    client_id: ClientId
    code: Code
