"""One row is one touchpoint or task, planned, held or cancelled: what somebody has to do, and what came of it.

Read by GET /activities and GET /my-day (due and overdue, and incoming calls that still wait for their one click),
and by GET /clients/{id}/timeline for what an activity had before it was known with whom it is.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.activity import (
    ActivityCancelled,
    ActivityClientNamed,
    ActivityCorrected,
    ActivityEntryReverted,
    ActivityHandedOver,
    ActivityHeld,
    ActivityNoted,
    ActivityNoteEdited,
    ActivityNoteWithdrawn,
    ActivityPlanned,
    ActivityReminderFell,
    ActivityRescheduled,
    CallClassified,
)
from events.note import note_id_of
from events.values import moment_before
from infra.projector.projection import Key, Projection
from projections.change import changed, earlier

PLANNED, HELD, CANCELLED = "planned", "held", "cancelled"


class ActivityRow(NamedTuple):
    """The activity; `takes_place_at` is held_at, or due_at while it is not held: what lists are sorted by.

    `remind_at` is when to remind of its present due moment, `reminded_at` when that was done. `notes` are those that
    stand, {note_id: {text, order}}. `before_client` and `before_contact` are the positions of those of its facts that
    were recorded before it had a client, a contact.
    """

    activity_id: UUID
    state: str | None = None
    channel: str | None = None
    direction: str | None = None
    staff_id: UUID | None = None
    client_id: UUID | None = None
    contact_id: UUID | None = None
    deal_id: UUID | None = None
    topic: str | None = None
    due_at: datetime | None = None
    held_at: datetime | None = None
    cancelled_at: datetime | None = None
    takes_place_at: datetime | None = None
    result: str | None = None
    cancel_reason: str | None = None
    call_status: str | None = None
    contact_name: str | None = None
    contact_data: str | None = None
    is_offer: bool = False
    was_planned: bool = False
    date_unknown: bool = False
    notes: dict[str, Any] = {}  # noqa: RUF012
    duration_minutes: int | None = None
    place: str | None = None
    participant_staff_ids: list[UUID] = []  # noqa: RUF012
    participant_client_ids: list[UUID] = []  # noqa: RUF012
    remind_at: datetime | None = None
    reminded_at: datetime | None = None
    before_client: list[int] | None = None
    before_contact: list[int] | None = None
    version: int = 0


activities = Projection(
    name="activities",
    row=ActivityRow,
    key=("activity_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
    shape=3,
)

Row = ActivityRow | None


def _remind_at(due_at: datetime, notice: timedelta | None) -> datetime | None:
    return None if notice is None else moment_before(due_at, notice)


def _setting(event: Any, prefix: str = "") -> dict[str, Any]:
    """Return the columns that the setting fills which an event tells of: a touchpoint repeats what was planned."""
    return {
        "duration_minutes": getattr(event, f"{prefix}duration_minutes"),
        "place": getattr(event, f"{prefix}place"),
        "participant_staff_ids": list(getattr(event, f"{prefix}participant_staff_ids") or ()),
        "participant_client_ids": list(getattr(event, f"{prefix}participant_client_ids") or ()),
    }


def _activity(row: Row, event: Any) -> ActivityRow:
    """Return the activity the event changes, as it was before."""
    return row or ActivityRow(event.stream_id)


def _after(activity: ActivityRow, event: Any, **columns: Any) -> ActivityRow:
    """Return the activity as the event leaves it; a contact that was not known when it was held never will be."""
    after = changed(activity, version=event.originator_version, **columns)
    before_contact = activity.before_contact if after.contact_id or after.state == PLANNED else None
    if after.contact_id is None and after.state == PLANNED:
        before_contact = earlier(before_contact, event.position)
    before_client = activity.before_client
    if after.client_id is None:
        before_client = earlier(before_client, event.position)
    if before_client is activity.before_client and before_contact is activity.before_contact:
        return after
    return changed(after, before_client=before_client, before_contact=before_contact)


@activities.on(ActivityPlanned)
def planned(row: Row, event: ActivityPlanned, _: Key) -> ActivityRow:
    return _after(
        _activity(row, event),
        event,
        state=PLANNED,
        channel=event.channel.value,
        direction=event.direction.value,
        staff_id=event.staff_id,
        client_id=event.client_id,
        contact_id=event.contact_id,
        deal_id=event.deal_id,
        topic=event.topic,
        due_at=event.due_at,
        takes_place_at=event.due_at,
        remind_at=_remind_at(event.due_at, event.remind_before),
        was_planned=True,
        **_setting(event),
    )


@activities.on(ActivityRescheduled)
def rescheduled(row: Row, event: ActivityRescheduled, _: Key) -> ActivityRow:
    activity = _activity(row, event)
    at = activity.held_at or event.to_due_at
    return _after(
        activity,
        event,
        state=activity.state or PLANNED,
        due_at=event.to_due_at,
        takes_place_at=at,
        remind_at=_remind_at(event.to_due_at, event.remind_before),
        reminded_at=None,
    )


@activities.on(ActivityHandedOver)
def handed_over(row: Row, event: ActivityHandedOver, _: Key) -> ActivityRow:
    activity = _activity(row, event)
    return _after(activity, event, state=activity.state or PLANNED, staff_id=event.to_staff_id)


@activities.on(ActivityReminderFell)
def reminder_fell(row: Row, event: ActivityReminderFell, _: Key) -> ActivityRow:
    return _after(_activity(row, event), event, reminded_at=event.occurred_at)


@activities.on(ActivityHeld)
def held(row: Row, event: ActivityHeld, _: Key) -> ActivityRow:
    """Say what took place; what was planned holds where the touchpoint itself says nothing."""
    activity = _activity(row, event)
    return _after(
        activity,
        event,
        state=HELD,
        channel=event.channel.value,
        direction=event.direction.value,
        staff_id=event.staff_id or activity.staff_id,
        client_id=event.client_id or activity.client_id,
        contact_id=event.contact_id or activity.contact_id,
        deal_id=event.deal_id or activity.deal_id,
        topic=event.topic or activity.topic,
        held_at=event.occurred_at,
        takes_place_at=event.occurred_at,
        result=event.result,
        call_status=None if event.call_status is None else event.call_status.value,
        contact_name=event.contact_name,
        contact_data=event.contact_data,
        is_offer=event.is_offer,
        was_planned=event.was_planned,
        date_unknown=event.date_unknown,
        **_setting(event),
    )


@activities.on(ActivityCorrected)
def corrected(row: Row, event: ActivityCorrected, _: Key) -> ActivityRow:
    return _after(_activity(row, event), event, **_setting(event, "to_"))


@activities.on(CallClassified)
def classified(row: Row, event: CallClassified, _: Key) -> ActivityRow:
    activity = _activity(row, event)
    return _after(
        activity,
        event,
        call_status=event.to_status.value,
        staff_id=activity.staff_id or event.staff_id,
    )


@activities.on(ActivityClientNamed)
def client_named(row: Row, event: ActivityClientNamed, _: Key) -> ActivityRow:
    return _after(
        _activity(row, event),
        event,
        client_id=event.client_id,
        channel=event.channel.value,
        direction=event.direction.value,
    )


@activities.on(ActivityNoted)
def noted(row: Row, event: ActivityNoted, _: Key) -> ActivityRow:
    notes = _activity(row, event).notes
    last = max((int(note["order"]) for note in notes.values()), default=0)
    return _with_notes(row, event, {**notes, str(note_id_of(event)): {"text": event.text, "order": last + 1}})


@activities.on(ActivityNoteEdited)
def note_edited(row: Row, event: ActivityNoteEdited, _: Key) -> ActivityRow:
    notes, edited = _activity(row, event).notes, str(event.note_id)
    order = notes.get(edited, {"order": 0})["order"]
    return _with_notes(row, event, {**notes, edited: {"text": event.to_text, "order": order}})


@activities.on(ActivityNoteWithdrawn)
def note_withdrawn(row: Row, event: ActivityNoteWithdrawn, _: Key) -> ActivityRow:
    notes = _activity(row, event).notes
    return _with_notes(row, event, {name: note for name, note in notes.items() if name != str(event.note_id)})


def _with_notes(row: Row, event: Any, notes: dict[str, Any]) -> ActivityRow:
    return _after(_activity(row, event), event, notes=notes)


@activities.on(ActivityCancelled)
def cancelled(row: Row, event: ActivityCancelled, _: Key) -> ActivityRow:
    return _after(
        _activity(row, event),
        event,
        state=CANCELLED,
        cancelled_at=event.occurred_at,
        cancel_reason=event.reason,
    )


@activities.on(ActivityEntryReverted, reads=())
def entry_reverted(_row: Row, _event: Any, _: Key) -> None:
    """Show nothing: it is as if the activity had not been entered."""
