"""What stands in the company's own fields of one client: in each field one value."""

from collections.abc import Iterable
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from aggregates.custom_field import CustomField
from events.client_field import ClientFieldCleared, ClientFieldSet

MOST_FIELDS = 100
"""So many fields of one client are filled in: all of them stand on the card."""


class TooManyClientFieldsError(RuleBrokenError):
    """As many fields of the client are filled in as may be; facts: client_id, most."""

    code = "too-many-client-fields"


class FieldIsOfAPartError(RuleBrokenError):
    """A client who turned out to be this one brought the value; facts: client_id, part_id."""

    code = "field-is-of-a-part"


class ClientField(Aggregate):
    """The fields of one client, under an id made of theirs (`events.ids.fields_of`)."""

    KIND = "client_field"

    client_id: UUID | None
    values: dict[str, str]

    def start(self) -> None:
        self.client_id = None
        self.values = {}

    @property
    def subject_id(self) -> UUID:
        """The client, whose key encrypts the values."""
        return self.client_id or self.id

    def fill(self, client_id: UUID, field: CustomField, value: str) -> None:
        """Record what stands in a field; what stands there already, however it is written, records nothing."""
        told = field.canonical(value)
        if self.values.get(field.code) == told:
            return
        field.check_takes(told)
        if field.code not in self.values and len(self.values) >= MOST_FIELDS:
            raise TooManyClientFieldsError(client_id=client_id, most=MOST_FIELDS)
        self.trigger_event(ClientFieldSet, client_id=client_id, code=field.code, type=field.type, value=told)

    def clear(self, client_id: UUID, code: str, parts: Iterable["ClientField"]) -> None:
        """Record that nothing stands in a field any more; where nothing does, that records nothing.

        Raises FieldIsOfAPartError where one of the `parts`, who turned out to be the client, has a value there.
        """
        if code in self.values:
            self.trigger_event(ClientFieldCleared, client_id=client_id, code=code)
            return
        part = next((each for each in parts if code in each.values), None)
        if part is not None:
            raise FieldIsOfAPartError(client_id=client_id, part_id=part.client_id)

    def put_back(self, client_id: UUID, field: CustomField, value: str | None) -> None:
        """Record that what was known of a field before an import counts again, also in a retired one; None: nothing."""
        told = None if value is None else field.canonical(value)
        if told is None:
            self.clear(client_id, field.code, ())
        elif self.values.get(field.code) != told:
            self.trigger_event(ClientFieldSet, client_id=client_id, code=field.code, type=field.type, value=told)

    @applies(ClientFieldSet)
    def _set(self, event: ClientFieldSet) -> None:
        self.client_id = event.client_id
        self.values[event.code] = event.value

    @applies(ClientFieldCleared)
    def _cleared(self, event: ClientFieldCleared) -> None:
        self.client_id = event.client_id
        self.values.pop(event.code, None)
