"""Our aggregates and facts keep to the eventsourcing library's protocols: one of its applications can run on them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import CollectEventsProtocol, DomainEventProtocol, MutableAggregateProtocol
from eventsourcing.persistence import IntegrityError

from aggregates.base import Occasion
from aggregates.staff import StaffMember
from events.registry import EVENT_TYPES, UPCASTERS
from events.values import StaffRole
from infra.library.persistence import LOG_URL, FactMapper, Factory
from infra.library.recorder import LogRecorder
from infra.log.crypto import Keyring
from infra.log.eventlog import LogKeys
from infra.log.ids import new_id
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from tests.database import MASTER, Database

TODAY = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class StaffApplication(Application[UUID]):
    """A library application of our staff, with a keyring of its own as another process has."""

    def __init__(self, url: str) -> None:
        self.borrow = OwnConnection(url)
        self.keyring = Keyring(MASTER, LogKeys(self.borrow))
        super().__init__({"PERSISTENCE_MODULE": "infra.library.persistence", LOG_URL: url})

    def construct_mapper(self) -> FactMapper:
        return FactMapper(Mapper(EVENT_TYPES, UPCASTERS, self.keyring))

    def construct_recorder(self) -> LogRecorder:
        assert isinstance(self.factory, Factory)
        return self.factory.application_recorder(self.keyring)

    def load(self, staff_id: UUID) -> StaffMember:
        member: StaffMember = self.repository.get(staff_id, projector_func=folded)
        member.occasion = occasion()
        return member

    def close(self) -> None:
        super().close()
        self.borrow.close()


def occasion() -> Occasion:
    command_id = new_id()
    return Occasion(TODAY, "somebody", command_id, command_id, None, new_id)


def folded(member: StaffMember | None, events: Iterable[Any]) -> StaffMember | None:
    for event in events:
        member = member or StaffMember(event.originator_id)
        member.apply(event)
    return member


def hired(name: str, staff_id: UUID | None = None) -> StaffMember:
    member = StaffMember(staff_id or uuid4())
    member.occasion = occasion()
    member.hire(name=name, role=StaffRole.SELLER)
    return member


@pytest.fixture
def application(database: Database) -> Iterator[StaffApplication]:
    with StaffApplication(database.writer_url) as made:
        yield made


def test_an_aggregate_and_its_facts_are_what_the_library_asks_for() -> None:
    member = hired("Anna")
    # The type checker is who can fail these two: the protocol has no test at run time.
    mutable: MutableAggregateProtocol[UUID] = member
    collecting: CollectEventsProtocol = member
    assert isinstance(collecting, CollectEventsProtocol)
    (fact,) = collecting.collect_events()
    assert isinstance(fact, DomainEventProtocol)
    assert (fact.originator_id, fact.originator_version) == (mutable.id, mutable.version)


def test_what_an_application_saved_another_one_loads(application: StaffApplication, database: Database) -> None:
    member = hired("Anna")
    (recording,) = application.save(member)
    assert recording.notification.id == 1
    with StaffApplication(database.writer_url) as other:
        loaded = other.load(member.id)
        assert (loaded.version, loaded.name, loaded.role) == (1, "Anna", StaffRole.SELLER)
        loaded.change_role(StaffRole.HEAD)
        other.save(loaded)
    assert application.load(member.id).role == StaffRole.HEAD


def test_an_application_that_decided_on_an_old_state_is_refused(application: StaffApplication) -> None:
    member = hired("Anna")
    application.save(member)
    first, second = application.load(member.id), application.load(member.id)
    first.change_role(StaffRole.HEAD)
    second.change_role(StaffRole.ADMIN)
    application.save(first)
    with pytest.raises(IntegrityError):
        application.save(second)
    assert application.load(member.id).role == StaffRole.HEAD


def test_of_two_keys_made_for_one_person_the_stored_one_counts(
    application: StaffApplication, database: Database
) -> None:
    member = hired("Anna")
    with StaffApplication(database.writer_url) as other:
        rival = hired("Boris", member.id)
        application.save(member)
        with pytest.raises(IntegrityError):
            other.save(rival)
        assert other.load(member.id).name == "Anna"
    assert application.keyring.unsaved(member.id) is None


def test_nobody_is_found_who_was_never_hired(application: StaffApplication) -> None:
    with pytest.raises(AggregateNotFoundError):
        application.load(uuid4())
