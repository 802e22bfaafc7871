"""When to remind somebody of what they planned: as long ahead of its due moment as they said."""

from datetime import datetime

from events.activity import (
    ActivityCancelled,
    ActivityHeld,
    ActivityPlanned,
    ActivityReminderFell,
    ActivityRescheduled,
)
from events.base import Event
from events.values import moment_before
from projections.timers.due_rule import DueRule

activity_reminder = DueRule("activity-reminder")


@activity_reminder.on(
    ActivityPlanned, reads=("due_at", "remind_before"), touches=lambda event: event.remind_before is not None
)
def planned(event: ActivityPlanned) -> datetime | None:
    return moment_before(event.due_at, event.remind_before) if event.remind_before else None


@activity_reminder.on(ActivityRescheduled, reads=("to_due_at", "remind_before"))
def rescheduled(event: ActivityRescheduled) -> datetime | None:
    return moment_before(event.to_due_at, event.remind_before) if event.remind_before else None


# Most touchpoints are told in one go: nothing was due.
@activity_reminder.on(ActivityHeld, reads=("was_planned",), touches=lambda event: event.was_planned)
@activity_reminder.on(ActivityReminderFell, ActivityCancelled, reads=())
def ended(_: Event) -> datetime | None:
    return None
