"""What is asked about activities: to plan a touchpoint, to hold it, to tell about one that took place."""

from uuid import UUID

from aggregates.activity import Activity, Touchpoint
from aggregates.deal import Deal
from aggregates.staff import StaffMember
from commands.activity_setting import SettingGiven, setting_given
from commands.approach import Approach, acting_staff, approach, led_activity
from commands.base import Command, Context, GivenMoment, GivenNotice, Outcome, handles
from commands.handover import EDITING, HandOverActivity, credited, credited_leader
from commands.import_run import HistoryCommand
from commands.named_client import named_client
from commands.old_ownership import approach_on, claimed_on
from commands.roles import ENTERING, Roles
from events.examples import CALL, DAY, FIRST_IMPORT, HOUR, LATER, MEETING, OLGA, ROMASHKA, example
from events.ids import ActivityId, ClientId, DealId, StaffId
from events.values import CallStatus, Channel, Direction, EditedKind, ShortText, Text

CLASSIFYING: Roles = ENTERING | {"policy"}


@example(
    activity_id=MEETING,
    channel=Channel.MEETING,
    client_id=ROMASHKA,
    contact_id=OLGA,
    topic="Contract",
    due_at=DAY,
    remind_before=HOUR,
)
class PlanActivity(SettingGiven):
    """Plan a meeting, a call, a letter or a task by a due moment, and say how long ahead to remind of it."""

    ROLES, EDITS = EDITING, EditedKind.ACTIVITIES

    activity_id: ActivityId | None = None
    channel: Channel
    direction: Direction = Direction.OUTBOUND
    staff_id: StaffId | None = None
    client_id: ClientId | None = None
    contact_id: ClientId | None = None
    deal_id: DealId | None = None
    topic: Text
    due_at: GivenMoment
    remind_before: GivenNotice | None = None


@example(activity_id=MEETING, due_at=LATER, reason="Olga is ill")
class RescheduleActivity(Command):
    """Put a planned activity off, or bring it forward; its reminder goes with it, as long ahead as before or told."""

    ROLES, EDITS = EDITING, EditedKind.ACTIVITIES

    activity_id: ActivityId
    due_at: GivenMoment
    remind_before: GivenNotice | None = None
    reason: Text | None = None


@example(activity_id=MEETING, result="Agreed on the price")
class HoldActivity(SettingGiven):
    """Tell how a planned activity went; what is not told stays as it was planned."""

    ROLES, EDITS = EDITING, EditedKind.ACTIVITIES

    activity_id: ActivityId
    client_id: ClientId | None = None
    contact_id: ClientId | None = None
    is_offer: bool = False
    call_status: CallStatus | None = None
    contact_name: ShortText | None = None
    contact_data: ShortText | None = None
    topic: Text | None = None
    result: Text | None = None


@example(
    activity_id=CALL,
    channel=Channel.CALL,
    direction=Direction.INBOUND,
    client_id=ROMASHKA,
    call_status=CallStatus.TAKEN_TO_WORK,
    topic="Delivery",
)
class RecordActivity(SettingGiven):
    """Tell about a touchpoint that took place; an offer going out claims its client.

    What comes in is recorded by whoever takes it, of whichever client; else that is one whom they may see.
    """

    ROLES, EDITS = ENTERING, EditedKind.ACTIVITIES

    activity_id: ActivityId | None = None
    channel: Channel
    direction: Direction
    staff_id: StaffId | None = None
    client_id: ClientId | None = None
    contact_id: ClientId | None = None
    deal_id: DealId | None = None
    is_offer: bool = False
    call_status: CallStatus | None = None
    contact_name: ShortText | None = None
    contact_data: ShortText | None = None
    topic: Text | None = None
    result: Text | None = None

    def known_by_id(self) -> tuple[str, ...]:
        return ("client_id", "contact_id") if self.direction is Direction.INBOUND else ()


@example(activity_id=CALL, status=CallStatus.FINISHED)
class ClassifyCall(Command):
    """Give an incoming call its status with one click."""

    ROLES, EDITS = CLASSIFYING, EditedKind.ACTIVITIES

    activity_id: ActivityId
    status: CallStatus
    staff_id: StaffId | None = None


@example(activity_id=CALL, client_id=ROMASHKA)
class NameActivityClient(Command):
    """Say with which client a touchpoint was; an offer claims that client."""

    ROLES, EDITS = ENTERING, EditedKind.ACTIVITIES

    activity_id: ActivityId
    client_id: ClientId


@example(activity_id=MEETING, reason="not needed any more")
class CancelActivity(Command):
    """Say that a planned activity will not take place, and why."""

    ROLES, EDITS = EDITING, EditedKind.ACTIVITIES

    activity_id: ActivityId
    reason: Text


@example(
    import_id=FIRST_IMPORT, activity_id=CALL, channel=Channel.CALL, direction=Direction.INBOUND, client_id=ROMASHKA
)
class ImportActivity(HistoryCommand):
    """Enter a touchpoint from old records; a dated offer claims a client nobody owns from that date."""

    activity_id: ActivityId
    channel: Channel
    direction: Direction
    staff_id: StaffId | None = None
    client_id: ClientId | None = None
    contact_id: ClientId | None = None
    deal_id: DealId | None = None
    is_offer: bool = False
    call_status: CallStatus | None = None
    contact_name: ShortText | None = None
    contact_data: ShortText | None = None
    topic: Text | None = None
    result: Text | None = None
    strict: bool = False


