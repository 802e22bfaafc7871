"""What happens to an activity: one touchpoint with a client, planned or held."""

from typing import Annotated, ClassVar
from uuid import UUID

from events.base import PERSONAL, Event
from events.values import CallStatus, Channel, Direction, Moment, Notice, ShortText, Text


class ActivityPlanned(Event):
    """Somebody means to meet, call or write to a client, or to do a task, by a due moment; they may be reminded."""

    TOPIC: ClassVar[str] = "activity.planned"

    channel: Channel
    direction: Direction = Direction.OUTBOUND
    staff_id: UUID
    client_id: UUID | None = None
    contact_id: UUID | None = None
    deal_id: UUID | None = None
    topic: Annotated[Text, PERSONAL]
    due_at: Moment
    remind_before: Notice | None = None


class ActivityRescheduled(Event):
    """A planned activity is due at another moment; `remind_before` says how long ahead of it to remind from now on."""

    TOPIC: ClassVar[str] = "activity.rescheduled"

    from_due_at: Moment
    to_due_at: Moment
    reason: Text | None = None
    remind_before: Notice | None = None


class ActivityReminderFell(Event):
    """The moment came to remind somebody of what they planned (remind_at: when it was to come)."""

    TOPIC: ClassVar[str] = "activity.reminder_fell"

    remind_at: Moment
    due_at: Moment
    staff_id: UUID


class ActivityHeld(Event):
    """A touchpoint took place (occurred_at is when); client and staff are repeated, so that it reads alone."""

    TOPIC: ClassVar[str] = "activity.held"

    channel: Channel
    direction: Direction
    staff_id: UUID | None = None
    client_id: UUID | None = None
    contact_id: UUID | None = None
    deal_id: UUID | None = None
    was_planned: bool = False
    is_offer: bool = False
    call_status: CallStatus | None = None
    contact_name: Annotated[ShortText | None, PERSONAL] = None
    contact_data: Annotated[ShortText | None, PERSONAL] = None
    topic: Annotated[Text | None, PERSONAL] = None
    result: Annotated[Text | None, PERSONAL] = None
    date_unknown: bool = False


class CallClassified(Event):
    """An incoming call got its one-click status."""

    TOPIC: ClassVar[str] = "activity.call_classified"

    from_status: CallStatus | None = None
    to_status: CallStatus
    staff_id: UUID


class ActivityClientNamed(Event):
    """It became known with which client the touchpoint was, or (without held_at) is planned to be."""

    TOPIC: ClassVar[str] = "activity.client_named"

    client_id: UUID
    channel: Channel
    direction: Direction
    held_at: Moment | None = None


class ActivityNoted(Event):
    """Somebody added a note to an activity."""

    TOPIC: ClassVar[str] = "activity.noted"

    text: Annotated[Text, PERSONAL]


class ActivityCancelled(Event):
    """A planned activity will not take place."""

    TOPIC: ClassVar[str] = "activity.cancelled"

    reason: Text
