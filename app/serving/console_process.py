"""A console in a process of its own: pages and sessions, and every question to the API of another process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NoReturn

from fastapi import FastAPI

from app.database import Urls
from app.serving.console import console_routes
from app.serving.here import operators_or_from_here
from app.serving.http import Check, Parts
from app.serving.over_http import OverHttp
from app.settings import Settings
from commands.errors import NotAllowedError
from infra.log.crypto import MasterKey
from infra.told import ToldError

HEALTH = "/health"


class NoApiError(ToldError):
    """It was not said where the API is that a console of its own process asks."""


def console_parts(settings: Settings, urls: Urls, master: MasterKey) -> Parts:
    """Return what the application of a console of its own is made of; raises NoApiError."""
    if settings.console_api is None:
        raise NoApiError("Say where the API is that this console asks: LETOPIS_CONSOLE_API=http://127.0.0.1:8000")
    api = OverHttp(settings.console_api)
    routes = console_routes(settings, urls, master)

    async def checks() -> Sequence[Check]:
        told = await api("GET", HEALTH, {})
        is_there = told.status == 200
        return [Check("api", is_there, None if is_there else "The API does not answer.")]

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await api.close()

    return Parts(
        guest_routes=lambda _call: routes(api),
        may_measure=operators_or_from_here(_nobody),
        checks=checks,
        cors_origins=settings.cors_origins,
        body_limit=settings.body_limit_bytes,
        lifespan=lifespan,
    )


async def _nobody(_: Sequence[str]) -> NoReturn:
    """Let nobody in by a token: who that is the API knows, and not this process."""
    raise NotAllowedError(role="", needed=[])
