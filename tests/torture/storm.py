"""Kills what the plan says when the log is so long: connections, statements, processes, the whole server."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg

from infra.postgres.embedded import EmbeddedPostgres
from tests.torture.plan import Kill, Target
from tests.torture.processes import Life

# A writer that stalls with its transaction open is killed before others: that is the worst moment there is.
_BACKEND = """
SELECT pg_stat_activity.pid
FROM pg_stat_activity
WHERE usename = %s
    AND datname = current_database()
ORDER BY state LIKE 'idle in transaction%%' DESC, state = 'active' DESC, random()
LIMIT 1
"""
_ACTIVE = """
SELECT pg_cancel_backend(pid)
FROM pg_stat_activity
WHERE usename = 'letopis_writer'
    AND state = 'active'
ORDER BY random()
LIMIT 1
"""


class Storm:
    """Carries out the kills of a plan, each when it is due."""

    def __init__(
        self, kills: Sequence[Kill], seed: int, server: EmbeddedPostgres, writers: list[Life], readers: list[Life]
    ) -> None:
        self._kills = list(kills)
        self._chance = random.Random(f"{seed}/storm")
        self._server = server
        self._writers = writers
        self._readers = readers
        self.done: Counter[Target] = Counter()

    @property
    def is_over(self) -> bool:
        """Whether all that was planned has been killed."""
        return not self._kills

    def strike(self, owner: psycopg.Connection[Any], position: int) -> bool:
        """Carry out the next kill if it is due; tells whether the server has to be connected to anew.

        A kill that found nothing to kill stays due.
        """
        if not self._kills or self._kills[0].at_position > position:
            return False
        target = self._kills[0].target
        if self._kill(target, owner):
            del self._kills[0]
            self.done[target] += 1
            return target is Target.SERVER
        return False

    def _kill(self, target: Target, owner: psycopg.Connection[Any]) -> bool:
        match target:
            case Target.SERVER:
                self._server.kill()
                self._server.start()
                return True
            case Target.WRITER:
                return self._chance.choice(self._writers).kill()
            case Target.READER:
                return self._chance.choice(self._readers).kill()
            case Target.STATEMENT:
                return owner.execute(_ACTIVE).fetchone() is not None
            case _:
                role = "letopis_writer" if target is Target.BACKEND else "letopis_projector"
                found = owner.execute(_BACKEND, [role]).fetchone()
                return found is not None and bool(_is_terminated(owner, found[0]))


def _is_terminated(owner: psycopg.Connection[Any], pid: int) -> bool:
    row = owner.execute("SELECT pg_terminate_backend(%s)", [pid]).fetchone()
    return bool(row and row[0])
