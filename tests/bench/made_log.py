"""A log made fast: valid facts, encrypted as the service encrypts them, put in by COPY as the owner of the tables."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from events.activity import ActivityHeld
from events.base import Event
from events.client import ClientClaimed, ClientRegistered, LifecycleAdvanced, ProfileCorrected
from events.registry import EVENT_TYPES, UPCASTERS
from events.values import (
    Channel,
    ClientKind,
    ContactKind,
    ContactPoint,
    Direction,
    Lifecycle,
    OwnershipCause,
    ProfileField,
)
from infra.log.crypto import Keyring, MasterKey
from infra.log.envelope import Envelope
from infra.log.eventlog import LogKeys
from infra.log.ids import new_id
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from tests.bench.samples import CALLS, RESULT, SELLERS, TOPIC, name_of, phone_of

EVENTS_PER_CLIENT = 10
"""One registration, one claim, one advance, one trait, six calls: all of them change the client's card."""

BLOCK = 2_000
"""Clients whose events are mixed with one another, as those of a busy month are."""

BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)

_EVENTS = (
    "COPY letopis.event (position, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at,"
    " recorded_at, actor, command_id, correlation_id, causation_id, body, parties) FROM STDIN"
)
_PARTIES = "COPY letopis.event_party FROM STDIN"
_KEYS = "COPY letopis.subject_key FROM STDIN"


class _NoKeys:
    """Where keys are while every subject is new: nowhere."""

    def after(self, _first: UUID, _count: int) -> Sequence[tuple[UUID, bytes]]:
        return ()

    def of(self, _subject_ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]:
        return ()


class _Made(NamedTuple):
    events: list[str]
    parties: list[str]
    keys: list[str]


class Told(NamedTuple):
    """A fact, its place in its stream, and the client it is about."""

    stream_id: UUID
    version: int
    client_id: UUID
    event: Event


class Life(NamedTuple):
    """What happens to clients: so many events to each; `told` gives those of a block of clients after a position."""

    events_per_client: int
    told: Callable[[Sequence[UUID], int], Iterator[Told]]


def append_made_log(url: str, master: MasterKey, count: int, life: Life | None = None) -> int:
    """Add so many events (a multiple of a client's) to the end of the log and return the position of the last one."""
    life = life or CALLED
    mapper = Mapper(EVENT_TYPES, UPCASTERS, Keyring(master, _NoKeys()))
    with psycopg.connect(url) as connection:
        position = _end(connection)
        last = position + count
        while position < last:
            clients = min(BLOCK, (last - position) // life.events_per_client)
            made = _made(mapper, position, clients, life)
            _put_in(connection, made)
            position += len(made.events)
        _settle(connection)
    return position


def append_made_client(url: str, master: MasterKey, client_id: UUID, first: int, last: int) -> None:
    """Add one client's facts of these versions: the registration first, then a trait corrected again and again."""
    borrow = OwnConnection(url)
    mapper = Mapper(EVENT_TYPES, UPCASTERS, Keyring(master, LogKeys(borrow)))
    made = _Made([], [], [])
    with psycopg.connect(url) as connection:
        position = _end(connection)
        for version in range(first, last + 1):
            position += 1
            value = f"торговля {version}"
            event: Event = (
                _registered(position)
                if version == 1
                else ProfileCorrected(field=ProfileField.SECTOR, to_value=value, source="bench")
            )
            _add(made, mapper, Told(client_id, version, client_id, event), position)
        _add_keys(made, mapper, [client_id])
        _put_in(connection, made)
        _settle(connection)
    borrow.close()


def _end(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT coalesce(max(position), 0) FROM letopis.event").fetchone()
    assert row is not None
    end: int = row[0]
    return end


def _put_in(connection: psycopg.Connection[Any], made: _Made) -> None:
    for statement, lines in ((_EVENTS, made.events), (_PARTIES, made.parties), (_KEYS, made.keys)):
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write("".join(lines))


def _settle(connection: psycopg.Connection[Any]) -> None:
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM (ANALYZE) letopis.event, letopis.event_party, letopis.subject_key")


def _made(mapper: Mapper, position: int, clients: int, life: Life) -> _Made:
    made = _Made([], [], [])
    ids = [new_id() for _ in range(clients)]
    for told in life.told(ids, position):
        position += 1
        _add(made, mapper, told, position)
    _add_keys(made, mapper, ids)
    mapper.keyring.forget(ids)
    return made


def _add(made: _Made, mapper: Mapper, told: Told, position: int) -> None:
    stream_id, version, client_id, event = told
    moment = BEGINNING + timedelta(seconds=position)
    envelope = Envelope(
        position=position,
        event_id=new_id(),
        stream_id=stream_id,
        version=version,
        topic=event.TOPIC,
        schema_version=event.SCHEMA_VERSION,
        subject_id=client_id,
        occurred_at=moment,
        recorded_at=moment,
        actor="bench",
        command_id=new_id(),
        correlation_id=client_id,
        causation_id=None,
    )
    body = mapper.to_body(event.under(envelope)).replace("\\", "\\\\")
    cells = ["\\N" if cell is None else str(cell) for cell in envelope[:13]]
    made.events.append("\t".join([*cells, body, f"{{{client_id}}}"]) + "\n")
    made.parties.append(f"{client_id}\t{position}\n")


def _add_keys(made: _Made, mapper: Mapper, subject_ids: Sequence[UUID]) -> None:
    for subject_id in subject_ids:
        wrapped = mapper.keyring.unsaved(subject_id)
        if wrapped is not None:
            made.keys.append(f"{subject_id}\t\\\\x{wrapped.hex()}\n")


def _registered(number: int) -> ClientRegistered:
    phone = phone_of(number)
    point = ContactPoint(kind=ContactKind.PHONE, value=phone, key=phone)
    kind = ClientKind.ORGANISATION
    return ClientRegistered(kind=kind, name=name_of(number), contact_points=(point,), source="bench")


def about_clients(ids: Sequence[UUID], first: int) -> Iterator[Told]:
    """Give the facts about clients themselves: everybody's first event, then everybody's second one, …"""
    for number, client_id in enumerate(ids, start=first):
        yield Told(client_id, 1, client_id, _registered(number))
    for number, client_id in enumerate(ids):
        claimed = ClientClaimed(owner_id=SELLERS[number % len(SELLERS)], cause=OwnershipCause.CLAIM)
        yield Told(client_id, 2, client_id, claimed)
    for client_id in ids:
        advanced = LifecycleAdvanced(from_state=Lifecycle.PROSPECT, to_state=Lifecycle.CONTACTED)
        yield Told(client_id, 3, client_id, advanced)
    for client_id in ids:
        known = ProfileCorrected(field=ProfileField.SECTOR, to_value="торговля", source="bench")
        yield Told(client_id, 4, client_id, known)


def calls(ids: Sequence[UUID], count: int) -> Iterator[Told]:
    """Give so many calls to each client: everybody's first, then everybody's second, …"""
    for call in range(count):
        for number, client_id in enumerate(ids):
            held = ActivityHeld(
                channel=Channel.CALL,
                direction=Direction.OUTBOUND,
                staff_id=SELLERS[(number + call) % len(SELLERS)],
                client_id=client_id,
                topic=TOPIC,
                result=RESULT,
            )
            yield Told(new_id(), 1, client_id, held)


def _called(ids: Sequence[UUID], first: int) -> Iterator[Told]:
    yield from about_clients(ids, first)
    yield from calls(ids, CALLS)


CALLED = Life(EVENTS_PER_CLIENT, _called)
