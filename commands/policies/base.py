"""What a policy is (facts in, commands out) and what a timer is (a moment in, a command out), as they are declared."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID, uuid5

from commands.base import Actor, Command

COMMAND_SPACE = UUID("0f6f8d0a-58c8-5a34-9a0e-7a4f1b6f0c11")
"""The namespace of the ids of commands that nobody typed."""


class Lookup(Protocol):
    """What a policy may ask of the log besides the fact it answers."""

    def streams_concerning(self, party_id: UUID, topics: Sequence[str]) -> list[UUID]:
        """Return the streams in which a fact of these kinds concerns the party, in order of id."""
        ...

    def streams_naming(self, named: UUID, fields: Mapping[str, str], last: int) -> Iterable[tuple[UUID, str]]:
        """Give the streams with a fact, up to a position, that names somebody in the field said of its topic.

        Each comes once, with the topic of such a fact. It reads much of the log: for what happens seldom.
        """
        ...


CommandsFor = Callable[[Any, Lookup], Iterable[tuple[UUID, Command]]]


@dataclass(frozen=True)
class Policy:
    """Facts of these topics in, commands out. It plays twice as if once, and remembers how far it has read.

    `name` is stored: as the checkpoint, and in the actor. `commands_for` gives the commands that answer a fact, each
    with what it is about; the id of a command is made of the fact and of that, so one fact never asks twice.
    `space` is the namespace of those ids: its own, so that two policies may answer one fact about one thing.
    """

    name: str
    topics: tuple[str, ...]
    commands_for: CommandsFor
    space: UUID | None = None

    @property
    def actor(self) -> Actor:
        """Who acts when it does."""
        return Actor(id=f"policy:{self.name}", role="policy")

    def command_id(self, cause: UUID, about: UUID) -> UUID:
        """Return the id of the command that answers the fact with this id, about this thing."""
        return uuid5(self.space or uuid5(COMMAND_SPACE, self.name), f"{cause}:{about}")


class Due(NamedTuple):
    """A moment that has come for a timer on a stream; `set_by` is the id of the fact that set it."""

    timer: str
    stream_id: UUID
    due_at: datetime
    set_by: UUID


@dataclass(frozen=True)
class Timer:
    """When a moment has come, a command; which moments those are says projections/timers, under the same name.

    The view that says it is always a little behind, so the command is decided on its own stream: it records a fact that
    ends the wait, or has nothing to do. `name` is stored, in the actor.
    """

    name: str
    command_for: Callable[[Due], Command]

    @property
    def actor(self) -> Actor:
        """Who acts when it does."""
        return Actor(id=f"timer:{self.name}", role="policy")

    def command_id(self, due: Due) -> UUID:
        """Return the id of the command: the same for the same moment, set by the same fact."""
        moment = due.due_at.astimezone(UTC).isoformat()
        return uuid5(uuid5(COMMAND_SPACE, f"timer:{self.name}"), f"{due.stream_id}:{moment}:{due.set_by}")
