"""What a client said of being addressed: every word with its day, and what had been recorded in error."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from aggregates.client_state import AT_ONCE
from events.client_permission import (
    ConsentGiven,
    ConsentWithdrawn,
    ObjectionLifted,
    ObjectionRaised,
    PermissionEntryRetracted,
)
from events.permission import PermissionChannel, PermissionPurpose

MOST_ENTRIES = 1_000
"""So many words of one client stand: every decision on them has all in memory."""

Word = ConsentGiven | ConsentWithdrawn | ObjectionRaised | ObjectionLifted


class PermissionEntryIsUnknownError(RuleBrokenError):
    """Nothing that a client said stands under this number; facts: client_id, number."""

    code = "permission-entry-is-unknown"


class TooManyPermissionEntriesError(RuleBrokenError):
    """There stands as much as may; facts: client_id, most."""

    code = "too-many-permission-entries"


class Entry(NamedTuple):
    """What the client said, of what, by which text, and when."""

    topic: str
    addressed_by: PermissionChannel | None
    purpose: PermissionPurpose | None
    text_version: str | None
    said_at: datetime

    def is_of_some_of(self, other: "Entry") -> bool:
        """Tell whether both are of some channel and purpose."""
        return _meet(self.addressed_by, other.addressed_by) and _meet(self.purpose, other.purpose)


def _meet(one: object | None, other: object | None) -> bool:
    return one is None or other is None or one == other


class ClientPermission(Aggregate):
    """What one client said, under an id made of theirs (`events.ids.permission_of`); by number, what stands."""

    KIND = "client_permission"

    client_id: UUID | None
    entries: dict[int, Entry]
    retracted: set[int]

    def start(self) -> None:
        self.client_id = None
        self.entries = {}
        self.retracted = set()

    @property
    def subject_id(self) -> UUID:
        """The client, whose key encrypts what they said."""
        return self.client_id or self.id

    def consent(
        self,
        client_id: UUID,
        addressed_by: PermissionChannel,
        purpose: PermissionPurpose,
        *,
        text_version: str,
        source: str,
        evidence: str,
    ) -> None:
        """Record that the client agreed; the same said twice at once records nothing."""
        if not self._is_said(Entry(ConsentGiven.TOPIC, addressed_by, purpose, text_version, self._moment)):
            self._check_room(client_id)
            self.trigger_event(
                ConsentGiven,
                client_id=client_id,
                addressed_by=addressed_by,
                purpose=purpose,
                text_version=text_version,
                source=source,
                evidence=evidence,
            )

    def say(
        self,
        kind: type[ConsentWithdrawn | ObjectionRaised | ObjectionLifted],
        client_id: UUID,
        addressed_by: PermissionChannel | None,
        purpose: PermissionPurpose | None,
        *,
        source: str,
        evidence: str | None,
    ) -> None:
        """Record a word that may be of every channel or purpose; the same said twice at once records nothing.

        It is recorded whatever is known: what it answers may have been said elsewhere, or be recorded later.
        """
        if not self._is_said(Entry(kind.TOPIC, addressed_by, purpose, None, self._moment)):
            self._check_room(client_id)
            self.trigger_event(
                kind,
                client_id=client_id,
                addressed_by=addressed_by,
                purpose=purpose,
                source=source,
                evidence=evidence,
            )

    def retract(self, client_id: UUID, number: int, *, reason: str) -> None:
        """Record that the client never said so; what is retracted already records nothing."""
        if number in self.retracted:
            return
        if number not in self.entries:
            raise PermissionEntryIsUnknownError(client_id=client_id, number=number)
        self.trigger_event(PermissionEntryRetracted, client_id=client_id, number=number, reason=reason)

    @property
    def _moment(self) -> datetime:
        assert self.occasion is not None, "an aggregate decides only on an occasion"  # noqa: S101
        return self.occasion.occurred_at

    def _is_said(self, entry: Entry) -> bool:
        """Tell whether this was said at this moment already, and nothing else of it since."""
        last = next((each for each in reversed(self.entries.values()) if each.is_of_some_of(entry)), None)
        return last is not None and last[:-1] == entry[:-1] and abs(last.said_at - entry.said_at) <= AT_ONCE

    def _check_room(self, client_id: UUID) -> None:
        if len(self.entries) >= MOST_ENTRIES:
            raise TooManyPermissionEntriesError(client_id=client_id, most=MOST_ENTRIES)

    @applies(ConsentGiven)
    def _consented(self, event: ConsentGiven) -> None:
        self._said(event, event.text_version)

    @applies(ConsentWithdrawn)
    @applies(ObjectionRaised)
    @applies(ObjectionLifted)
    def _said_otherwise(self, event: ConsentWithdrawn | ObjectionRaised | ObjectionLifted) -> None:
        self._said(event, None)

    def _said(self, event: Word, text_version: str | None) -> None:
        self.client_id = event.client_id
        self.entries[event.originator_version] = Entry(
            event.TOPIC, event.addressed_by, event.purpose, text_version, event.occurred_at
        )

    @applies(PermissionEntryRetracted)
    def _retracted(self, event: PermissionEntryRetracted) -> None:
        self.client_id = event.client_id
        self.entries.pop(event.number, None)
        self.retracted.add(event.number)
