"""Lets applications of the eventsourcing library run on our log: PERSISTENCE_MODULE=infra.library.persistence.

LETOPIS_LOG_URL is the writer's URL. An application of our facts overrides `construct_mapper` to return a FactMapper,
and `construct_recorder` to give the recorder that mapper's keyring (tests/aggregates/test_library_application.py).
"""

from typing import Any
from uuid import UUID

from eventsourcing import persistence
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import InfrastructureFactory, NotSupportedError, StoredEvent, TrackingRecorder
from eventsourcing.utils import Environment, EnvType

from infra.library.pooled_recorder import PooledRecorder
from infra.library.recorder import LogRecorder
from infra.library.snapshot_recorder import SnapshotRecorder
from infra.library.stored_event import EnvelopedEvent, EnvelopedNotification
from infra.log.crypto import Keyring
from infra.log.envelope import RecordedEvent
from infra.log.mapper import Fact, Mapper

LOG_URL = "LETOPIS_LOG_URL"


class Factory(InfrastructureFactory[TrackingRecorder]):
    """Gives a library application our recorders, and closes them with the application."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._made: list[PooledRecorder] = []

    @property
    def _url(self) -> str:
        url = self.env.get(LOG_URL)
        if not url:
            raise OSError(f"{LOG_URL} is not set: it is the URL by which the writer connects to the log.")
        return url

    def aggregate_recorder(self, purpose: str = "events") -> SnapshotRecorder:
        """Return a recorder of snapshots; raises NotSupportedError for events, which are always in the log."""
        if purpose != "snapshots":
            raise NotSupportedError("Events outside the log are not supported: ask for the application recorder.")
        recorder = SnapshotRecorder(self._url)
        self._made.append(recorder)
        return recorder

    def application_recorder(self, keyring: Keyring | None = None) -> LogRecorder:
        """Return a recorder of events on the log; encrypted facts need the keyring of the mapper that encrypts them."""
        recorder = LogRecorder(self._url, keyring=keyring)
        self._made.append(recorder)
        return recorder

    def tracking_recorder(self, _: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        """Raise NotSupportedError: how far a view has come is kept by the projector, with the view's rows."""
        raise NotSupportedError("Tracking is the projector's: declare a projection.")

    def process_recorder(self) -> Any:
        """Raise NotSupportedError: what follows from an event is a policy's command, with its own receipt."""
        raise NotSupportedError("Processing with tracking is not supported: write a policy.")

    def close(self) -> None:
        """Close the recorders made."""
        while self._made:
            self._made.pop().close()


class FactMapper(persistence.Mapper[UUID]):
    """Our mapper as the library asks for it: bodies validated, encrypted and brought up to date, envelopes kept."""

    def __init__(self, mapper: Mapper) -> None:
        """Take the mapper of the event types; its keyring is the one to give to the recorder."""
        super().__init__(persistence.JSONTranscoder())
        self._mapper = mapper

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> EnvelopedEvent:
        """Return the fact with its envelope and the exact JSON text of its body."""
        fact: Fact = domain_event  # type: ignore[assignment]
        envelope, body = fact.envelope, self._mapper.to_body(fact)
        return EnvelopedEvent(envelope.stream_id, envelope.version, envelope.topic, body.encode(), envelope)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Return the event as its class says today; raises infra.log.mapper.UnreadableEventError."""
        assert isinstance(stored_event, EnvelopedEvent | EnvelopedNotification), "only the log knows a fact's envelope"  # noqa: S101
        event: DomainEventProtocol[UUID] = self._mapper.to_event(
            RecordedEvent(stored_event.envelope, stored_event.state.decode())
        )
        return event
