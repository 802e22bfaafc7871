"""Who of the staff somebody is who signed in at an identity provider: what the views say, known for a second."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from uuid import UUID

from app.auth.errors import LoginUnknownError
from commands.base import Actor

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
        self._asked: OrderedDict[UUID, tuple[float, asyncio.Future[Actor | None]]] = OrderedDict()

    async def whose(self, login_id: UUID) -> Actor:
        """Return who that is; raises LoginUnknownError and what `ask` raises."""
        now = self._clock()
        asked_at, asking = self._asked.get(login_id, (now, None))
        if asking is None or now - asked_at >= KNOWN_SECONDS:
            asking = asyncio.ensure_future(self._ask(login_id))
            asking.add_done_callback(lambda done: self._forget_failure(login_id, done))
            self._asked[login_id] = now, asking
            self._asked.move_to_end(login_id)
            if len(self._asked) > KNOWN_PEOPLE:
                self._asked.popitem(last=False)
        # Who hangs up ends no question that others wait for.
        actor = asking.result() if asking.done() else await asyncio.shield(asking)
        if actor is None:
            raise LoginUnknownError
        return actor

    def known(self, login_id: UUID) -> Actor | None:
        """Return who that was when it was asked last, for the log."""
        _, asking = self._asked.get(login_id, (0.0, None))
        return asking.result() if asking is not None and asking.done() else None

    def _forget_failure(self, login_id: UUID, asking: "asyncio.Future[Actor | None]") -> None:
        """Ask anew after a failure, which those who waited were told, if anybody still did."""
        if asking.cancelled() or asking.exception() is not None:
            _, current = self._asked.get(login_id, (0.0, None))
            if current is asking:
                del self._asked[login_id]
