"""Two browsers on one deal and one card, their steps mixed by chance: nothing is lost, doubled, or refused silently."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

import httpx
from playwright.sync_api import Browser, Locator, Page, expect

from app.demo.company import ADMIN_ID
from tests.browser.conftest import Desk, at_desk
from tests.browser.test_live import CARD, ROMASHKA, opens_deal
from tests.database import Database
from tests.system.service import Service, token

House = tuple[Service, Database]

RACES = int(os.environ.get("LETOPIS_TEST_RACES", "40"))
"""How many; 200 take some minutes."""

SEED = int(os.environ.get("LETOPIS_TEST_SEED", "14"))
STAGES = ("lead", "offer", "contract")
TOGETHER = 0.3
"""How often both send at the same moment, before either is answered."""

REFUSED = "() => !document.querySelector('#sheet[open]') || document.querySelector('#sheet .refusal')"


@dataclass
class Verb:
    """What one can do in a race: where its form is opened from and what is typed, with `mark` in one of the fields."""

    path: str
    link: str
    values: Mapping[str, str]
    mark: str
    checks_version: bool = True


@dataclass
class Side:
    """One of the two: who they are, and what they do in this race."""

    name: str
    desk: Desk
    verb: Verb = field(default_factory=lambda: Verb("", "", {}, ""))
    is_done: bool = False

    @property
    def page(self) -> Page:
        return self.desk.page

    @property
    def form(self) -> Locator:
        return self.page.locator("#sheet[open] #verb")

    def opens(self) -> None:
        self.desk.goes(self.verb.path)
        self.desk.presses()
        link = self.page.locator(self.verb.link).first
        if not link.is_visible():
            self.page.locator("article header details.drop summary").click()
        link.click()
        expect(self.form).to_be_visible()

    def types(self) -> None:
        for name, value in self.verb.values.items():
            given = self.form.locator(f"[name='{name}']")
            match given.first.evaluate("field => field.type"):
                case "radio":
                    # A stage that the other has moved the deal to meanwhile is not offered.
                    offered = self.form.locator(f"[name='{name}'][value='{value}']")
                    (offered if offered.count() else given.first).check(force=True)
                case "select-one":
                    given.select_option(value)
                case _:
                    given.fill(value)

    def sends(self) -> None:
        self.form.locator("button.main").click()

    def hears(self, other: "Side") -> None:
        """Wait for the answer: it is done, or it says why not and who was faster, and what was typed is there."""
        self.page.wait_for_function(REFUSED)
        refusal = self.page.locator("#sheet[open] .refusal")
        self.is_done = refusal.count() == 0
        if self.is_done:
            return
        expect(refusal).to_contain_text(other.name)
        kept = [each.input_value() for each in self.form.locator("textarea, input[type=text]").all()]
        assert self.verb.mark in kept, (self.verb, kept)

    def insists(self) -> None:
        """Send it once more, having been told."""
        self.sends()
        self.page.wait_for_function("() => !document.querySelector('#sheet[open]')")
        self.is_done = True

    def gives_up(self) -> None:
        self.page.keyboard.press("Escape")
        expect(self.form).to_have_count(0)


def verbs(chance: Random, deal: str, stage: str) -> Verb:
    """Return something to do, by chance."""
    mark = str(uuid4())
    to = chance.choice([each for each in STAGES if each != stage])
    moves = Verb("/console/board", f"#deal-{deal} a.verb", {"to_stage": to, "reason": mark}, mark)
    corrects = {"field": chance.choice(("director", "sector")), "value": mark, "confidence": "stated"}
    return chance.choice(
        (
            moves,
            moves,
            Verb(CARD, "[href^='/console/do/correct-profile']", corrects, mark),
            Verb(CARD, "[href^='/console/do/note-client']", {"text": mark}, mark, checks_version=False),
        )
    )


def merged(chance: Random, *ways: list[str]) -> Iterator[tuple[int, str]]:
    """Give the steps of each, mixed by chance; each keeps its order."""
    left = [list(way) for way in ways]
    while any(left):
        which = chance.choice([number for number, way in enumerate(left) if way])
        yield which, left[which].pop(0)


def recorded(running: Service) -> Counter[str]:
    """Return how often each text stands in the client's story."""
    found: Counter[str] = Counter()
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": "200", **({"cursor": cursor} if cursor else {})}
        headers = token(ADMIN_ID, "admin")
        page = httpx.get(f"{running.address}/clients/{ROMASHKA}/timeline", params=query, headers=headers).json()
        details = (entry["details"] for entry in page["items"])
        # What a fact changed it from stands in it too.
        found.update(str(value) for each in details for name, value in each.items() if not name.startswith("from_"))
        cursor = page["next"]
    return found


def stage_of(running: Service, deal: str) -> str:
    answer = httpx.get(f"{running.address}/deals/{deal}", headers=token(ADMIN_ID, "admin"))
    return str(answer.json()["stage"])


def test_of_two_who_race_nobody_loses_a_word_nothing_is_done_twice_and_the_slower_is_told_who_was_faster(
    browser: Browser, house: House
) -> None:
    running = house[0]
    deal = opens_deal(running, "Об этой сделке спорят двое")
    expected: dict[str, int] = {}
    outcomes = Counter[str]()
    did: dict[str, object] = {}
    with ExitStack() as stack:
        anna = Side("Анна Белова", stack.enter_context(at_desk(browser, house, "anna")))
        head = Side("Ольга Соколова", stack.enter_context(at_desk(browser, house, "head")))
        for number in range(RACES):
            chance = Random(f"{SEED}-{number}")
            before = stage_of(running, deal)
            for side in (anna, head):
                side.verb, side.is_done = verbs(chance, deal, before), False
            sides = (anna, head) if chance.random() < 0.5 else (head, anna)
            together = chance.random() < TOGETHER
            steps = ["opens", "types"] if together else ["opens", "types", "sends"]
            for which, step in merged(chance, steps, steps):
                getattr(sides[which], step)()
                if step == "sends":
                    sides[which].hears(sides[1 - which])
            if together:
                for side in sides:
                    side.sends()
                for which, side in enumerate(sides):
                    side.hears(sides[1 - which])
            assert anna.is_done or head.is_done, (number, "one of them wins")
            for side in sides:
                outcomes["done" if side.is_done else "refused"] += 1
                if not side.is_done:
                    # Without a word about versions nobody is too late.
                    assert side.verb.checks_version, (number, side)
                    # Where another has moved the deal already one cannot move it.
                    is_there = side.form.locator("[type=radio][required]").count() and not (
                        side.form.locator("[type=radio][required]:checked").count()
                    )
                    side.gives_up() if is_there or chance.random() < 0.5 else side.insists()
                expected[side.verb.mark] = int(side.is_done)
                did[side.verb.mark] = (number, together, side.name, side.verb)
        found = recorded(running)
    told = {mark: (times, found[mark], did[mark]) for mark, times in expected.items() if found[mark] != times}
    assert told == {}, f"all that was said to be done is there, once; what was given up is not: {told}"
    assert RACES < 20 or outcomes["refused"] > 0, outcomes
