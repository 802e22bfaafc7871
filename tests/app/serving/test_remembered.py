"""What anybody may ask costs the database one look a moment, however many ask."""

import asyncio

import pytest

from app.serving.remembered import Remembered


def test_all_who_ask_at_once_share_one_look_and_those_of_the_same_moment_too() -> None:
    async def go() -> list[int]:
        asked = 0

        async def look() -> int:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0)
            return asked

        remembered = Remembered(look, seconds=3600)
        told = await asyncio.gather(*(remembered() for _ in range(50)))
        return [*told, await remembered()]

    assert asyncio.run(go()) == [1] * 51


def test_after_the_moment_it_is_asked_anew_and_a_failure_is_not_kept() -> None:
    async def go() -> None:
        answers = iter([0, 2, 3])

        async def look() -> int:
            answer = next(answers)
            if not answer:
                raise OSError
            return answer

        remembered = Remembered(look, seconds=-1)
        with pytest.raises(OSError):  # noqa: PT011 - whatever it is
            await remembered()
        assert [await remembered(), await remembered()] == [2, 3]

    asyncio.run(go())


def test_who_hangs_up_takes_the_answer_from_nobody() -> None:
    async def go() -> str:
        gate = asyncio.Event()

        async def look() -> str:
            await gate.wait()
            return "well"

        remembered = Remembered(look)
        first, second = asyncio.create_task(remembered()), asyncio.create_task(remembered())
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        return await second

    assert asyncio.run(go()) == "well"
