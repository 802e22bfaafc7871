"""Who of the staff somebody is who signed in at an identity provider: what the log says, known for a second."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from math import inf
from uuid import UUID

from app.auth.errors import LoginUnknownError
from commands.base import Actor
from infra.in_flight import InFlight

KNOWN_SECONDS = 1.0
"""So long after a departure, another role or a released login somebody may still be who they were."""

KNOWN_PEOPLE = 10_000


class People:
    """Tells whose a login is; `ask` says who that is now, with their role, and None of who does not work here."""

    def __init__(
        self, ask: Callable[[UUID], Awaitable[Actor | None]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._in_flight = InFlight()
        self._known: OrderedDict[UUID, tuple[float, Actor | None]] = OrderedDict()

    async def whose(self, login_id: UUID) -> Actor:
        """Return who that is; raises LoginUnknownError and what `ask` raises."""
        asked_at, actor = self._known.get(login_id, (-inf, None))
        if self._clock() - asked_at >= KNOWN_SECONDS:
            actor = await self._in_flight.shared(login_id, partial(self._look, login_id))
        if actor is None:
            raise LoginUnknownError
        return actor

    def known(self, login_id: UUID) -> Actor | None:
        """Return who that was when it was asked last, for the log."""
        return self._known.get(login_id, (0.0, None))[1]

    async def _look(self, login_id: UUID) -> Actor | None:
        asked_at = self._clock()
        actor = await self._ask(login_id)
        self._known[login_id] = asked_at, actor
        self._known.move_to_end(login_id)
        if len(self._known) > KNOWN_PEOPLE:
            self._known.popitem(last=False)
        return actor
