"""Who somebody is who has shown a token, of the staff or for a client: what the log says, known for a second."""

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple
from uuid import UUID

from app.auth.errors import CallerError
from commands.base import Actor
from infra.in_flight import Known

KNOWN_SECONDS = 1.0
"""So long after a departure, a suspension, another role, a released login or a card put away somebody may still be
who they were."""

KNOWN_PEOPLE = 10_000


class Bearer(NamedTuple):
    """Whom a token names: a login at an identity provider, or a member of the staff."""

    id: UUID
    is_login: bool


Told = Actor | type[CallerError]
"""Who that is, with their role, or why they are not let in."""


class People:
    """Tells who the bearer of a token is; `ask` says who that is now, or why nobody."""

    def __init__(self, ask: Callable[[Bearer], Awaitable[Told]], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._told = Known(KNOWN_SECONDS, KNOWN_PEOPLE, clock)

    async def whose(self, bearer: Bearer, *, is_fresh: bool = False) -> Actor:
        """Return who that is, by what was known a second ago or, `is_fresh`, by what is so now.

        Raises the CallerError that `ask` gives, and what it raises.
        """
        told = await self._told.get(bearer, partial(self._ask, bearer), is_fresh=is_fresh)
        if isinstance(told, Actor):
            return told
        raise told

    def known(self, bearer: Bearer) -> Actor | None:
        """Return who that was when it was asked last, for the log."""
        told = self._told.last(bearer)
        return told if isinstance(told, Actor) else None
