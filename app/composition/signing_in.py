"""Puts together what lets people in: who the bearer of a token is, in which role, is read from their streams."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import psycopg

from aggregates.base import Aggregate
from aggregates.login import Login
from aggregates.right import RoleRights
from aggregates.staff import StaffMember
from app.auth.errors import CallerError, LoginUnknownError, SuspendedError
from app.auth.people import KNOWN_SECONDS, Bearer, People, Told
from app.auth.tokens import Authenticator, authenticator
from app.composition.decoding import mapper_by
from app.composition.readers import Readers
from app.settings import Settings
from commands.base import Actor
from events.ids import rights_of
from events.values import StaffRole
from infra.in_flight import Known
from infra.log.crypto import MasterKey
from infra.log.eventlog import read_streams
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from read_api.reading.desk import Caller


class Door:
    """Lets people in, and tells whether who was let in before would be so now."""

    def __init__(self, authenticator: Authenticator, people: People) -> None:
        self.authenticate = authenticator.authenticate
        self.remembered = authenticator.remembered
        self._people = people

    async def is_let_in(self, caller: Caller, headers: Sequence[str]) -> bool:
        """Tell whether a caller is let in as who they were: by their headers, without these by the name alone."""
        if not headers and not caller.is_on_record:
            return True
        try:
            if headers:
                now = await self.authenticate(headers)
            else:
                now = await self._people.whose(Bearer(UUID(caller.id), is_login=False))
        except CallerError:
            return False
        return (now.id, now.role) == (caller.id, caller.role)


def door_at(settings: Settings, url: str, master: MasterKey) -> Door:
    """Return what lets people in with these settings; raises TokenKeyError."""
    people = people_at(url, master, settings.read_seconds)
    return Door(authenticator(settings, people), people)


def people_at(url: str, master: MasterKey, seconds: float) -> People:
    """Return what tells who of the staff shows a token: as the log has it, whatever is being built anew."""
    readers = Readers(url, 1, seconds)
    mapper = mapper_by(OwnConnection(url, seconds), master)

    async def ask(bearer: Bearer) -> Told:
        return await readers.ask(lambda connection: _whose(connection, mapper, bearer))

    return People(ask)


def scopes_at(url: str, master: MasterKey, seconds: float) -> Callable[[str], Awaitable[Mapping[str, str]]]:
    """Return what tells the scope of each kind of thing that a role sees, as the log has it, known for a second."""
    readers = Readers(url, 1, seconds)
    mapper = mapper_by(OwnConnection(url, seconds), master)
    known = Known(KNOWN_SECONDS, len(StaffRole))

    def look(connection: psycopg.Connection[Any], role: StaffRole) -> Mapping[str, str]:
        rights = RoleRights(rights_of(role))
        _fold(connection, mapper, rights)
        return {kind.value: scope.value for kind, scope in rights.scopes(role).items()}

    async def scopes_of(role: str) -> Mapping[str, str]:
        return await known.get(role, lambda: readers.ask(partial(look, role=StaffRole(role))))

    return scopes_of


def _whose(connection: psycopg.Connection[Any], mapper: Mapper, bearer: Bearer) -> Told:
    staff_id: UUID | None = bearer.id
    if bearer.is_login:
        _fold(connection, mapper, login := Login(bearer.id))
        staff_id = login.staff_id
    if staff_id is None:
        return LoginUnknownError
    _fold(connection, mapper, member := StaffMember(staff_id))
    if not member.is_active:
        return LoginUnknownError
    return SuspendedError if not member.is_admitted else Actor(str(member.id), member.role.value, is_on_record=True)


def _fold(connection: psycopg.Connection[Any], mapper: Mapper, aggregate: Aggregate) -> None:
    for fact in read_streams(connection, {aggregate.id: 0}):
        aggregate.apply(mapper.to_event(fact))