@handles(PlanActivity)
def plan_activity(command: PlanActivity, context: Context) -> Outcome:
    member = acting_staff(context, command.staff_id)
    _check_known(context, command.client_id, command.contact_id, command.deal_id)
    activity = context.new(Activity, command.activity_id)
    activity.plan(
        channel=command.channel,
        direction=command.direction,
        staff_id=member.id,
        client_id=command.client_id,
        contact_id=command.contact_id,
        deal_id=command.deal_id,
        topic=command.topic,
        due_at=command.due_at,
        remind_before=command.remind_before,
        setting=setting_given(context, command),
    )
    return context.save(activity)


@handles(RescheduleActivity)
def reschedule_activity(command: RescheduleActivity, context: Context) -> Outcome:
    activity = led_activity(context, command.activity_id)
    activity.reschedule(command.due_at, remind_before=command.remind_before, reason=command.reason)
    return context.save(activity)


@handles(HoldActivity)
def hold_activity(command: HoldActivity, context: Context) -> Outcome:
    """Hold, and claim the client in the same decision, for who is to do it now, when an offer was made."""
    activity = led_activity(context, command.activity_id)
    staff_id = activity.staff_id
    if activity.is_awaited:
        staff_id = credited_leader(context, activity.leaders, command.occurred_at, HandOverActivity)
    told = {name: getattr(command, name) or getattr(activity, name) for name in ("client_id", "contact_id", "topic")}
    touchpoint = Touchpoint(
        channel=activity.channel,
        direction=activity.direction,
        staff_id=staff_id,
        deal_id=activity.deal_id,
        is_offer=command.is_offer,
        call_status=command.call_status,
        contact_name=command.contact_name,
        contact_data=command.contact_data,
        result=command.result,
        setting=setting_given(context, command, activity.setting),
        **told,
    )
    offer = _offer(context, touchpoint, activity.staff_id)
    activity.hold(touchpoint)
    return context.save(activity, *(offer.claim() if offer else ()))


@handles(RecordActivity)
def record_activity(command: RecordActivity, context: Context) -> Outcome:
    """Record, and claim the client in the same decision when it is an offer."""
    is_automatic = context.actor.role == "integration"
    staff_id = credited(context, command.staff_id) if is_automatic else acting_staff(context, command.staff_id).id
    touchpoint = _told(command)._replace(staff_id=staff_id, setting=setting_given(context, command))
    offer = _offer(context, touchpoint, touchpoint.staff_id)
    activity = context.new(Activity, command.activity_id)
    activity.record(touchpoint, is_automatic=is_automatic)
    return context.save(activity, *(offer.claim() if offer else ()))


def _told(command: RecordActivity | ImportActivity) -> Touchpoint:
    names = [name for name in Touchpoint._fields if name != "setting"]
    return Touchpoint(**{name: getattr(command, name) for name in names})


def _offer(context: Context, touchpoint: Touchpoint, seller_id: UUID | None) -> Approach | None:
    """Return the approach that an offer is; whatever else was held only needs its clients to exist, as any its deal."""
    if touchpoint.is_offer:
        seller = acting_staff(context, seller_id)
        _check_known(context, None, None, touchpoint.deal_id)
        return approach(context, seller, touchpoint.client_id, touchpoint.contact_id)
    _check_known(context, touchpoint.client_id, touchpoint.contact_id, touchpoint.deal_id)
    return None


def _check_known(context: Context, client_id: UUID | None, contact_id: UUID | None, deal_id: UUID | None) -> None:
    """Raise NotFoundError when nothing is recorded under an id."""
    for each in (client_id, contact_id):
        if each is not None:
            named_client(context, each)
    if deal_id is not None:
        context.load(Deal, deal_id)


@handles(ClassifyCall)
def classify_call(command: ClassifyCall, context: Context) -> Outcome:
    activity = context.load(Activity, command.activity_id)
    # A policy is nobody on the staff: it classifies for whoever took the call.
    whose = command.staff_id or (activity.staff_id if context.actor.staff_id is None else None)
    activity.classify(command.status, staff_id=acting_staff(context, whose).id)
    return context.save(activity)


@handles(NameActivityClient)
def name_activity_client(command: NameActivityClient, context: Context) -> Outcome:
    """Name the client; if it was an offer, claim the client for who made it."""
    activity = led_activity(context, command.activity_id)
    client = named_client(context, command.client_id)
    if activity.client_id == client.id or not activity.is_offer or activity.staff_id is None:
        activity.name_client(client.id)
        return context.save(activity)
    activity.check_nameable(client.id)
    offer = approach(context, context.load(StaffMember, activity.staff_id), client.id)
    activity.name_client(client.id)
    return context.save(activity, *offer.claim())


@handles(CancelActivity)
def cancel_activity(command: CancelActivity, context: Context) -> Outcome:
    activity = led_activity(context, command.activity_id)
    activity.cancel(reason=command.reason)
    return context.save(activity)


@handles(ImportActivity)
def import_activity(command: ImportActivity, context: Context) -> Outcome:
    seller = None if command.staff_id is None else context.load(StaffMember, command.staff_id)
    touchpoint = _told(command)
    offer = None
    if command.is_offer and seller is not None and not command.date_unknown:
        with_whom = command.client_id or command.contact_id
        offer = approach_on(context, seller, with_whom, context.occurred_at, strict=command.strict)
    else:
        _check_known(context, command.client_id, command.contact_id, None)
    activity = context.new(Activity, command.activity_id)
    activity.record(touchpoint, is_automatic=True, date_unknown=command.date_unknown)
    claimed = claimed_on(context, offer, context.occurred_at, strict=command.strict) if offer else ()
    return context.save(activity, *claimed)
