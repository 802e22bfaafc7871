"""What a timer asks about activities: to say that the moment has come to remind of one."""

from aggregates.activity import Activity
from commands.base import Command, Context, GivenMoment, Outcome, handles
from commands.roles import POLICY
from events.examples import DAY, HOUR, MEETING, example
from events.ids import ActivityId


@example(activity_id=MEETING, remind_at=DAY - HOUR)
class FallReminder(Command):
    """Say that the moment has come to remind of a planned activity; a timer asks this."""

    ROLES, EDITS = POLICY, None

    activity_id: ActivityId
    remind_at: GivenMoment


@handles(FallReminder)
def fall_reminder(command: FallReminder, context: Context) -> Outcome:
    """Let it fall, if it is still awaited and the moment has come."""
    activity = context.load(Activity, command.activity_id)
    activity.fall_reminder(command.remind_at, now=context.now)
    return context.save(activity)
