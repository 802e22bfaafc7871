"""Who somebody is who signed in: asked once a second, whoever waits for it and whatever fails."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from app.auth import people
from app.auth.errors import LoginUnknownError, SuspendedError
from app.auth.people import KNOWN_SECONDS, Bearer, People, Told
from commands.base import Actor

ANNA, BORIS = Bearer(UUID(int=1), is_login=True), Bearer(UUID(int=2), is_login=False)


class Log:
    """What the log says of whose a login is, and how often it was asked; the clock is moved by hand."""

    def __init__(self) -> None:
        self.whose: dict[Bearer, Told] = {ANNA: Actor("anna", "seller"), BORIS: Actor("boris", "head")}
        self.is_up = True
        self.asked = 0
        self.time = 0.0

    async def __call__(self, bearer: Bearer) -> Told:
        self.asked += 1
        await asyncio.sleep(0)
        if not self.is_up:
            raise ConnectionError
        return self.whose.get(bearer, LoginUnknownError)


def told(story: Callable[[Log, People], Awaitable[None]]) -> Log:
    log = Log()

    async def run() -> None:
        await story(log, People(log, lambda: log.time))

    asyncio.run(run())
    return log


def test_many_requests_of_one_second_ask_once() -> None:
    async def story(log: Log, door: People) -> None:
        for moment in (0.0, KNOWN_SECONDS * 0.99):
            log.time = moment
            told = await asyncio.gather(*(door.whose(ANNA) for _ in range(100)))
            assert {actor.id for actor in told} == {"anna"}
        assert door.known(ANNA) == Actor("anna", "seller")
        assert door.known(BORIS) is None

    assert told(story).asked == 1


def test_after_a_second_another_role_a_suspension_and_a_departure_hold() -> None:
    async def story(log: Log, door: People) -> None:
        assert await door.whose(ANNA) == Actor("anna", "seller")
        log.whose = {ANNA: Actor("anna", "head")}
        log.time = KNOWN_SECONDS
        assert await door.whose(ANNA) == Actor("anna", "head")
        for nobody in (SuspendedError, LoginUnknownError):
            log.whose = {ANNA: nobody}
            log.time += KNOWN_SECONDS
            for _ in range(2):
                with pytest.raises(nobody):
                    await door.whose(ANNA)
            assert door.known(ANNA) is None

    assert told(story).asked == 4


def test_a_failure_is_told_and_not_remembered() -> None:
    async def story(log: Log, door: People) -> None:
        log.is_up = False
        with pytest.raises(ConnectionError):
            await door.whose(ANNA)
        log.is_up = True
        assert await door.whose(ANNA) == Actor("anna", "seller")

    told(story)


def test_who_hangs_up_ends_no_question_that_others_wait_for() -> None:
    async def story(_: Log, door: People) -> None:
        first, second = (asyncio.ensure_future(door.whose(ANNA)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).id == "anna"

    assert told(story).asked == 1


def test_no_more_are_known_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "KNOWN_PEOPLE", 1)

    async def story(_: Log, door: People) -> None:
        for login in (ANNA, BORIS, ANNA):
            await door.whose(login)

    assert told(story).asked == 3
