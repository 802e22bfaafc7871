"""The setting of an activity: how long it takes, where it is, and who takes part besides whoever does it."""

from typing import NamedTuple
from uuid import UUID

from aggregates.activity_handover import Entrusted
from aggregates.base import applies
from events.activity import ActivityCorrected


class Setting(NamedTuple):
    """What there is to tell of the setting; `participant_client_ids` are clients beside the one it is about."""

    duration_minutes: int | None = None
    place: str | None = None
    participant_staff_ids: tuple[UUID, ...] = ()
    participant_client_ids: tuple[UUID, ...] = ()

    def as_facts(self, prefix: str = "") -> dict[str, object]:
        """Return it as the fields of a fact: what there is nothing of is not said."""
        return {f"{prefix}{name}": value or None for name, value in self._asdict().items()}


class Arranged(Entrusted):
    """A thing that somebody is to do, or did, somewhere, for some time and with others."""

    setting: Setting

    def start(self) -> None:
        super().start()
        self.setting = Setting()

    def check_not_cancelled(self) -> None:
        """Raise when it does not take place."""
        raise NotImplementedError

    def correct(self, setting: Setting) -> None:
        """Record what its setting should read; the present one records nothing."""
        if setting == self.setting:
            return
        self.check_not_cancelled()
        self.trigger_event(ActivityCorrected, **self.setting.as_facts("from_"), **setting.as_facts("to_"))

    @applies(ActivityCorrected)
    def _corrected(self, event: ActivityCorrected) -> None:
        self.setting = setting_of(event, "to_")


def setting_of(fact: object, prefix: str = "") -> Setting:
    """Return the setting that a fact tells of."""
    told = Setting(*(getattr(fact, f"{prefix}{name}") for name in Setting._fields))
    return told._replace(
        participant_staff_ids=told.participant_staff_ids or (), participant_client_ids=told.participant_client_ids or ()
    )
