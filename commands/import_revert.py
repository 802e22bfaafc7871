"""What is asked when an import is reverted: to begin, for each thing that it made or changed, and to account for it.

Which of them stay, since something was done with them later, is found by commands/importing/revert.py.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated
from uuid import UUID

from pydantic import Field

from aggregates.activity import Activity
from aggregates.base import Aggregate
from aggregates.client import Client
from aggregates.client_field import ClientField
from aggregates.client_tag import ClientTag
from aggregates.deal import Deal
from aggregates.entry import EntryIsUsedError
from aggregates.import_run import ImportRun, ImportSource
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.roles import IMPORT
from events.examples import CALL, DAY, FIRST_IMPORT, LUTIK, PHONE, ROMASHKA, SALE, SECTOR, example
from events.ids import ActivityId, ClientId, DealId, ImportId, StaffId, fields_of, source_named, tags_of
from events.registration import HOME_COUNTRY, Country
from events.values import Confidence, ContactKind, Lifecycle, Moment, ProfileField, ShortText, Text, Value


@example(import_id=FIRST_IMPORT, reason="the wrong file")
class RevertImport(Command):
    """Begin to take back what an import made; said again it records nothing."""

    ROLES, EDITS = IMPORT, None

    import_id: ImportId
    reason: Text
    asked_by: ShortText | None = None


@example(import_id=FIRST_IMPORT, gone=8000, restored=700, kept=99)
class FinishRevert(Command):
    """Account for what was taken back: what is gone, what is as it was, and what stays."""

    ROLES, EDITS = IMPORT, None

    import_id: ImportId
    gone: Annotated[int, Field(ge=0, le=10**12)]
    restored: Annotated[int, Field(ge=0, le=10**12)]
    kept: Annotated[int, Field(ge=0, le=10**12)]


class RevertCommand(Command):
    """Something that an import made; `occurred_at` is when the import said it had happened."""

    ROLES, EDITS = IMPORT, None

    import_id: ImportId
    reason: Text


@example(import_id=FIRST_IMPORT, reason="the wrong file", client_id=LUTIK)
class RevertClientEntry(RevertCommand):
    """Take back a client whom an import entered, and with whom nothing was done since.

    And what it said beside the card: `fields_version` and `tags_version` are those of what was looked at, if it did.
    """

    client_id: ClientId
    fields_version: Annotated[int, Field(ge=1, le=10**12)] | None = None
    tags_version: Annotated[int, Field(ge=1, le=10**12)] | None = None

    def looks_at(self) -> Iterable[tuple[UUID, type[Aggregate]]]:
        if self.fields_version is not None:
            yield fields_of(self.client_id), ClientField
        if self.tags_version is not None:
            yield tags_of(self.client_id), ClientTag


@example(import_id=FIRST_IMPORT, reason="the wrong file", deal_id=SALE)
class RevertDealEntry(RevertCommand):
    """Take back a deal which an import entered, and with which nothing was done since."""

    deal_id: DealId


@example(import_id=FIRST_IMPORT, reason="the wrong file", activity_id=CALL)
class RevertActivityEntry(RevertCommand):
    """Take back an activity which an import entered, and with which nothing was done since."""

    activity_id: ActivityId


class Before(Value):
    """What was before an import said otherwise; `at`: when it said that this happened."""

    at: Moment


class NameBefore(Before):
    """What the client was called, and from where that was known."""

    name: ShortText
    source: ShortText | None = None
    confidence: Confidence = Confidence.STATED


class TraitBefore(Before):
    """What was known of a trait; without a value: nothing."""

    field: ProfileField
    value: Text | None = None
    source: ShortText
    confidence: Confidence = Confidence.STATED


class TaxIdBefore(Before):
    """Which tax number the client had; none, or one that was kept as it was written, wrong as it is."""

    tax_id: ShortText | None = None
    country: Country = HOME_COUNTRY
    is_wrong: bool = False
    source: ShortText
    confidence: Confidence = Confidence.STATED


class PointAdded(Before):
    """A way to reach the client that there was not, by the key it is known by."""

    kind: ContactKind
    key: ShortText


class OwnerBefore(Before):
    """Whose the client was; nobody's."""

    owner_id: StaffId | None = None


class LifecycleBefore(Before):
    """How far the relationship had come."""

    state: Lifecycle


