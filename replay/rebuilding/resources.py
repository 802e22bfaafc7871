"""How much of a machine a rebuild or a check may take, and into how many shards rows are divided for that."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from shutil import disk_usage
from typing import Any

import psycopg

from infra.projector.projection import Projection
from infra.told import ToldError

SHARE_OF_A_SHARD = 5
"""Where a process has several shards, each has this part of the rows it may hold: more shards cost nothing then, fewer
rows stay nearer to the processor, and there may be more of them than was foretold."""

MOST_SHARDS = 500
"""So many small shards has a process at most, then larger ones: a session that ends locks all its tables at once."""

ROOM_TO_SPARE = 2**30
"""Left alone on the disk: the server stops when it cannot write its own log any more, which takes this much."""

_MB = 2**20


class NoRoomError(ToldError):
    """The disk of the database server has no room for a rebuild or a check; readers keep what they have."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(
            f"{name}: {what}. Readers keep what they have. Make room there, or let PostgreSQL put temporary tables on"
            f" another disk (temp_tablespaces); `letopis projections rebuild {name} --dry-run` says how much is needed."
        )

    def __reduce__(self) -> tuple[Callable[[str], "NoRoomError"], tuple[str]]:
        """Travel between our processes as the sentence it is."""
        return (_again, (str(self),))

    @classmethod
    def said_by(cls, name: str, error: psycopg.errors.DiskFull) -> "NoRoomError":
        """Tell what the server said, which names the file it could not write."""
        return cls(name, f"the database server has no room left ({error.diag.message_primary})")


def _again(sentence: str) -> NoRoomError:
    error = NoRoomError.__new__(NoRoomError)
    ToldError.__init__(error, sentence)
    return error


@dataclass(frozen=True, slots=True)
class Resources:
    """What may be taken: so many processes, each with so many rows in memory, and the room on the server's disk.

    Up to `small_log` events one process is done before a second one has started. `rows_at_once`: a card takes 3.1 kB,
    so that two processes stay below 2 GB. `disk` is the folder of the server's data where that is on this machine.
    """

    processes: int = 2
    rows_at_once: int = 250_000
    small_log: int = 20_000
    disk: Path | None = None

    def workers(self, projection: Projection[Any], events: int) -> int:
        """Return how many processes share the rows of a read model."""
        return 1 if projection.partition_by == "none" or events < self.small_log else self.processes

    def shards_of_each(self, projection: Projection[Any], rows: Callable[[], float]) -> int:
        """Return in how many shards one process makes so many rows.

        What is only added to is written as it is folded, and what is not shared out is folded whole: that is one shard,
        and nobody has to know then how many rows there are.
        """
        if projection.is_append_only or projection.partition_by == "none":
            return 1
        expected = rows()
        if expected <= self.rows_at_once:
            return 1
        small = ceil(expected / max(1, self.rows_at_once // SHARE_OF_A_SHARD))
        return min(small, max(MOST_SHARDS, ceil(expected / self.rows_at_once)))

    def require_room(self, name: str, needed: float) -> None:
        """Raise NoRoomError where it is known that so many bytes do not fit on the server's disk."""
        if self.disk is None:
            return
        free = disk_usage(self.disk).free
        if needed + ROOM_TO_SPARE > free:
            raise NoRoomError(
                name,
                f"about {needed / _MB:,.0f} MB are needed for a while for facts that are dealt out by shard, and"
                f" {ROOM_TO_SPARE / _MB:,.0f} MB to spare; the disk of {self.disk} has {free / _MB:,.0f} MB",
            )


AS_USUAL = Resources()
