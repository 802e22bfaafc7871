"""Pages that are shown anew while one looks: by one stream for a browser, gently, and over nothing that is typed."""

import re
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, expect

from app.demo.company import demo_id
from tests.browser.conftest import Desk, at_desk
from tests.database import Database
from tests.system.service import Service, token

House = tuple[Service, Database]

ROMASHKA = str(demo_id("romashka"))
CARD = f"/console/clients/{ROMASHKA}"
STREAM = re.compile(r"/console/live\?")


def tells(running: Service, command: str, *, who: str = "head", **fields: object) -> int:
    """Let somebody, the head unless said, do something elsewhere, and return its position."""
    answer = running.post(command, fields, token(demo_id(who), "head"))
    assert answer.status_code == 200, answer.text
    return int(answer.json()["position"])


def notes(running: Service, text: str) -> int:
    return tells(running, "note-client", client_id=ROMASHKA, text=text)


class Streams:
    """The streams that a page has asked for from now on, and those of them that are open."""

    def __init__(self, page: Page) -> None:
        self.asked = 0
        self._open: set[Request] = set()
        page.on("request", self._began)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def _began(self, request: Request) -> None:
        if STREAM.search(request.url):
            self.asked += 1
            self._open.add(request)

    def _ended(self, request: Request) -> None:
        self._open.discard(request)

    @property
    def open(self) -> int:
        return len(self._open)


def goes_to(desk: Desk, path: str) -> Streams:
    """Open a page, and return what it asks for; the one before is left first, with its stream."""
    desk.page.goto("about:blank")
    streams = Streams(desk.page)
    desk.goes(path)
    return streams


def until(page: Page, is_true: object) -> None:
    """Wait until something is so; the page's events come in meanwhile."""
    for _ in range(150):
        if is_true():  # type: ignore[operator]
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come")


