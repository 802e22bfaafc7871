"""Puts together what lets people in who sign in at an identity provider: who they are is read from their streams."""

from typing import Any
from uuid import UUID

import psycopg

from aggregates.base import Aggregate
from aggregates.login import Login
from aggregates.staff import StaffMember
from app.auth.people import People
from app.composition.decoding import mapper_by
from app.composition.reading import Readers
from commands.base import Actor
from infra.log.crypto import MasterKey
from infra.log.eventlog import read_streams
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection


def people_at(url: str, master: MasterKey, seconds: float) -> People:
    """Return what tells who of the staff signs in under a name: as the log has it, whatever is being built anew."""
    readers = Readers(url, 1, seconds)
    mapper = mapper_by(OwnConnection(url, seconds), master)

    async def ask(login_id: UUID) -> Actor | None:
        return await readers.ask(lambda connection: _whose(connection, mapper, login_id))

    return People(ask)


def _whose(connection: psycopg.Connection[Any], mapper: Mapper, login_id: UUID) -> Actor | None:
    def fold(aggregate: Aggregate) -> None:
        for fact in read_streams(connection, {aggregate.id: 0}):
            aggregate.apply(mapper.to_event(fact))

    fold(login := Login(login_id))
    if login.staff_id is None:
        return None
    fold(member := StaffMember(login.staff_id))
    return Actor(str(member.id), member.role.value) if member.is_active else None
