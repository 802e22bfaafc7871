"""What is asked when an import is reverted that said something beside the cards of clients who were there."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from pydantic import Field

from aggregates.base import Aggregate
from aggregates.client_field import MOST_FIELDS, ClientField
from aggregates.client_tag import MOST_TAGS, ClientTag
from aggregates.custom_field import CustomField
from commands.base import Context, Outcome, found_or_new, handles
from commands.client_field import field_named
from commands.client_tag import Tag
from commands.import_revert import Before, RevertCommand
from commands.named_client import named_client
from events.examples import DAY, FIRST_IMPORT, ROMASHKA, TEMPERATURE, example
from events.ids import ClientId, custom_field_of, fields_of, tags_of
from events.values import Code, ShortText


class FieldBefore(Before):
    """What stood in a field of the company's own; without a value: nothing."""

    code: Code
    value: ShortText | None = None


class TagGiven(Before):
    """A tag that the client had not."""

    tag: Tag


@example(
    import_id=FIRST_IMPORT,
    reason="the wrong file",
    client_id=ROMASHKA,
    fields=(FieldBefore(at=DAY, code=TEMPERATURE, value="hot"),),
)
class RevertClientFields(RevertCommand):
    """Let count again what stood in the company's own fields of a client before an import said otherwise."""

    client_id: ClientId
    fields: Annotated[tuple[FieldBefore, ...], Field(max_length=MOST_FIELDS)]

    def looks_at(self) -> Iterable[tuple[UUID, type[Aggregate]]]:
        yield fields_of(self.client_id), ClientField
        yield from ((custom_field_of(each.code), CustomField) for each in self.fields)


@example(
    import_id=FIRST_IMPORT, reason="the wrong file", client_id=ROMASHKA, tags=(TagGiven(at=DAY, tag="Exhibition 2026"),)
)
class RevertClientTags(RevertCommand):
    """Take from a client the tags that an import gave."""

    client_id: ClientId
    tags: Annotated[tuple[TagGiven, ...], Field(max_length=MOST_TAGS)]

    def looks_at(self) -> Iterable[tuple[UUID, type[Aggregate]]]:
        return ((tags_of(self.client_id), ClientTag),)


@handles(RevertClientFields)
def revert_client_fields(command: RevertClientFields, context: Context) -> Outcome:
    named_client(context, command.client_id)
    fields = found_or_new(context, ClientField, fields_of(command.client_id))
    for before in command.fields:
        with fields.occurring_at(before.at):
            fields.put_back(command.client_id, field_named(context, before.code), before.value)
    return context.save(fields)


@handles(RevertClientTags)
def revert_client_tags(command: RevertClientTags, context: Context) -> Outcome:
    named_client(context, command.client_id)
    tags = found_or_new(context, ClientTag, tags_of(command.client_id))
    for given in command.tags:
        with tags.occurring_at(given.at):
            tags.take(command.client_id, given.tag, ())
    return context.save(tags)
