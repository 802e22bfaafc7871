"""Asking as of a moment: who may, what cannot be asked, and that the past does not push the present aside."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from infra.log.past_log import AsOf, Cut, TooLongError
from infra.projector.folding import PoisonEventError
from infra.projector.row_versions import LATEST, By, Moment
from read_api.reading.errors import PastTooLongError, PastUnreadableError, TooManyPastsError
from read_api.reading.past import Fact, Past
from read_api.reading.statement import Seen, Statement
from tests.read_api.office import Office, nth
from tests.system.asked import everything

ONE_THING = [
    f"/clients/{nth(1)}",
    f"/clients/{nth(1)}/timeline",
    f"/clients/{nth(1)}/ownership",
    f"/deals/{nth(1)}",
    f"/staff/{nth(1)}/counters",
    "/pipeline",
]
"""What is not there before the log begins."""

_PATHS = {query.name: query.path.partition("?")[0] for query in everything() if query.body is None}
_PATHS["price_products"] += "?line=gtx-pro:1"
ASKED = sorted(path for name, path in _PATHS.items() if name != "get_report")
"""Each question that takes `as_of`."""

NOW = AsOf()


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize(
    ("as_of", "code"),
    [("yesterday", "not-a-past-moment"), ("2999-01-01", "in-the-future"), ("occurred:2999-01-01", "in-the-future")],
)
def test_a_moment_that_cannot_be_asked_for_is_named(desk: Office, path: str, as_of: str, code: str) -> None:
    answer = desk.get(
        f"{path}{'&' if '?' in path else '?'}as_of={as_of}",
        role="admin",
        staff=nth(1),
        headers={"Accept-Language": "ru"},
    )
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"], error["in"]) == ("/as_of", code, "query")
    assert "as_of" in error["message"]


@pytest.mark.parametrize("path", ASKED)
def test_the_past_is_for_those_who_may_see_the_present(desk: Office, path: str) -> None:
    then = f"{path}{'&' if '?' in path else '?'}as_of=2026-01-01"
    answers = [desk.get(each, role="partner").json()["code"] for each in (path, then)]
    assert answers == ["not-allowed", "not-allowed"]


@pytest.mark.parametrize("path", ONE_THING)
def test_what_was_not_there_yet_is_404(desk: Office, path: str) -> None:
    assert desk.get(f"{path}?as_of=2026-01-01").status_code == 404


def test_a_position_beyond_the_log_is_refused_in_the_past_too(desk: Office) -> None:
    answer = desk.get(f"{ONE_THING[0]}?as_of=2026-01-01&min_position=999999")
    assert [error["code"] for error in answer.json()["errors"]] == ["beyond-the-log"]


class Nothing:
    """What there is to see of a past in which nothing happened."""

    position = 0

    def ask(self, _statement: str, _values: Mapping[str, Any], _views: object, _names: object) -> list[tuple[Any, ...]]:
        return []


class NothingEver(Nothing):
    """The same at every moment."""

    facts: Mapping[int, Fact] = {}
    last = LATEST

    def moments(self, _views: tuple[str, ...]) -> list[Moment]:
        return []


@dataclass
class Machine:
    """A time machine whose boards take as long as the test wants, or end in an error."""

    board: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None

    def cut(self, as_of: AsOf) -> Cut:
        return Cut(0, as_of.occurred)

    def reads_all(self, views: tuple[str, ...], about: UUID | None) -> bool:
        return "board" in views or about is None

    @contextmanager
    def looking(self, _as_of: AsOf, about: UUID | None) -> Iterator[Nothing]:
        if self.error is not None:
            raise self.error
        if about is None:
            assert self.board.wait(30)
        yield Nothing()

    @contextmanager
    def over_time(self, _as_of: AsOf, _about: UUID, _by: By) -> Iterator[NothingEver]:
        if self.error is not None:
            raise self.error
        yield NothingEver()


def test_one_board_at_a_time_and_cards_beside_it() -> None:
    machine = Machine()
    past = Past(machine, few=1, wholes=1, patience=0.1)

    async def board() -> None:
        async with past.looking(NOW, ("board",), None):
            pass

    async def story() -> None:
        first = asyncio.create_task(board())
        await asyncio.sleep(0)
        with pytest.raises(TooManyPastsError):
            await board()
        async with past.looking(NOW, ("card",), nth(1)) as views:
            assert await views.fetch(Statement("", ()), {}) == (Seen(0), [])
        async with past.over_time(NOW, nth(1), "recorded") as ever:
            assert await ever.moments(("card",)) == []
            with pytest.raises(TooManyPastsError):
                async with past.over_time(NOW, nth(1), "recorded"):
                    pass
        machine.board.set()
        await first
        await board()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("error", "told", "facts"),
    [
        (TooLongError(60), PastTooLongError, {"seconds": 60}),
        (PoisonEventError(7, "(deal.won): KeyError"), PastUnreadableError, {"position": 7}),
    ],
)
def test_a_past_that_cannot_be_shown_is_told_and_leaves_room(
    error: Exception, told: type[Exception], facts: dict[str, Any]
) -> None:
    past = Past(Machine(error=error), few=1, wholes=1, patience=0.1)

    async def story() -> None:
        for _ in range(2):
            with pytest.raises(told) as refused:
                async with past.looking(NOW, ("board",), None):
                    pass
            assert refused.value.facts == facts  # type: ignore[attr-defined]  # one of ours has them

    asyncio.run(story())
