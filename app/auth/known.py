"""What the streams say of who comes in, known for a second: whoever waits for it, it is asked once."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from math import inf
from typing import Generic, TypeVar

from infra.in_flight import InFlight

Wanted = TypeVar("Wanted", bound=Hashable)
Told = TypeVar("Told")

KNOWN_SECONDS = 1.0
"""So long after a departure, another role, a released login or a revoked key somebody may still be who they were."""

ROOM = 10_000


class Known(Generic[Wanted, Told]):
    """What `ask` says of each who is asked about, None of whom there is not; a failure is told and not remembered."""

    def __init__(
        self, ask: Callable[[Wanted], Awaitable[Told | None]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._in_flight = InFlight()
        self._known: OrderedDict[Wanted, tuple[float, Told | None]] = OrderedDict()

    async def of(self, wanted: Wanted) -> Told | None:
        """Return what is said, or was said a moment ago; raises what `ask` raises."""
        asked_at, told = self._known.get(wanted, (-inf, None))
        if self._clock() - asked_at < KNOWN_SECONDS:
            return told
        return await self._in_flight.shared(wanted, partial(self._look, wanted))

    def last(self, wanted: Wanted) -> Told | None:
        """Return what was said the last time, for the log."""
        return self._known.get(wanted, (0.0, None))[1]

    async def _look(self, wanted: Wanted) -> Told | None:
        asked_at = self._clock()
        told = await self._ask(wanted)
        self._known[wanted] = asked_at, told
        self._known.move_to_end(wanted)
        if len(self._known) > ROOM:
            self._known.popitem(last=False)
        return told
