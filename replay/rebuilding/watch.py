"""Who watches a check of a read model, and what they are told."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from replay.rebuilding.forecast import Checked

Kind = Literal["deal"] | Checked


class Looked(NamedTuple):
    """What a worker has done in one step of a check: dealt out or folded so many facts, or compared so many rows."""

    kind: Kind
    pieces: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Watch:
    """Who watches a check: is told of every step, and may end it; `is_paced`: a rebuild's operator holds its pace."""

    looked: Callable[[Looked], None] = lambda _: None
    look: Callable[[], None] = lambda: None
    is_paced: bool = False


UNWATCHED = Watch()