@example(
    import_id=FIRST_IMPORT,
    reason="the wrong file",
    client_id=ROMASHKA,
    points=(PointAdded(at=DAY, kind=PHONE.kind, key=PHONE.key),),
    traits=(TraitBefore(at=DAY, field=SECTOR.field, source="maven-crm"),),
)
class RevertClientUpdate(RevertCommand):
    """Let count again what was known of a client before an import said otherwise."""

    client_id: ClientId
    name: NameBefore | None = None
    tax_id: TaxIdBefore | None = None
    owner: OwnerBefore | None = None
    lifecycle: LifecycleBefore | None = None
    traits: Annotated[tuple[TraitBefore, ...], Field(max_length=50)] = ()
    points: Annotated[tuple[PointAdded, ...], Field(max_length=50)] = ()


@handles(RevertImport)
def revert_import(command: RevertImport, context: Context) -> Outcome:
    """Begin, and let the rows of the source be entered once more."""
    run = context.load(ImportRun, command.import_id)
    run.begin_revert(reason=command.reason, asked_by=command.asked_by)
    source_id = source_named(run.source)
    source = found_or_new(context, ImportSource, source_id)
    source.note_revert(run.id)
    return context.save(run, source)


@handles(FinishRevert)
def finish_revert(command: FinishRevert, context: Context) -> Outcome:
    run = context.load(ImportRun, command.import_id)
    run.end_revert(gone=command.gone, restored=command.restored, kept=command.kept)
    return context.save(run)


@handles(RevertClientEntry)
def revert_client_entry(command: RevertClientEntry, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    if client.parts:
        raise EntryIsUsedError(kind=client.KIND, id=client.id)
    client.revert_entry(command.import_id, reason=command.reason, organisation_ids=tuple(client.affiliations))
    return context.save(client, *_taken_back_beside(command, context))


def _taken_back_beside(command: RevertClientEntry, context: Context) -> Iterator[Aggregate]:
    """Take back what the import said beside the card; raises EntryIsUsedError where somebody has said more since."""
    if command.fields_version is not None:
        fields = context.load(ClientField, fields_of(command.client_id))
        _check_seen(fields, command.fields_version)
        for code in list(fields.values):
            fields.clear(command.client_id, code, ())
        yield fields
    if command.tags_version is not None:
        tags = context.load(ClientTag, tags_of(command.client_id))
        _check_seen(tags, command.tags_version)
        for tag in list(tags.tags.values()):
            tags.take(command.client_id, tag, ())
        yield tags


def _check_seen(beside: Aggregate, version: int) -> None:
    if beside.version != version:
        raise EntryIsUsedError(kind=beside.KIND, id=beside.id)


@handles(RevertDealEntry)
def revert_deal_entry(command: RevertDealEntry, context: Context) -> Outcome:
    deal = context.load(Deal, command.deal_id)
    deal.revert_entry(command.import_id, reason=command.reason)
    return context.save(deal)


@handles(RevertActivityEntry)
def revert_activity_entry(command: RevertActivityEntry, context: Context) -> Outcome:
    activity = context.load(Activity, command.activity_id)
    activity.revert_entry(command.import_id, reason=command.reason)
    return context.save(activity)


@handles(RevertClientUpdate)
def revert_client_update(command: RevertClientUpdate, context: Context) -> Outcome:
    client, reason = context.load(Client, command.client_id), command.reason
    if client.parts:
        raise EntryIsUsedError(kind=client.KIND, id=client.id)
    if command.name is not None:
        with client.occurring_at(command.name.at):
            client.put_back_name(command.name.name, source=command.name.source, confidence=command.name.confidence)
    if command.tax_id is not None:
        with client.occurring_at(command.tax_id.at):
            told = command.tax_id.model_dump(exclude={"at"})
            client.put_back_tax_id(told.pop("tax_id"), **told)
    for trait in command.traits:
        with client.occurring_at(trait.at):
            client.put_back_trait(trait.field, trait.value, source=trait.source, confidence=trait.confidence)
    for added in command.points:
        with client.occurring_at(added.at):
            client.take_back_point(added.kind, added.key, reason=reason)
    if command.lifecycle is not None:
        with client.occurring_at(command.lifecycle.at):
            client.put_back_lifecycle(command.lifecycle.state, reason=reason)
    if command.owner is not None:
        with client.occurring_at(command.owner.at):
            client.put_back_owner(command.owner.owner_id, reason=reason)
    return context.save(client)
