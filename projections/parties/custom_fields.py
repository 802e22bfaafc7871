"""One row is one field that the company itself gives its clients.

Read by GET /custom-fields, and beside what stands in it: GET /clients/{id}?include=fields.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.custom_field import (
    CustomFieldDefined,
    CustomFieldRelabelled,
    CustomFieldRestored,
    CustomFieldRetired,
    FieldOptionAdded,
    FieldOptionRelabelled,
    FieldOptionRestored,
    FieldOptionRetired,
)
from events.labels import FieldOption
from infra.projector.projection import Key, Projection
from projections.change import changed


class CustomFieldRow(NamedTuple):
    """The field; `labels` is {language: label}, `options` {code: {labels, order, is_retired}}, orders counted from 1.

    One that is not filled in any more has `retired_at`, until it is restored.
    """

    field_id: UUID
    code: str | None = None
    type: str | None = None
    labels: dict[str, Any] = {}  # noqa: RUF012
    options: dict[str, Any] = {}  # noqa: RUF012
    defined_at: datetime | None = None
    retired_at: datetime | None = None
    version: int = 0


custom_fields = Projection(
    name="custom_fields",
    row=CustomFieldRow,
    key=("field_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = CustomFieldRow | None


def _field(row: Row, event: Any) -> CustomFieldRow:
    """Return the field the event changes, as it was before, but for its version."""
    return changed(row or CustomFieldRow(event.stream_id), version=event.originator_version)


def _with_option(field: CustomFieldRow, option: FieldOption) -> CustomFieldRow:
    """Return the field with an option, in its place if it is there, else the last one."""
    known = field.options.get(option.code, {"order": len(field.options) + 1, "is_retired": False})
    told = {**known, "labels": option.labels.model_dump()}
    return changed(field, options={**field.options, option.code: told})


@custom_fields.on(CustomFieldDefined)
def defined(row: Row, event: CustomFieldDefined, _: Key) -> CustomFieldRow:
    field = changed(
        _field(row, event),
        code=event.code,
        type=event.type.value,
        labels=event.labels.model_dump(),
        defined_at=event.occurred_at,
    )
    for option in event.options:
        field = _with_option(field, option)
    return field


@custom_fields.on(CustomFieldRelabelled)
def relabelled(row: Row, event: CustomFieldRelabelled, _: Key) -> CustomFieldRow:
    return changed(_field(row, event), labels=event.to_labels.model_dump())


@custom_fields.on(FieldOptionAdded)
def option_added(row: Row, event: FieldOptionAdded, _: Key) -> CustomFieldRow:
    return _with_option(_field(row, event), event.option)


@custom_fields.on(FieldOptionRelabelled)
def option_relabelled(row: Row, event: FieldOptionRelabelled, _: Key) -> CustomFieldRow:
    return _with_option(_field(row, event), event.to_option)


@custom_fields.on(FieldOptionRetired)
def option_retired(row: Row, event: FieldOptionRetired, _: Key) -> CustomFieldRow:
    return _marked(row, event, is_retired=True)


@custom_fields.on(FieldOptionRestored)
def option_restored(row: Row, event: FieldOptionRestored, _: Key) -> CustomFieldRow:
    return _marked(row, event, is_retired=False)


def _marked(row: Row, event: FieldOptionRetired | FieldOptionRestored, *, is_retired: bool) -> CustomFieldRow:
    field = _field(row, event)
    if event.option not in field.options:
        return field
    marked = {**field.options[event.option], "is_retired": is_retired}
    return changed(field, options={**field.options, event.option: marked})


@custom_fields.on(CustomFieldRetired)
def retired(row: Row, event: CustomFieldRetired, _: Key) -> CustomFieldRow:
    return changed(_field(row, event), retired_at=event.occurred_at)


@custom_fields.on(CustomFieldRestored)
def restored(row: Row, event: CustomFieldRestored, _: Key) -> CustomFieldRow:
    return changed(_field(row, event), retired_at=None)
