"""Puts together what lets in who is on record: people of an identity provider, and programs with API keys.

Who they are is read from their streams, whatever is being built anew.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from aggregates.api_key import ApiKey
from aggregates.base import Aggregate
from aggregates.login import Login
from aggregates.staff import StaffMember
from app.auth.api_keys import ApiKeys, Key
from app.auth.key_uses import KeyUses
from app.auth.people import People
from app.composition.decoding import mapper_by
from app.composition.reading import Readers
from app.settings import Settings
from commands.base import Actor
from commands.roles import PROGRAM
from events.api_key import ApiKeyIssued
from infra.log.crypto import MasterKey
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import read_streams
from infra.log.key_uses import note_uses
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection

Answer = TypeVar("Answer")
Look = Callable[[psycopg.Connection[Any], Mapper, UUID], Answer]

_NEVER = datetime.min.replace(tzinfo=UTC)


def people_at(url: str, master: MasterKey, seconds: float) -> People:
    """Return what tells who of the staff signs in under a name: as the log has it."""
    return People(_asking(Readers(url, 1, seconds), _mapper(url, master, seconds), _whose))


def api_keys_at(url: str, master: MasterKey, settings: Settings) -> tuple[ApiKeys, KeyUses]:
    """Return what tells which program comes in with a key, and what keeps when that was; `url` is the writer's."""
    readers = Readers(url, 1, settings.read_seconds)

    async def write(uses: Mapping[UUID, date]) -> None:
        await readers.ask(lambda connection: note_uses(connection, uses))

    uses = KeyUses(write, lambda: datetime.now(settings.company_zone).date())
    return ApiKeys(_asking(readers, _mapper(url, master, settings.read_seconds), _key), uses.note), uses


def _mapper(url: str, master: MasterKey, seconds: float) -> Mapper:
    return mapper_by(OwnConnection(url, seconds), master)


def _asking(readers: Readers, mapper: Mapper, look: Look[Answer]) -> Callable[[UUID], Awaitable[Answer]]:
    async def ask(stream_id: UUID) -> Answer:
        return await readers.ask(lambda connection: look(connection, mapper, stream_id))

    return ask


def _whose(connection: psycopg.Connection[Any], mapper: Mapper, login_id: UUID) -> Actor | None:
    fold = partial(_fold, mapper)
    fold(login := Login(login_id), read_streams(connection, {login_id: 0}))
    if login.staff_id is None:
        return None
    fold(member := StaffMember(login.staff_id), read_streams(connection, {login.staff_id: 0}))
    return Actor(str(member.id), member.role.value) if member.is_active else None


def _key(connection: psycopg.Connection[Any], mapper: Mapper, key_id: UUID) -> Key | None:
    # Whoever makes ids up may hit upon a stream of another kind, which may be a long one.
    first = read_streams(connection, {key_id: 0}, 1)
    if not first or first[0].envelope.topic != ApiKeyIssued.TOPIC:
        return None
    _fold(mapper, key := ApiKey(key_id), [*first, *read_streams(connection, {key_id: 1})])
    secrets = {bytes.fromhex(digest): _NEVER if key.is_revoked else until for digest, until in key.secrets.items()}
    return Key(Actor(f"key:{key_id}", PROGRAM, frozenset((*key.commands, *key.questions))), secrets)


def _fold(mapper: Mapper, aggregate: Aggregate, facts: Iterable[RecordedEvent]) -> None:
    for fact in facts:
        aggregate.apply(mapper.to_event(fact))
