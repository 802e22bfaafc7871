"""When the moment has come to remind somebody of what they planned, it is recorded that it has."""

from commands.activity_reminder import FallReminder
from commands.policies.base import Timer

activity_reminder = Timer(
    "activity-reminder", lambda due: FallReminder(activity_id=due.stream_id, remind_at=due.due_at)
)
