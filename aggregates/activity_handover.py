"""Whose work an activity is while it is planned: whoever planned it, or whom it was handed over to."""

from uuid import UUID

from aggregates.activity_reminder import Reminded
from aggregates.base import applies
from aggregates.leaders import Leaders, led_from
from events.activity import ActivityHandedOver, ActivityPlanned


class Entrusted(Reminded):
    """A thing that somebody is to do, and that may become somebody else's to do."""

    leaders: Leaders

    def start(self) -> None:
        super().start()
        self.leaders = ()

    def check_planned(self) -> None:
        """Raise when it is not to be done any more."""
        raise NotImplementedError

    def hand_over(self, to_staff_id: UUID, *, reason: str | None = None) -> None:
        """Record that somebody else is to do it; whoever it is with already records nothing."""
        if to_staff_id == self.staff_id:
            return
        self.check_planned()
        self.trigger_event(ActivityHandedOver, from_staff_id=self.staff_id, to_staff_id=to_staff_id, reason=reason)

    def _entrust(self, event: ActivityPlanned | ActivityHandedOver, staff_id: UUID) -> None:
        """Fold whose work it is from the event's moment on."""
        self.staff_id = staff_id
        self.leaders = led_from(self.leaders, event.occurred_at, staff_id)

    @applies(ActivityHandedOver)
    def _handed_over(self, event: ActivityHandedOver) -> None:
        self._entrust(event, event.to_staff_id)
