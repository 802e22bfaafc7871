"""The days on which one client is remembered: of each kind and label one."""

from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from events.client_date import ClientDateDropped, ClientDateKind, ClientDateNoted, YearlyDay
from infra.typed import labelled_key

MOST_DATES = 50
"""So many days of one client are remembered: all of them stand on the card."""


class TooManyDatesError(RuleBrokenError):
    """As many days of the client are remembered as may be; facts: client_id, most."""

    code = "too-many-dates"


class ClientDate(Aggregate):
    """The days of one client, under an id made of theirs (`events.ids.dates_of`)."""

    KIND = "client_date"

    client_id: UUID | None
    days: dict[str, YearlyDay]

    def start(self) -> None:
        self.client_id = None
        self.days = {}

    @property
    def subject_id(self) -> UUID:
        """The client, whose key encrypts the days."""
        return self.client_id or self.id

    def note(self, client_id: UUID, kind: ClientDateKind, label: str | None, on_day: YearlyDay, *, source: str) -> None:
        """Record a day, or that it is another one than was known; the one that is known records nothing."""
        key = labelled_key(kind, label)
        if self.days.get(key) == on_day:
            return
        if key not in self.days and len(self.days) >= MOST_DATES:
            raise TooManyDatesError(client_id=client_id, most=MOST_DATES)
        self.trigger_event(ClientDateNoted, client_id=client_id, kind=kind, label=label, on_day=on_day, source=source)

    def drop(self, client_id: UUID, kind: ClientDateKind, label: str | None) -> None:
        """Record that a day is not remembered any more; one that is not known records nothing."""
        if labelled_key(kind, label) in self.days:
            self.trigger_event(ClientDateDropped, client_id=client_id, kind=kind, label=label)

    @applies(ClientDateNoted)
    def _noted(self, event: ClientDateNoted) -> None:
        self.client_id = event.client_id
        self.days[labelled_key(event.kind, event.label)] = event.on_day

    @applies(ClientDateDropped)
    def _dropped(self, event: ClientDateDropped) -> None:
        self.client_id = event.client_id
        self.days.pop(labelled_key(event.kind, event.label), None)
