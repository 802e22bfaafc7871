"""How fast one caller may ask: a program that went wild must not take the turn of everybody else."""

import math
import time
from collections.abc import Callable

REMEMBERED = 10_000
"""Actors remembered before those who have been quiet are forgotten."""


class RateLimit:
    """Gives each actor so many turns a second, and a burst after a rest; in memory, for this process alone.

    Kept as one moment per actor: when all that they sent will have been paid for. Nothing is shared between threads.
    """

    def __init__(self, per_second: float, burst: int, error: Callable[..., Exception]) -> None:
        """Without a limit when `per_second` is 0; `error` is raised with retry_after, limit, remaining, commands."""
        self._error = error
        self._step = 1.0 / per_second if per_second else 0.0
        self._burst = burst
        self._rest = burst * self._step
        self._paid_at: dict[str, float] = {}
        self._remembered = REMEMBERED

    def take(self, actor_id: str, commands: int = 1, *, now: float | None = None) -> None:
        """Count the turns of an actor; raises the error when they have to wait.

        A batch larger than the burst passes after a full rest, and is paid for afterwards.
        """
        if not self._step:
            return
        moment = time.monotonic() if now is None else now
        paid_at = self._paid_at.get(actor_id, 0.0)
        if paid_at < moment:  # noqa: PLR1730 - max() would double what this costs every request
            paid_at = moment
        room = moment + self._rest - paid_at
        needed = commands * self._step
        if needed > self._rest:  # noqa: PLR1730 - as above
            needed = self._rest
        # The tolerance is a rounding error of the clock, not a command.
        if needed > room + 1e-9:
            raise self._error(
                retry_after=math.ceil(needed - room),
                limit=self._burst,
                remaining=max(0, int(room / self._step)),
                commands=commands,
            )
        self._paid_at[actor_id] = paid_at + commands * self._step
        if len(self._paid_at) > self._remembered:
            self._forget(moment)

    def _forget(self, moment: float) -> None:
        """Forget those who may send a whole burst again: a stranger may as well."""
        self._paid_at = {actor: paid_at for actor, paid_at in self._paid_at.items() if paid_at > moment}
        self._remembered = max(REMEMBERED, 2 * len(self._paid_at))
