"""What reminds of an activity: how long ahead of its due moment, and which moments were reminded of."""

from datetime import datetime, timedelta
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from events.activity import ActivityReminderFell
from events.values import moment_before


class ReminderIsNotDueError(RuleBrokenError):
    """The moment to remind has not come; facts: activity_id, remind_at."""

    code = "reminder-is-not-due"


class Reminded(Aggregate):
    """A thing with a due moment, of which somebody may be reminded ahead."""

    staff_id: UUID | None
    due_at: datetime | None
    remind_before: timedelta | None
    reminded: tuple[datetime, ...]

    def start(self) -> None:
        super().start()
        self.reminded = ()

    @property
    def is_awaited(self) -> bool:
        """Whether it is still to be done."""
        raise NotImplementedError

    @property
    def remind_at(self) -> datetime | None:
        """When to remind of it, UTC, if anybody wants to be reminded."""
        if self.due_at is None or self.remind_before is None:
            return None
        return moment_before(self.due_at, self.remind_before)

    def fall_reminder(self, remind_at: datetime, *, now: datetime) -> None:
        """Record that the moment to remind has come, once for each; one that was moved or has ended records nothing."""
        if not self.is_awaited or remind_at != self.remind_at or remind_at in self.reminded:
            return
        if now < remind_at:
            raise ReminderIsNotDueError(activity_id=self.id, remind_at=remind_at)
        self.trigger_event(ActivityReminderFell, remind_at=remind_at, due_at=self.due_at, staff_id=self.staff_id)

    @applies(ActivityReminderFell)
    def _reminder_fell(self, event: ActivityReminderFell) -> None:
        self.reminded = (*self.reminded, event.remind_at)
