"""Puts the read side together: its connections, the history that auditors read from the log, and the reports."""

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import UUID

from fastapi import APIRouter, FastAPI

from aggregates.identity import email_key, phone_key
from app.database import Urls
from app.settings import Settings
from app.wiring import decoder_at
from commands.base import Actor
from infra.connection import OwnConnection
from infra.crypto import MasterKey
from read_api.desk import Desk, History, Reports, read_pool
from read_api.door import read_router
from replay.history import history_of

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def history_at(url: str, master: MasterKey) -> History:
    """Return what reads a client's history from the log, one reader at a time: auditors are few."""
    lock = threading.Lock()
    borrow = OwnConnection(url)
    decode = decoder_at(url, master)

    def read(party_id: UUID, after: int, limit: int) -> Sequence[Any]:
        with lock, borrow() as connection:
            return history_of(connection, decode, party_id, after=after, limit=limit)

    return read


def read_side(
    settings: Settings,
    urls: Urls,
    master: MasterKey,
    authenticate: Callable[[str | None], Actor],
    reports: Reports | None,
) -> tuple[APIRouter, Lifespan]:
    """Return the routes for reads, and what opens and closes their connections with the application."""
    pool = read_pool(urls.reader, settings.read_connections)
    desk = Desk(
        pool=pool,
        authenticate=authenticate,
        history=history_at(urls.projector, master),
        phone_key=phone_key,
        email_key=email_key,
        reports=reports,
        zone=settings.company_zone,
        timeout=settings.min_position_timeout,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Not waiting for the first connection: without a database reads answer 503, and /health still says alive.
        await pool.open(wait=False)
        try:
            yield
        finally:
            await pool.close()

    return read_router(desk), lifespan
