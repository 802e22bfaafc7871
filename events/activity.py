"""What happens to an activity: one touchpoint with a client, planned or held."""

from typing import Annotated, ClassVar

from events.base import Event
from events.entry import EntryReverted
from events.examples import (
    ANNA,
    BORIS,
    CALL,
    DAY,
    FIRST_IMPORT,
    HOUR,
    LATER,
    LUTIK,
    MEETING,
    OLGA,
    REMARK,
    ROMASHKA,
    STRAY_CALL,
    example,
)
from events.ids import ActingId, ClientId, DealId, StaffId
from events.marks import PERSONAL
from events.note import Noted, NoteEdited, NoteWithdrawn
from events.values import CallStatus, Channel, Direction, Minutes, Moment, Notice, ShortText, Text


@example(
    on=MEETING,
    channel=Channel.MEETING,
    staff_id=ANNA,
    client_id=ROMASHKA,
    contact_id=OLGA,
    topic="Contract",
    due_at=DAY,
    remind_before=HOUR,
)
class ActivityPlanned(Event):
    """Somebody means to meet, call or write to a client, or to do a task, by a due moment; they may be reminded.

    Participants are who takes part besides whoever does it and the client: colleagues, and other clients.
    """

    TOPIC: ClassVar[str] = "activity.planned"

    channel: Channel
    direction: Direction = Direction.OUTBOUND
    staff_id: ActingId
    client_id: ClientId | None = None
    contact_id: ClientId | None = None
    deal_id: DealId | None = None
    topic: Annotated[Text, PERSONAL]
    due_at: Moment
    remind_before: Notice | None = None
    duration_minutes: Minutes | None = None
    place: Annotated[ShortText | None, PERSONAL] = None
    participant_staff_ids: tuple[StaffId, ...] | None = None
    participant_client_ids: tuple[ClientId, ...] | None = None


@example(on=MEETING, from_due_at=DAY, to_due_at=LATER, reason="Olga is ill", remind_before=HOUR)
class ActivityRescheduled(Event):
    """A planned activity is due at another moment; `remind_before` says how long ahead of it to remind from now on."""

    TOPIC: ClassVar[str] = "activity.rescheduled"

    from_due_at: Moment
    to_due_at: Moment
    reason: Annotated[Text | None, PERSONAL] = None
    remind_before: Notice | None = None


@example(on=MEETING, from_staff_id=ANNA, to_staff_id=BORIS, reason="vacation")
class ActivityHandedOver(Event):
    """Somebody else is to do what was planned."""

    TOPIC: ClassVar[str] = "activity.handed_over"

    from_staff_id: StaffId
    to_staff_id: StaffId
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=MEETING, remind_at=DAY - HOUR, due_at=DAY, staff_id=ANNA)
class ActivityReminderFell(Event):
    """The moment came to remind somebody of what they planned (remind_at: when it was to come)."""

    TOPIC: ClassVar[str] = "activity.reminder_fell"

    remind_at: Moment
    due_at: Moment
    staff_id: ActingId


@example(
    on=MEETING,
    channel=Channel.MEETING,
    direction=Direction.OUTBOUND,
    staff_id=ANNA,
    client_id=ROMASHKA,
    contact_name="Olga Petrova",
    contact_data="+7 922 325-12-93",
    topic="Contract",
    result="Agreed on the price",
)
class ActivityHeld(Event):
    """A touchpoint took place (occurred_at is when); client and staff are repeated, so that it reads alone."""

    TOPIC: ClassVar[str] = "activity.held"

    channel: Channel
    direction: Direction
    staff_id: ActingId | None = None
    client_id: ClientId | None = None
    contact_id: ClientId | None = None
    deal_id: DealId | None = None
    was_planned: bool = False
    is_offer: bool = False
    call_status: CallStatus | None = None
    contact_name: Annotated[ShortText | None, PERSONAL] = None
    contact_data: Annotated[ShortText | None, PERSONAL] = None
    topic: Annotated[Text | None, PERSONAL] = None
    result: Annotated[Text | None, PERSONAL] = None
    date_unknown: bool = False
    duration_minutes: Minutes | None = None
    place: Annotated[ShortText | None, PERSONAL] = None
    participant_staff_ids: tuple[StaffId, ...] | None = None
    participant_client_ids: tuple[ClientId, ...] | None = None


@example(
    on=MEETING,
    from_duration_minutes=60,
    to_duration_minutes=90,
    from_place="Lenina 1",
    to_place="Lenina 10",
    to_participant_staff_ids=(BORIS,),
    from_participant_client_ids=(LUTIK,),
)
class ActivityCorrected(Event):
    """How long an activity takes, where it is and who else takes part had been taken down wrongly, or changed."""

    TOPIC: ClassVar[str] = "activity.corrected"

    from_duration_minutes: Minutes | None = None
    to_duration_minutes: Minutes | None = None
    from_place: Annotated[ShortText | None, PERSONAL] = None
    to_place: Annotated[ShortText | None, PERSONAL] = None
    from_participant_staff_ids: tuple[StaffId, ...] | None = None
    to_participant_staff_ids: tuple[StaffId, ...] | None = None
    from_participant_client_ids: tuple[ClientId, ...] | None = None
    to_participant_client_ids: tuple[ClientId, ...] | None = None


@example(on=CALL, from_status=CallStatus.TAKEN_TO_WORK, to_status=CallStatus.FINISHED, staff_id=ANNA)
class CallClassified(Event):
    """An incoming call got its one-click status."""

    TOPIC: ClassVar[str] = "activity.call_classified"

    from_status: CallStatus | None = None
    to_status: CallStatus
    staff_id: ActingId


@example(on=CALL, client_id=ROMASHKA, channel=Channel.CALL, direction=Direction.INBOUND, held_at=DAY)
class ActivityClientNamed(Event):
    """It became known with which client the touchpoint was, or (without held_at) is planned to be."""

    TOPIC: ClassVar[str] = "activity.client_named"

    client_id: ClientId
    channel: Channel
    direction: Direction
    held_at: Moment | None = None


@example(on=MEETING, note_id=REMARK, text="Asked for a catalogue")
class ActivityNoted(Noted):
    """Somebody added a note to an activity."""

    TOPIC: ClassVar[str] = "activity.noted"


@example(on=MEETING, note_id=REMARK, from_text="Asked for a catalogue", to_text="Asked for two catalogues")
class ActivityNoteEdited(NoteEdited):
    """A note to an activity was put into other words."""

    TOPIC: ClassVar[str] = "activity.note_edited"


@example(on=MEETING, note_id=REMARK, reason="it was another client")
class ActivityNoteWithdrawn(NoteWithdrawn):
    """A note to an activity does not stand any more."""

    TOPIC: ClassVar[str] = "activity.note_withdrawn"


@example(on=MEETING, reason="not needed any more")
class ActivityCancelled(Event):
    """A planned activity will not take place."""

    TOPIC: ClassVar[str] = "activity.cancelled"

    reason: Annotated[Text, PERSONAL]


@example(on=STRAY_CALL, import_id=FIRST_IMPORT, reason="the wrong file")
class ActivityEntryReverted(EntryReverted):
    """The import that entered the activity was reverted."""

    TOPIC: ClassVar[str] = "activity.entry_reverted"
