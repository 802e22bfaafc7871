"""Puts together what lets people and programs in: who a token or an API key names is read from their streams."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from aggregates.api_key import ApiKey
from aggregates.base import Aggregate
from aggregates.login import Login
from aggregates.portal_login import PortalLogin
from aggregates.staff import StaffMember
from app.auth.api_keys import ApiKeys, Key
from app.auth.errors import CallerError, LoginUnknownError, SuspendedError
from app.auth.people import Bearer, People, Told
from app.auth.tokens import Authenticator, authenticator
from app.composition.decoding import mapper_by
from app.composition.readers import Readers
from app.settings import Settings
from commands.base import Actor
from commands.errors import NotAllowedError
from commands.roles import PROGRAM
from events.api_key import ApiKeyIssued
from events.client import ClientArchived, ClientRestored
from events.ids import portal_login_of
from events.values import StaffRole
from infra.log.crypto import MasterKey
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import last_of, read_streams
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from read_api.reading.desk import Caller
from replay.past.merged import answering


class Door:
    """Lets people in, and tells whether who was let in before would be so now."""

    def __init__(self, authenticator: Authenticator, people: People) -> None:
        self.anybody = authenticator.authenticate
        self.remembered = authenticator.remembered
        self._people = people

    async def authenticate(self, headers: Sequence[str]) -> Actor:
        """Return who asks, of the staff or a program: only questions know who may ask them for a client.

        Raises NotAllowedError for who comes in for a client, and as `anybody`.
        """
        actor = await self.anybody(headers)
        if actor.on_behalf_of is not None:
            raise NotAllowedError(role=actor.role, needed=sorted(StaffRole))
        return actor

    async def is_let_in(self, caller: Caller, headers: Sequence[str], is_fresh: bool) -> bool:
        """Tell whether a caller is let in as who they were: by their headers, without these by the name alone.

        If it `is_fresh`, by what the log says now, and not a second ago.
        """
        if not headers and not caller.is_on_record:
            return True
        try:
            if caller.is_on_record and (is_fresh or not headers):
                now = await self._people.whose(Bearer(UUID(caller.id), is_login=False), is_fresh=is_fresh)
            if headers:
                now = await self.anybody(headers)
        except CallerError:
            return False
        return all(getattr(now, each) == getattr(caller, each) for each in ("id", "role", "only", "on_behalf_of"))


def door_at(settings: Settings, url: str, master: MasterKey, api_keys: ApiKeys) -> Door:
    """Return what lets people and programs in with these settings; raises TokenKeyError."""
    people = people_at(url, master, settings.read_seconds)
    return Door(authenticator(settings, people, api_keys), people)


Answer = TypeVar("Answer")
Wanted = TypeVar("Wanted")
Look = Callable[[psycopg.Connection[Any], Mapper, Wanted], Answer]

_NEVER = datetime.min.replace(tzinfo=UTC)


def people_at(url: str, master: MasterKey, seconds: float) -> People:
    """Return what tells who of the staff shows a token: as the log has it, whatever is being built anew."""
    return People(_asking(Readers(url, 1, seconds), _mapper(url, master, seconds), _whose))


def api_keys_at(url: str, master: MasterKey, settings: Settings, used: Callable[[UUID], None]) -> ApiKeys:
    """Return what tells which program comes in with a key; `url` is the writer's, `used` notes that a key was used."""
    readers = Readers(url, 1, settings.read_seconds)
    return ApiKeys(_asking(readers, _mapper(url, master, settings.read_seconds), _key), used)


def _mapper(url: str, master: MasterKey, seconds: float) -> Mapper:
    return mapper_by(OwnConnection(url, seconds), master)


def _asking(readers: Readers, mapper: Mapper, look: Look[Wanted, Answer]) -> Callable[[Wanted], Awaitable[Answer]]:
    async def ask(wanted: Wanted) -> Answer:
        return await readers.ask(lambda connection: look(connection, mapper, wanted))

    return ask


def _whose(connection: psycopg.Connection[Any], mapper: Mapper, bearer: Bearer) -> Told:
    fold = partial(_fold, mapper)
    staff_id: UUID | None = bearer.id
    if bearer.is_login:
        fold(login := Login(bearer.id), read_streams(connection, {bearer.id: 0}))
        staff_id = login.staff_id
    if staff_id is None:
        return _whose_portal(connection, mapper, portal_login_of(bearer.id))
    fold(member := StaffMember(staff_id), read_streams(connection, {staff_id: 0}))
    if not member.is_active:
        return LoginUnknownError
    return SuspendedError if not member.is_admitted else Actor(str(member.id), member.role.value, is_on_record=True)


def _whose_portal(connection: psycopg.Connection[Any], mapper: Mapper, login_id: UUID) -> Told:
    _fold(mapper, login := PortalLogin(login_id), read_streams(connection, {login_id: 0}))
    if login.client_id is None or login.role is None:
        return LoginUnknownError
    client_id = answering(connection, login.client_id)
    if last_of(connection, client_id, (ClientArchived.TOPIC, ClientRestored.TOPIC)) == ClientArchived.TOPIC:
        return LoginUnknownError
    return Actor(f"login:{login_id}", login.role.value, on_behalf_of=client_id)


def _key(connection: psycopg.Connection[Any], mapper: Mapper, key_id: UUID) -> Key | None:
    # Whoever makes ids up may hit upon a stream of another kind, which may be a long one.
    first = read_streams(connection, {key_id: 0}, 1)
    if not first or first[0].envelope.topic != ApiKeyIssued.TOPIC:
        return None
    _fold(mapper, key := ApiKey(key_id), [*first, *read_streams(connection, {key_id: 1})])
    secrets = {bytes.fromhex(digest): _NEVER if key.is_revoked else until for digest, until in key.secrets.items()}
    holder = Actor(f"key:{key_id}", PROGRAM, only=frozenset((*key.commands, *key.questions)))
    return Key(holder, secrets)


def _fold(mapper: Mapper, aggregate: Aggregate, facts: Iterable[RecordedEvent]) -> None:
    for fact in facts:
        aggregate.apply(mapper.to_event(fact))
