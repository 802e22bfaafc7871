"""What looks after the read models, as far as it is asked: what each keeps, and what a rebuild would come to."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Check = Literal["sample", "full", "none"]


class Kept(Protocol):
    """One generation of a read model."""

    @property
    def name(self) -> str: ...
    @property
    def generation(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def is_counted(self) -> bool: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def is_current(self) -> bool: ...
    @property
    def kept_since(self) -> datetime | None: ...
    @property
    def kept_events(self) -> int | None: ...


class Estimate(Protocol):
    """What a rebuild would come to."""

    @property
    def events(self) -> int: ...
    @property
    def checked_events(self) -> int: ...
    @property
    def workers(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def is_measured(self) -> bool: ...
    @property
    def needed_bytes(self) -> int: ...
    @property
    def freed_bytes(self) -> int: ...
    @property
    def dealt_bytes(self) -> int: ...


@dataclass(frozen=True)
class Upkeep:
    """What operators ask of the upkeep, and that changes nothing."""

    names: Collection[str]
    """The read models that there are, the analytics among them."""
    kept: Callable[[], Awaitable[Sequence[Kept]]]
    """Every generation that there is."""
    estimate: Callable[[str, int, Check, int | None], Awaitable[Estimate | None]]
    """What a rebuild of a read model comes to, with so many processes, so checked, at most so many events a second.

    None: there is no read model of that name. Raises infra.projector.folding.PoisonEventError.
    """
    free_bytes: Callable[[], Awaitable[int | None]]
    """The room on the disk of the database server, where that is on this machine."""
    operations_of: Callable[[str], Sequence[str]]
    """The names of the operations that a role may ask for: `POST /operations/{name}`."""
