"""Who of the staff somebody is who has shown a token: what the log says, known for a second."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from math import inf
from typing import NamedTuple
from uuid import UUID

from app.auth.errors import CallerError, LoginUnknownError
from commands.base import Actor
from infra.in_flight import InFlight

KNOWN_SECONDS = 1.0
"""So long after a departure, a suspension, another role or a released login somebody may still be who they were."""

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
        self._clock = clock
        self._in_flight = InFlight()
        self._known: OrderedDict[Bearer, tuple[float, Told]] = OrderedDict()

    async def whose(self, bearer: Bearer) -> Actor:
        """Return who that is; raises the CallerError that `ask` gives, and what it raises."""
        asked_at, told = self._known.get(bearer, (-inf, LoginUnknownError))
        if self._clock() - asked_at >= KNOWN_SECONDS:
            told = await self._in_flight.shared(bearer, partial(self._look, bearer))
        if isinstance(told, Actor):
            return told
        raise told

    def known(self, bearer: Bearer) -> Actor | None:
        """Return who that was when it was asked last, for the log."""
        told = self._known.get(bearer, (0.0, None))[1]
        return told if isinstance(told, Actor) else None

    async def _look(self, bearer: Bearer) -> Told:
        asked_at = self._clock()
        told = await self._ask(bearer)
        self._known[bearer] = asked_at, told
        self._known.move_to_end(bearer)
        if len(self._known) > KNOWN_PEOPLE:
            self._known.popitem(last=False)
        return told
