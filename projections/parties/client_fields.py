"""One row is what stands now in one of the company's own fields of a client.

Read by GET /clients/{id}?include=fields, GET /clients?field= and GET /custom-fields/{code}/values.
"""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client_field import ClientFieldCleared, ClientFieldSet
from events.custom_field import CustomFieldType
from infra.projector.projection import Key, Projection
from infra.typed import tag_key


class ClientFieldRow(NamedTuple):
    """The value as it is told, what it is compared by, and of a number the number; days compare as they are written."""

    client_id: UUID
    code: str
    type: str
    value: str
    compared: str
    number: Decimal | None
    set_at: datetime


client_fields = Projection(
    name="client_fields",
    row=ClientFieldRow,
    key=("client_id", "code"),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)


def _of_field(event: ClientFieldSet | ClientFieldCleared) -> tuple[Key, ...]:
    return ((event.client_id, event.code),)


@client_fields.on(ClientFieldSet, keys=_of_field)
def filled(_: ClientFieldRow | None, event: ClientFieldSet, key: Key) -> ClientFieldRow:
    client_id, code = key
    number = Decimal(event.value) if event.type is CustomFieldType.NUMBER else None
    return ClientFieldRow(
        client_id, code, event.type.value, event.value, tag_key(event.value), number, event.occurred_at
    )


@client_fields.on(ClientFieldCleared, keys=_of_field)
def cleared(_row: ClientFieldRow | None, _event: ClientFieldCleared, _key: Key) -> None:
    return None
