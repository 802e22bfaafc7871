"""What a run of the suite does, drawn from its seed: the same seed asks the same of the log in the same order."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID, uuid5

NAMESPACE = UUID("0f5c8a3e-6f1d-5a7e-9a35-3c1b2f7d4e90")
TOPICS = ("thing.happened", "thing.mended")


class Manner(StrEnum):
    """How a writer brings a batch to the log, for the first time; after a failure it goes on plainly."""

    PLAIN = "one statement that commits by itself"
    HELD = "a transaction held open, committed late"
    ROLLED_BACK = "a transaction held open, rolled back"
    STALLED = "a transaction that stalls before its commit, where it is likely to be terminated"
    OLD_SNAPSHOT = "a repeatable-read transaction that looked at the log before others appended"
    SAVEPOINT = "appended, taken back to a savepoint, appended again in the same transaction"
    HUNG_UP = "sent, and the connection closed without waiting for the answer"
    KILLED_OPEN = "kill -9 of the writer between append and commit"
    KILLED_SENT = "kill -9 of the writer with the statement sent and no answer read"
    KILLED_STORED = "kill -9 of the writer after the answer, before it noted it"


DEADLY = frozenset({Manner.KILLED_OPEN, Manner.KILLED_SENT, Manner.KILLED_STORED})
BAD = tuple(manner for manner in Manner if manner is not Manner.PLAIN and manner not in DEADLY)


class Target(StrEnum):
    """What is killed from outside."""

    BACKEND = "a writer's connection, pg_terminate_backend"
    READER_BACKEND = "a reader's connection, pg_terminate_backend"
    STATEMENT = "a writer's statement, pg_cancel_backend"
    WRITER = "a writer, kill -9"
    READER = "a reader, kill -9"
    SERVER = "the whole server, kill -9"


@dataclass(frozen=True)
class Planned:
    """One command: its facts go to one stream, all of them or none."""

    command_id: UUID
    stream_id: UUID
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A batch of commands, and the manner in which it is first brought to the log; `pause` in seconds."""

    number: int
    manner: Manner
    pause: float
    commands: tuple[Planned, ...]


@dataclass(frozen=True)
class Kill:
    """Something killed as soon as the log is so long."""

    at_position: int
    target: Target


@dataclass(frozen=True)
class Plan:
    """One run. `steps` batches of each of the writers, of up to `batch` commands; `kills` from outside."""

    seed: int
    writers: int
    callers: int
    steps: int
    batch: int
    streams: int
    kills: int
    server_kills: int
    patience: float
    bad_share: float
    deadly_share: float

    def names(self) -> list[str]:
        """Return the names of all writers, those that go through the command path last."""
        return [f"writer-{n}" for n in range(self.writers)] + [f"caller-{n}" for n in range(self.callers)]

    def steps_of(self, writer: str) -> Iterator[Step]:
        """Give the batches of one writer in order."""
        return (self._step(writer, number) for number in range(self.steps))

    def _step(self, writer: str, number: int) -> Step:
        chance = random.Random(f"{self.seed}/{writer}/{number}")
        commands = tuple(self._command(writer, number, n, chance) for n in range(chance.randint(1, self.batch)))
        what = chance.random()
        if what < self.deadly_share:
            manner = chance.choice(sorted(DEADLY))
        elif what < self.deadly_share + self.bad_share:
            manner = chance.choice(BAD)
        else:
            manner = Manner.PLAIN
        longest = 1.0 if manner is Manner.STALLED else 0.1
        return Step(number, manner, chance.uniform(0, longest), commands)

    def _command(self, writer: str, number: int, n: int, chance: random.Random) -> Planned:
        command_id = uuid5(NAMESPACE, f"{self.seed}/{writer}/{number}/{n}")
        # A caller's command records one fact, so that every command of the toy business is accepted exactly once.
        count = 1 if writer.startswith("caller") else chance.randint(1, 3)
        kind = "coin" if writer.startswith("caller") else "thing"
        stream_id = uuid5(NAMESPACE, f"{kind} {chance.randrange(self.streams)}")
        return Planned(command_id, stream_id, tuple(chance.choice(TOPICS) for _ in range(count)))

    def facts_planned(self) -> dict[UUID, int]:
        """Return how many facts each command of the run has to record."""
        return {
            command.command_id: len(command.topics)
            for name in self.names()
            for step in self.steps_of(name)
            for command in step.commands
        }

    def kills_in_order(self, events: int) -> list[Kill]:
        """Return what is killed from outside while the log grows to so many events."""
        chance = random.Random(f"{self.seed}/kills")
        others: list[Target] = [target for target in Target if target is not Target.SERVER]
        targets = chance.choices(others, [8, 2, 2, 3, 2], k=self.kills - self.server_kills)
        targets += [Target.SERVER] * self.server_kills
        chance.shuffle(targets)
        return [Kill(events * (n + 1) // (len(targets) + 1), target) for n, target in enumerate(targets)]


SHORT = Plan(
    seed=1,
    writers=3,
    callers=2,
    steps=500,
    batch=10,
    streams=200,
    kills=48,
    server_kills=4,
    patience=240.0,
    bad_share=0.12,
    deadly_share=0.008,
)
# Fewer and larger batches: more than a million facts, while about as many of them stall as in the short form.
LONG = replace(
    SHORT,
    steps=1_300,
    batch=200,
    streams=2_000,
    kills=260,
    server_kills=25,
    patience=7_200.0,
    deadly_share=0.005,
)
