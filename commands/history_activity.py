"""How old touchpoints enter the log: with their own dates and people, as incomplete as they were kept."""

from aggregates.activity import Activity, Touchpoint
from aggregates.client import Client
from aggregates.staff import StaffMember
from commands.approach import approach_in_history
from commands.base import Context, Outcome, handles
from commands.history import HistoryCommand
from commands.ids import ActivityId, MaybeClientId, MaybeDealId, MaybeStaffId
from events.values import CallStatus, Channel, Direction, OwnershipCause, ShortText, Text


class ImportActivity(HistoryCommand):
    """Enter a touchpoint from old records; a dated offer claims a client nobody owns from that date."""

    activity_id: ActivityId
    channel: Channel
    direction: Direction
    staff_id: MaybeStaffId = None
    client_id: MaybeClientId = None
    contact_id: MaybeClientId = None
    deal_id: MaybeDealId = None
    is_offer: bool = False
    call_status: CallStatus | None = None
    contact_name: ShortText | None = None
    contact_data: ShortText | None = None
    topic: Text | None = None
    result: Text | None = None
    strict: bool = False


@handles(ImportActivity)
def import_activity(command: ImportActivity, context: Context) -> Outcome:
    """Enter the touchpoint, and the claim a dated offer makes."""
    seller = None if command.staff_id is None else context.load(StaffMember, command.staff_id)
    touchpoint = Touchpoint(**{name: getattr(command, name) for name in Touchpoint._fields})
    offer = None
    if command.is_offer and seller is not None and not command.date_unknown:
        offer = approach_in_history(context, seller, command.client_id or command.contact_id, strict=command.strict)
    else:
        for each in (command.client_id, command.contact_id):
            if each is not None:
                context.load(Client, each)
    activity = context.new(Activity, command.activity_id)
    activity.record(touchpoint, is_automatic=True, date_unknown=command.date_unknown)
    return context.save(activity, *(offer.claim(OwnershipCause.IMPORT) if offer else ()))
