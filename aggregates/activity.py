"""The activity: one touchpoint with a client, and what must be told about it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from aggregates.activity_setting import Arranged, Setting, setting_of
from aggregates.base import RuleBrokenError, WrongValueError, applies
from aggregates.note import WithNotes
from events.activity import (
    ActivityCancelled,
    ActivityClientNamed,
    ActivityEntryReverted,
    ActivityHeld,
    ActivityNoted,
    ActivityNoteEdited,
    ActivityNoteWithdrawn,
    ActivityPlanned,
    ActivityRescheduled,
    CallClassified,
)
from events.values import CallStatus, Channel, Direction


class ActivityStatus(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class ActivityIsClosedError(RuleBrokenError):
    """The activity was held or cancelled already; facts: activity_id, status."""

    code = "activity-is-closed"


class ActivityIsNotHeldError(RuleBrokenError):
    """The call has not taken place; facts: activity_id, status."""

    code = "activity-is-not-held"


class MeetingIsIncompleteError(WrongValueError):
    """A held meeting needs a person, a contact, a topic and a result; facts: missing (the names of the fields)."""

    code = "meeting-is-incomplete"


class CallStatusNeededError(WrongValueError):
    """An incoming call needs one status; facts: statuses (those to choose from)."""

    code = "call-status-needed"
    field = "call_status"


class NotAnIncomingCallError(WrongValueError):
    """Only an incoming call has a call status; facts: channel, direction."""

    code = "not-an-incoming-call"
    field = "call_status"


class OfferIsInboundError(WrongValueError):
    """An offer goes out to a client, it does not come in; no facts."""

    code = "offer-is-inbound"
    field = "direction"


class ActivityHasClientError(RuleBrokenError):
    """The touchpoint was with another client; facts: activity_id, client_id."""

    code = "activity-has-client"


class Touchpoint(NamedTuple):
    """What there is to tell about a touchpoint that took place."""

    channel: Channel
    direction: Direction
    staff_id: UUID | None = None
    client_id: UUID | None = None
    contact_id: UUID | None = None
    deal_id: UUID | None = None
    is_offer: bool = False
    call_status: CallStatus | None = None
    contact_name: str | None = None
    contact_data: str | None = None
    topic: str | None = None
    result: str | None = None
    setting: Setting = Setting()

    @property
    def is_incoming_call(self) -> bool:
        """Whether a client called us."""
        return self.channel is Channel.CALL and self.direction is Direction.INBOUND

    def check_consistent(self) -> None:
        """Raise when two things told about it cannot both be true."""
        if self.call_status is not None and not self.is_incoming_call:
            raise NotAnIncomingCallError(channel=self.channel, direction=self.direction)
        if self.is_offer and self.direction is Direction.INBOUND:
            raise OfferIsInboundError

    def check_complete(self) -> None:
        """Raise when something is missing that a person has to tell; a misdial needs nothing more."""
        if self.is_incoming_call and self.call_status is None:
            raise CallStatusNeededError(statuses=[each.value for each in CallStatus])
        if self.channel is not Channel.MEETING:
            return
        known = {
            "contact_name": self.contact_name or self.contact_id,
            "contact_data": self.contact_data or self.contact_id,
            "topic": self.topic,
            "result": self.result,
        }
        missing = [name for name, value in known.items() if not value]
        if missing:
            raise MeetingIsIncompleteError(missing=missing)


class Activity(WithNotes, Arranged):
    """One touchpoint with a client: planned, then held or cancelled, or recorded in one go."""

    KIND = "activity"
    NOTE_FACTS = (ActivityNoted, ActivityNoteEdited, ActivityNoteWithdrawn)
    ENTRY_REVERTED = ActivityEntryReverted

    status: ActivityStatus
    channel: Channel
    direction: Direction
    client_id: UUID | None
    contact_id: UUID | None
    deal_id: UUID | None
    topic: str | None
    held_at: datetime | None
    is_offer: bool
    call_status: CallStatus | None

    def start(self) -> None:
        super().start()
        self.status = ActivityStatus.PLANNED
        self.channel, self.direction = Channel.TASK, Direction.OUTBOUND
        self.staff_id = self.client_id = self.contact_id = self.deal_id = None
        self.topic = self.due_at = self.held_at = self.remind_before = None
        self.is_offer, self.call_status = False, None

    @property
    def subject_id(self) -> UUID:
        """The client, or else the contact person, once one is known."""
        return self.client_id or self.contact_id or self.id

    @property
    def parties(self) -> tuple[UUID, ...]:
        """The client, the contact person and the other clients that take part."""
        known = (self.client_id, self.contact_id, *self.setting.participant_client_ids)
        return tuple(dict.fromkeys(each for each in known if each is not None)) or (self.id,)

    def plan(
        self,
        *,
        channel: Channel,
        staff_id: UUID,
        topic: str,
        due_at: datetime,
        remind_before: timedelta | None = None,
        direction: Direction = Direction.OUTBOUND,
        client_id: UUID | None = None,
        contact_id: UUID | None = None,
        deal_id: UUID | None = None,
        setting: Setting = Setting(),  # noqa: B008 - nothing can change it
    ) -> None:
        """Record what somebody means to do, by a due moment."""
        self.trigger_event(
            ActivityPlanned,
            channel=channel,
            direction=direction,
            staff_id=staff_id,
            client_id=client_id,
            contact_id=contact_id,
            deal_id=deal_id,
            topic=topic,
            due_at=due_at,
            remind_before=remind_before,
            **setting.as_facts(),
        )

    @property
    def is_awaited(self) -> bool:
        """Whether it is planned, and neither held nor cancelled."""
        return self.status is ActivityStatus.PLANNED

    def check_planned(self) -> None:
        """Raise ActivityIsClosedError when it was held or cancelled already."""
        if not self.is_awaited:
            raise ActivityIsClosedError(activity_id=self.id, status=self.status)

    def check_not_cancelled(self) -> None:
        if self.status is ActivityStatus.CANCELLED:
            raise ActivityIsClosedError(activity_id=self.id, status=self.status)

    def reschedule(
        self, due_at: datetime, *, remind_before: timedelta | None = None, reason: str | None = None
    ) -> None:
        """Record another due moment, or how long ahead of it to remind (None: as before); the present ones: nothing."""
        notice = remind_before or self.remind_before
        if due_at == self.due_at and notice == self.remind_before:
            return
        self.check_planned()
        self.trigger_event(
            ActivityRescheduled, from_due_at=self.due_at, to_due_at=due_at, reason=reason, remind_before=notice
        )

    def hold(self, touchpoint: Touchpoint) -> None:
        """Record that what was planned took place."""
        self.check_planned()
        touchpoint.check_consistent()
        touchpoint.check_complete()
        self._held(touchpoint, was_planned=True)

    def record(self, touchpoint: Touchpoint, *, is_automatic: bool = False, date_unknown: bool = False) -> None:
        """Record a touchpoint that nobody had planned; what a machine or old records tell may be incomplete."""
        touchpoint.check_consistent()
        if not is_automatic:
            touchpoint.check_complete()
        self._held(touchpoint, date_unknown=date_unknown)

    def _held(self, touchpoint: Touchpoint, *, was_planned: bool = False, date_unknown: bool = False) -> None:
        told = {**touchpoint._asdict(), **touchpoint.setting.as_facts()}
        del told["setting"]
        self.trigger_event(ActivityHeld, was_planned=was_planned, date_unknown=date_unknown, **told)

    def classify(self, status: CallStatus, *, staff_id: UUID) -> None:
        """Record the one-click status of an incoming call; the present one records nothing."""
        if status == self.call_status:
            return
        if self.status is not ActivityStatus.HELD:
            raise ActivityIsNotHeldError(activity_id=self.id, status=self.status)
        if self.channel is not Channel.CALL or self.direction is not Direction.INBOUND:
            raise NotAnIncomingCallError(channel=self.channel, direction=self.direction)
        self.trigger_event(CallClassified, from_status=self.call_status, to_status=status, staff_id=staff_id)

    def check_nameable(self, client_id: UUID) -> None:
        """Raise ActivityHasClientError when it was with another client."""
        if self.client_id is not None and self.client_id != client_id:
            raise ActivityHasClientError(activity_id=self.id, client_id=self.client_id)

    def name_client(self, client_id: UUID) -> None:
        """Record with which client it was; the known one records nothing."""
        if client_id == self.client_id:
            return
        self.check_nameable(client_id)
        self.trigger_event(
            ActivityClientNamed,
            client_id=client_id,
            channel=self.channel,
            direction=self.direction,
            held_at=self.held_at,
        )

    def cancel(self, *, reason: str) -> None:
        """Record that it will not take place; a cancelled one records nothing."""
        if self.status is ActivityStatus.CANCELLED:
            return
        self.check_planned()
        self.trigger_event(ActivityCancelled, reason=reason)

    @applies(ActivityPlanned)
    def _planned(self, event: ActivityPlanned) -> None:
        self.channel, self.direction = event.channel, event.direction
        self._entrust(event, event.staff_id)
        self.client_id, self.contact_id, self.deal_id = event.client_id, event.contact_id, event.deal_id
        self.topic, self.due_at, self.remind_before = event.topic, event.due_at, event.remind_before
        self.setting = setting_of(event)

    @applies(ActivityRescheduled)
    def _rescheduled(self, event: ActivityRescheduled) -> None:
        self.due_at, self.remind_before = event.to_due_at, event.remind_before

    @applies(ActivityHeld)
    def _took_place(self, event: ActivityHeld) -> None:
        self.status, self.held_at = ActivityStatus.HELD, event.occurred_at
        self.channel, self.direction, self.staff_id = event.channel, event.direction, event.staff_id or self.staff_id
        self.client_id, self.contact_id, self.deal_id = event.client_id, event.contact_id, event.deal_id
        self.topic, self.is_offer, self.call_status = event.topic, event.is_offer, event.call_status
        self.setting = setting_of(event)

    @applies(CallClassified)
    def _classified(self, event: CallClassified) -> None:
        # What nobody had taken is theirs who classified it.
        self.call_status, self.staff_id = event.to_status, self.staff_id or event.staff_id

    @applies(ActivityClientNamed)
    def _client_named(self, event: ActivityClientNamed) -> None:
        self.client_id = event.client_id

    @applies(ActivityCancelled)
    def _cancelled(self, _: ActivityCancelled) -> None:
        self.status = ActivityStatus.CANCELLED
