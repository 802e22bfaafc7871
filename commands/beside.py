"""What is said beside a client's card by who tells of the card too: what stands in the company's own fields, and tags.

Each kind has a stream of its own; what a row of old records says of all of them is one decision with the card.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from aggregates.base import Aggregate
from aggregates.client import Client
from aggregates.client_field import MOST_FIELDS, ClientField
from aggregates.client_tag import MOST_TAGS, ClientTag
from aggregates.custom_field import CustomField
from commands.base import Context, found_or_new
from commands.client_field import field_named
from commands.client_tag import Tag
from events.ids import custom_field_of, fields_of, tags_of
from events.values import Code, ShortText, Value


class FieldSaid(Value):
    """What stands in a field of the company's own, as `set-client-field` takes it; no value: nothing any more."""

    code: Code
    value: ShortText | None = None


class Beside(Value):
    """What is said beside the card: fields that are filled in or cleared, and tags that are given."""

    fields: Annotated[tuple[FieldSaid, ...], Field(max_length=MOST_FIELDS)] = ()
    tags: Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS)] = ()

    def streams(self, client_id: UUID) -> Iterator[tuple[UUID, type[Aggregate]]]:
        """Give the streams that are looked at where this is said of a client."""
        for said in self.fields:
            yield custom_field_of(said.code), CustomField
        if self.fields:
            yield fields_of(client_id), ClientField
        if self.tags:
            yield tags_of(client_id), ClientTag


def rehearse_beside(context: Context, client: Client, beside: Beside | None) -> None:
    """Refuse what `say_beside` would refuse, before anything is recorded of the client; it records nothing."""
    _say(context, client, beside, deepcopy)


def say_beside(context: Context, client: Client, beside: Beside | None) -> tuple[Aggregate, ...]:
    """Record what is otherwise, and return on what; what stands there already records nothing.

    Raises as the commands that say it by hand.
    """
    return _say(context, client, beside, lambda each: each)


def _say(context: Context, client: Client, beside: Beside | None, taken: Callable[[Any], Any]) -> tuple[Aggregate, ...]:
    if beside is None:
        return ()
    changed: list[Aggregate] = []
    if beside.fields:
        values = taken(found_or_new(context, ClientField, fields_of(client.id)))
        for said in beside.fields:
            _say_field(context, client, values, said)
        changed.append(values)
    if beside.tags:
        tags = taken(found_or_new(context, ClientTag, tags_of(client.id)))
        for tag in beside.tags:
            tags.give(client.id, tag)
        changed.append(tags)
    return tuple(changed)


def _say_field(context: Context, client: Client, values: ClientField, said: FieldSaid) -> None:
    field = field_named(context, said.code)
    if said.value is not None:
        values.fill(client.id, field, said.value)
        return
    found = (context.find(ClientField, fields_of(each)) for each in client.parts)
    values.clear(client.id, field.code, [each for each in found if each is not None])