def test_what_others_do_is_shown_in_its_place_lights_up_and_is_said(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes(CARD)
        page = desk.page
        page.locator(".back-in-time").focus()
        text = f"Перезвонить {uuid4()}"
        notes(house[0], text)
        note = page.locator(".notes li", has_text=text)
        expect(note).to_be_visible()
        expect(page.locator(".fresh", has_text=text).first).to_be_visible()
        expect(page.locator("live-feed [data-told]")).to_contain_text("Изменилось: ")
        expect(page.locator(".fresh")).to_have_count(0)
        expect(page.locator(".back-in-time")).to_be_focused()
        expect(page.locator("live-feed [data-state]:visible")).to_have_count(0)


def opens_deal(running: Service, title: str) -> str:
    """Let Anna open a deal, and return its id."""
    deal = str(uuid4())
    road = str(demo_id("pipeline"))
    tells(running, "open-deal", who="anna", deal_id=deal, client_id=ROMASHKA, pipeline_id=road, title=title)
    return deal


def test_my_day_the_board_and_the_history_follow_as_well(browser: Browser, house: House) -> None:
    running = house[0]
    with at_desk(browser, house, "anna") as anna, at_desk(browser, house, "head") as head:
        anna.goes("/console/my-day")
        head.goes("/console/board")
        deal = opens_deal(running, "Живая сделка")
        expect(head.page.locator(f"#deal-{deal}")).to_contain_text("Живая сделка")
        ring = {
            "channel": "call", "direction": "inbound", "staff_id": str(demo_id("anna")), "client_id": ROMASHKA,
            "contact_name": "Живой звонок", "contact_data": "+7 916 765-43-22", "topic": "Звонит сейчас",
        }  # fmt: skip
        assert running.post("record-activity", ring, token("pbx", "integration")).status_code == 200
        expect(anna.page.locator("#ringing")).to_contain_text("Звонит сейчас")


def test_nothing_is_put_over_what_somebody_types_and_it_comes_afterwards(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes(CARD)
        form = desk.opens("n")
        form.locator("textarea").fill("Ещё не дописано")
        text = f"Тем временем {uuid4()}"
        notes(house[0], text)
        # Long enough for a page to be fetched; a shorter wait could only fail to see a fault.
        desk.page.wait_for_timeout(1500)
        expect(form.locator("textarea")).to_have_value("Ещё не дописано")
        expect(desk.page.locator(".notes", has_text=text)).to_have_count(0)
        desk.page.keyboard.press("Escape")
        expect(desk.page.locator(".notes", has_text=text)).to_be_visible()


def test_tabs_of_a_browser_share_one_stream_and_another_takes_over(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        first = goes_to(desk, CARD)
        until(desk.page, lambda: first.open == 1)
        other = Desk(desk.page.context.new_page(), house[0])
        second = goes_to(other, CARD)
        text = f"Обе вкладки {uuid4()}"
        notes(house[0], text)
        for page in (desk.page, other.page):
            page.bring_to_front()
            expect(page.locator(".notes", has_text=text)).to_be_visible()
        assert (first.asked, second.asked) == (1, 0)
        # A browser has six lines to a host: if each tab took one for itself, the seventh would not come.
        for _ in range(5):
            goes_to(Desk(desk.page.context.new_page(), house[0]), CARD)
        desk.page.goto("about:blank")
        until(other.page, lambda: second.open == 1)
        text = f"Вторая вкладка {uuid4()}"
        notes(house[0], text)
        expect(other.page.locator(".notes", has_text=text)).to_be_visible()
        assert other.complaints == []


HIDES = """is => {
    Object.defineProperty(document, "hidden", { get: () => is, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_page_that_nobody_looks_at_for_a_minute_has_no_stream(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.page.clock.install()
        streams = goes_to(desk, CARD)
        until(desk.page, lambda: streams.open == 1)
        desk.page.evaluate(HIDES, True)
        desk.page.clock.fast_forward(40_000)
        desk.page.wait_for_timeout(200)
        assert streams.open == 1
        desk.page.clock.fast_forward(21_000)
        until(desk.page, lambda: streams.open == 0)
        text = f"Пока не смотрели {uuid4()}"
        notes(house[0], text)
        expect(desk.page.locator(".notes", has_text=text)).to_have_count(0)
        desk.page.evaluate(HIDES, False)
        until(desk.page, lambda: streams.open == 1)
        desk.page.clock.run_for(2_000)
        expect(desk.page.locator(".notes", has_text=text)).to_be_visible()


def test_a_stream_that_fell_silent_is_asked_for_anew(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.page.clock.install()
        streams = goes_to(desk, CARD)
        until(desk.page, lambda: streams.open == 1)
        desk.page.clock.fast_forward(46_000)
        desk.page.clock.fast_forward(2_000)
        until(desk.page, lambda: (streams.asked, streams.open) == (2, 1))


def test_who_asked_for_more_of_the_story_keeps_it_until_they_ask_for_what_is_new(
    browser: Browser, house: House
) -> None:
    running = house[0]
    for number in range(60):
        notes(running, f"Давно {number}")
    with at_desk(browser, house, "anna") as desk:
        desk.goes(CARD)
        desk.presses()
        desk.page.locator("#story .more a").click()
        lines = desk.page.locator("#story .fact")
        expect(desk.page.locator("#story .fact.client").last).to_be_attached()
        until(desk.page, lambda: lines.count() > 60)
        notes(running, "И вот новое")
        news = desk.page.locator("live-feed [data-state=waits]")
        expect(news).to_be_visible()
        assert lines.count() > 60
        news.get_by_role("button").click()
        expect(desk.page.locator("#story .fact").first).to_contain_text("И вот новое")
        expect(news).not_to_be_visible()


@pytest.mark.parametrize("reduced", ["reduce", "no-preference"])
def test_who_wants_less_motion_sees_a_mark_that_stands_still(browser: Browser, house: House, reduced: str) -> None:
    with at_desk(browser, house, "anna", reduced_motion=reduced) as desk:
        desk.goes(CARD)
        notes(house[0], f"Движение {reduced} {uuid4()}")
        lit = desk.page.locator(".fresh").first
        expect(lit).to_be_visible()
        name = lit.evaluate("line => getComputedStyle(line).animationName")
        assert name == ("none" if reduced == "reduce" else "fresh")


def test_one_stream_for_each_browser_is_counted(browser: Browser, house: House) -> None:
    running = house[0]

    def streams() -> float:
        told = httpx.get(f"{running.address}/metrics").text
        return next(float(line.split()[-1]) for line in told.splitlines() if line.startswith("letopis_event_streams"))

    with at_desk(browser, house, "anna") as anna, at_desk(browser, house, "head") as head:
        for desk in (anna, head):
            goes_to(desk, CARD)
            goes_to(Desk(desk.page.context.new_page(), running), CARD)
        until(anna.page, lambda: streams() == 2)
    with at_desk(browser, house, "vera") as vera:
        vera.goes("/console/clients")
        until(vera.page, lambda: streams() == 0)
