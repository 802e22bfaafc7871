"""Lets the eventsourcing library record on our log and read it: its recorder interface on our table and our append.

Streams are UUIDs and count from 1 without a gap. Taking and giving back identities (claims) is the command path's: what
a library application records has none.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from threading import Thread
from time import sleep
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    ListenNotifySubscription,
    ProgrammingError,
    StoredEvent,
)

from infra.library.pooled_recorder import WITHOUT_END, PooledRecorder
from infra.library.stored_event import EnvelopedEvent, EnvelopedNotification, to_body, to_state
from infra.log.append import append
from infra.log.clock import ClockAheadError
from infra.log.crypto import Keyring
from infra.log.envelope import NEVER, Envelope, RecordedEvent
from infra.log.eventlog import COLUMNS, WAKE_UP_CHANNEL, Decided, Head, recorded_events
from infra.log.ids import new_id
from infra.log.wake_up import WakeUp
from infra.postgres.connection import connect

POLL = 0.2
"""Seconds after which a subscription looks for itself: a wake-up can be lost, and costs nothing when there is none."""

_HEADS = """
SELECT wanted.stream_id, head.version, head.event_id, head.position
FROM unnest(%s::uuid[]) AS wanted (stream_id)
CROSS JOIN LATERAL (
    SELECT e.version, e.event_id, e.position
    FROM letopis.event AS e
    WHERE e.stream_id = wanted.stream_id
    ORDER BY e.version DESC
    LIMIT 1
) AS head
"""

_STREAM = f"""
SELECT {COLUMNS}, e.body::text
FROM letopis.event AS e
WHERE e.stream_id = %s
    AND e.version > %s
    AND e.version <= %s
ORDER BY e.version {{}}
LIMIT %s
"""  # noqa: S608 - the only things put in are the constant list of columns and a direction

_NOTIFICATIONS = f"""
SELECT {COLUMNS}, e.body::text
FROM letopis.event AS e
WHERE e.position >= %s
    AND e.position <= %s
    AND (%s::text[] = '{{}}' OR e.topic = ANY (%s::text[]))
