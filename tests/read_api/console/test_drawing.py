"""What is kept of a page as it was drawn: it is told again only where it would be drawn the same."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from read_api.console import drawing
from read_api.console.drawing import Drawing
from read_api.console.words import Words, own_words

DEAL = {
    "deal_id": "0190",
    "version": 3,
    "title": "Весы <b>",
    "client_id": "0191",
    "client_name": "ООО Ромашка",
    "seller_name": "Анна",
    "amount": "100.00",
    "currency": "RUB",
    "stage_since": "2026-03-31T22:30:00Z",
}
OWN = own_words()
ALL = ("move-deal", "win-deal", "lose-deal")

Draw = Callable[..., str]


@pytest.fixture
def draw() -> Draw:
    """Draws a column with one card."""
    pages = Drawing()
    template = pages._templates.get_template("board_parts.html")

    def drawn(
        nonce: str = "first",
        *,
        deal: dict[str, Any] = DEAL,
        led: frozenset[str] = frozenset({"0190"}),
        commands: tuple[str, ...] = ALL,
        language: str = "ru",
        zone: str = "UTC",
        day: int = 1,
        to: str = "/console/board",
    ) -> str:
        words = Words(language, ZoneInfo(zone), OWN, {}, datetime(2026, 4, day, tzinfo=UTC))
        visit = SimpleNamespace(commands=commands, may=commands.__contains__)
        return str(template.module.cards(visit, words, nonce, {"items": [deal]}, led, to, None))  # type: ignore[attr-defined]

    return drawn


def test_a_card_is_drawn_once_and_each_page_puts_its_own_nonce_into_it(
    draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = draw()
    monkeypatch.setattr(Words, "money", None)
    assert draw("second") == first.replace("first", "second")
    assert first.count('hx-nonce="first"') == 3


@pytest.mark.parametrize(
    "otherwise",
    [
        {"deal": {**DEAL, "amount": "101.00"}},
        {"deal": {**DEAL, "client_name": None}},
        {"led": frozenset()},
        {"commands": ("move-deal",)},
        {"language": "en"},
        {"zone": "Asia/Vladivostok"},
        {"to": "/console/board?seller=1"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_of_anything_else_it_is_drawn_anew(draw: Draw, otherwise: dict[str, Any]) -> None:
    assert draw(**otherwise) != draw()
    assert draw(**otherwise) != draw()


def test_no_more_parts_are_kept_than_there_is_room_for(draw: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "PARTS", 2)
    first = draw()
    for number in range(3):
        draw(deal={**DEAL, "version": number})
    money = Words.money
    made: list[str] = []

    def counted(words: Words, amount: str, currency: str) -> str:
        made.append(amount)
        return money(words, amount, currency)

    monkeypatch.setattr(Words, "money", counted)
    assert draw(deal={**DEAL, "version": 2}) != first
    assert not made
    assert draw() == first
    assert made == ["100.00"]
