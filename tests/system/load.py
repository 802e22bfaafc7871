"""Callers who send commands over HTTP, each under a key of its own, and remember what they were promised."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.system.wire import Answer, Wire

CALLERS = 8
BROKEN = (ConnectionError, asyncio.IncompleteReadError, OSError)


@dataclass
class Load:
    """The same commands may be sent again and again: what was answered with 200 is remembered by its key."""

    commands: Sequence[tuple[str, dict[str, Any]]]
    headers: dict[str, str]
    name: str
    answered: dict[str, Any] = field(default_factory=dict)

    @property
    def promised(self) -> dict[str, list[int]]:
        """By command id, the positions that the receipts name."""
        return {body["command_id"]: [event["position"] for event in body["events"]] for body in self.answered.values()}

    def key(self, number: int) -> str:
        return f"{self.name}-{number}"

    async def send(
        self, address: str, numbers: Sequence[int], after: Callable[[int], Any] | None = None
    ) -> list[Answer]:
        """Send these commands by several callers at once; who loses the connection gives up.

        `after` is called with how many were answered with 200 so far, after each.
        """
        waiting = list(reversed(numbers))
        answers: list[Answer] = []

        async def call() -> None:
            wire = Wire(address)
            with suppress(*BROKEN):
                while waiting:
                    number = waiting.pop()
                    command, body = self.commands[number]
                    answer = await wire.post(
                        f"/commands/{command}", body, {**self.headers, "Idempotency-Key": self.key(number)}
                    )
                    answers.append(answer)
                    if answer.status == httpx.codes.OK:
                        self.answered.setdefault(self.key(number), answer.body)
                        if after is not None:
                            after(len(self.answered))
            wire.close()

        await asyncio.gather(*(call() for _ in range(CALLERS)))
        return answers

    def unanswered(self) -> list[int]:
        """Return the commands whose callers do not know what became of them."""
        return [number for number in range(len(self.commands)) if self.key(number) not in self.answered]