ORDER BY e.position
LIMIT %s
"""  # noqa: S608 - the only thing put in is the constant list of columns


class LogRecorder(PooledRecorder, ApplicationRecorder):
    """Records and reads the events of a library application on the log."""

    def __init__(
        self, url: str, *, actor: str = "eventsourcing", first_version: int = 1, keyring: Keyring | None = None
    ) -> None:
        """Take the writer's URL and how plain stored events, which do not say it, are meant.

        `actor` is who says so; `first_version` is how the application numbers the first event of a stream;
        `keyring` is where new keys of encrypted facts are, which are stored together with the facts.
        """
        super().__init__(url)
        self._actor = actor
        self._shift = 1 - first_version
        self._keyring = keyring
        self._wake_up = WakeUp(url)
        self._wake_up.start()

    def close(self) -> None:
        """Give the connections back to the server."""
        self._wake_up.stop()
        super().close()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:  # noqa: ARG002
        """Record the events as one command, all or none, and return their positions.

        The same events given again under the same command id return the same positions. Raises IntegrityError when
        a stream has moved on or an event does not follow the one before it, ProgrammingError for two commands in one.
        """
        if not stored_events:
            return []
        facts = self._facts(stored_events)
        before = _before(facts)
        is_new = not any(isinstance(event, EnvelopedEvent) for event in stored_events)
        with self._connection() as connection:
            heads = _heads(connection, before)
            # A new command on an old state needs no turn at the lock of the log; one given again may have a receipt.
            if is_new and any(head.version > 0 and head.event_id is None for head in heads.values()):
                raise IntegrityError("Nothing was recorded: a stream is not at the version that the event follows.")
            positions = self._append(connection, self._decided(facts, heads))
        self._wake_up.stored(positions[-1])
        return positions

    def _append(self, connection: psycopg.Connection[Any], decided: Decided) -> list[int]:
        try:
            (outcome,) = append(connection, [decided])
        except (psycopg.Error, ClockAheadError):
            self._forget(decided)
            raise
        is_same = outcome.facts.get("content_hash") == decided.content_hash.hex()
        if outcome.status != "stored" and not (outcome.status == "replayed" and is_same):
            self._forget(decided)
            raise IntegrityError(f"Nothing was recorded: the command is {outcome.status}.")
        if self._keyring:
            self._keyring.saved(list(decided.keys))
        events = outcome.facts["events"] if outcome.facts else decided.events_from(outcome.first)
        return [event["position"] for event in events]

    def _facts(self, events: Sequence[StoredEvent]) -> list[RecordedEvent]:
        command_ids = {event.envelope.command_id for event in events if isinstance(event, EnvelopedEvent)}
        if len(command_ids) > 1:
            raise ProgrammingError("One insert is one command: these events name several.")
        command_id = command_ids.pop() if command_ids else new_id()
        now = datetime.now(UTC)
        return [RecordedEvent(self._envelope(event, command_id, now), to_body(event.state)) for event in events]

    def _envelope(self, event: StoredEvent, command_id: UUID, now: datetime) -> Envelope:
        stream_id = _uuid(event.originator_id)
        version = event.originator_version + self._shift
        if isinstance(event, EnvelopedEvent):
            return event.envelope._replace(stream_id=stream_id, version=version, topic=event.topic)
        return Envelope(
            position=0,
            event_id=new_id(),
            stream_id=stream_id,
            version=version,
            topic=event.topic,
            schema_version=1,
            subject_id=stream_id,
            occurred_at=now,
            recorded_at=NEVER,
            actor=self._actor,
            command_id=command_id,
            correlation_id=command_id,
            causation_id=None,
            parties=(stream_id,),
        )

    def _decided(self, facts: Sequence[RecordedEvent], expectations: dict[UUID, Head]) -> Decided:
        first = facts[0].envelope
        said = [(str(each.envelope.stream_id), each.envelope.version, each.envelope.topic, each.body) for each in facts]
        subjects = {each.envelope.subject_id for each in facts}
        unsaved = {each: self._keyring.unsaved(each) for each in subjects} if self._keyring else {}
        return Decided(
            command_id=first.command_id,
            content_hash=sha256(repr(said).encode()).digest(),
            stream_id=first.stream_id,
            version=max(each.envelope.version for each in facts if each.envelope.stream_id == first.stream_id),
            expectations=list(expectations.items()),
            facts=facts,
            keys={subject_id: wrapped for subject_id, wrapped in unsaved.items() if wrapped is not None},
        )

    def _forget(self, decided: Decided) -> None:
        """Let the database say which keys there are: another process may have made them first."""
        if self._keyring:
            self._keyring.forget(list(decided.keys))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[EnvelopedEvent]:
        """Return the events of a stream after and up to a version, in order or from the last one back."""
        first = 0 if gt is None else gt + self._shift
        last = WITHOUT_END if lte is None else lte + self._shift
        facts = self._select(_STREAM.format("DESC" if desc else "ASC"), _uuid(originator_id), first, last, limit)
        return [
            EnvelopedEvent(envelope.stream_id, envelope.version - self._shift, envelope.topic, to_state(body), envelope)
            for envelope, body in facts
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[EnvelopedNotification]:
        """Return what was recorded, in order, from a position (or after it) up to another, of some topics or of all."""
        first = 1 if start is None else start + (not inclusive_of_start)
        wanted = list(topics)
        facts = self._select(_NOTIFICATIONS, first, WITHOUT_END if stop is None else stop, wanted, wanted, limit)
        return [
            EnvelopedNotification(
                originator_id=envelope.stream_id,
                originator_version=envelope.version - self._shift,
                topic=envelope.topic,
                state=to_state(body),
                id=envelope.position,
                envelope=envelope,
            )
            for envelope, body in facts
        ]

    def _select(self, statement: str, *arguments: Any) -> list[RecordedEvent]:
        with self._connection() as connection, connection.cursor(row_factory=recorded_events, binary=True) as cursor:
            cursor.execute(statement.encode(), arguments, prepare=True)
            return cursor.fetchall()

    def max_notification_id(self) -> int | None:
        """Return the newest position; None while nothing is recorded."""
        with self._connection() as connection:
            row = connection.execute("SELECT max(position) FROM letopis.event").fetchone()
        return row[0] if row else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "LogSubscription":
        """Return what was and will be recorded after a position, in order, as an iterator that waits for more."""
        return LogSubscription(self, gt, topics)


def _uuid(originator_id: UUID | str) -> UUID:
    return originator_id if isinstance(originator_id, UUID) else UUID(originator_id)


def _before(facts: Sequence[RecordedEvent]) -> dict[UUID, int]:
    """Return the version each stream has to have now; raises IntegrityError when the facts do not follow each other."""
    before: dict[UUID, int] = {}
    last: dict[UUID, int] = {}
    for envelope, _ in facts:
        stream_id, version = envelope.stream_id, envelope.version
        before.setdefault(stream_id, version - 1)
        if version != last.get(stream_id, version - 1) + 1 or version < 1:
            raise IntegrityError(f"Version {version} does not follow in stream {stream_id}; versions count from 1.")
        last[stream_id] = version
    return before


def _heads(connection: psycopg.Connection[Any], before: dict[UUID, int]) -> dict[UUID, Head]:
    """Return the heads at those versions; one without an event id where the stream is not at its version."""
    heads = {stream_id: Head(version) for stream_id, version in before.items()}
    if known := [stream_id for stream_id, version in before.items() if version > 0]:
        for stream_id, *row in connection.execute(_HEADS, [known], prepare=True):
            head = Head(*row)
            if head.version == before[stream_id]:
                heads[stream_id] = head
    return heads


class LogSubscription(ListenNotifySubscription[LogRecorder]):
    """Follows the log: told by the wake-ups of those who record, and looking for itself should one be lost."""

    def __init__(self, recorder: LogRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder, gt, topics)
        self._listen_thread = Thread(target=self._listen, name="subscription", daemon=True)
        self._listen_thread.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listen_thread.join()

    def _pull(self) -> None:
        # The place kept is how far was examined, not the last fact of a wanted topic: positions are given in commit
        # order, so whatever is at or before the head seen first was there to be selected.
        head = self._recorder.max_notification_id() or 0
        super()._pull()
        self._last_notification_id = max(self._last_notification_id or 0, head)

    def _listen(self) -> None:
        while not self._has_been_stopped:
            try:
                with connect(self._recorder.url) as connection:
                    connection.execute(f"LISTEN {WAKE_UP_CHANNEL}")
                    while not self._has_been_stopped:
                        self._has_been_notified.set()
                        for _ in connection.notifies(timeout=POLL, stop_after=1):
                            pass
            except psycopg.Error:  # without wake-ups it still looks for itself, and tells its reader what it meets
                self._has_been_notified.set()
                sleep(POLL)
