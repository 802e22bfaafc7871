"""The service goes away while pages are open, and comes back: they recover by themselves, and nothing is done twice."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Route, expect

from app.demo.company import demo_id
from infra.postgres.embedded import EmbeddedPostgres
from tests.browser.conftest import Desk, at_desk
from tests.browser.test_live import CARD, ROMASHKA, notes
from tests.database import Database
from tests.system.conftest import company_of
from tests.system.service import Service, service, token, wait_ready

# A stream that nobody answers is asked for again after half a minute at most.
PATIENCE = 60_000


@pytest.fixture
def alone(cluster: EmbeddedPostgres, template: str, tmp_path: Path) -> Iterator[tuple[Service, Database]]:
    """A service that a test may kill."""
    with (
        company_of(cluster, template) as database,
        service(tmp_path, "first", database_url=database.owner_url) as running,
    ):
        wait_ready(running)
        yield running, database


def times(running: Service, text: str) -> int:
    """Return how often a note of this text was recorded."""
    headers = token(demo_id("head"), "head")
    found = httpx.get(f"{running.address}/clients/{ROMASHKA}/timeline?limit=200", headers=headers).json()["items"]
    return sum(text == entry["details"].get("text") for entry in found)


AWAY = ("ERR_CONNECTION", "ERR_FAILED", "ERR_INCOMPLETE", "ERR_EMPTY", "Failed to fetch")
"""What the browser says of a service that does not answer."""


def test_open_pages_recover_when_the_service_comes_back_and_a_form_sent_meanwhile_is_done_once(
    browser: Browser, alone: tuple[Service, Database], tmp_path: Path
) -> None:
    running, database = alone
    with at_desk(browser, alone, "anna") as anna, at_desk(browser, alone, "head") as head:
        anna.expected = head.expected = AWAY
        anna.goes(CARD)
        head.goes(CARD)
        text = f"Отправлено, когда никто не отвечал {uuid4()}"
        form = anna.opens("n")
        form.locator("textarea").fill(text)
        running.kill()
        anna.page.keyboard.press("Control+Enter")
        expect(form.locator(".refusal")).to_contain_text("Отправьте ещё раз")
        expect(form.locator("textarea")).to_have_value(text)
        expect(head.page.locator("live-feed [data-state=away]")).to_be_visible(timeout=PATIENCE)
        head.page.locator(".card").evaluate("card => card.dataset.same = 'yes'")
        port = str(urlsplit(running.address).port)
        with service(tmp_path, "again", "--port", port, database_url=database.owner_url) as back:
            wait_ready(back)
            anna.page.keyboard.press("Control+Enter")
            expect(anna.page.locator(".notes")).to_contain_text(text)
            assert times(back, text) == 1
            # Nobody touched this page: it is the same document.
            expect(head.page.locator(".notes")).to_contain_text(text, timeout=PATIENCE)
            expect(head.page.locator("live-feed [data-state=away]")).not_to_be_visible(timeout=PATIENCE)
            expect(head.page.locator(".card[data-same]")).to_have_count(0)
            assert head.page.evaluate("performance.getEntriesByType('navigation').length") == 1


def test_what_was_done_but_not_answered_is_not_done_again(browser: Browser, house: tuple[Service, Database]) -> None:
    lost: list[int] = []

    def loses(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    with at_desk(browser, house, "anna") as desk:
        desk.expected = AWAY
        desk.goes(CARD)
        text = f"Дошло, но ответа не было {uuid4()}"
        desk.page.route("**/console/do/note-client", loses)
        form = desk.opens("n")
        form.locator("textarea").fill(text)
        desk.page.keyboard.press("Control+Enter")
        expect(form.locator(".refusal")).to_be_visible()
        assert (lost, times(house[0], text)) == ([200], 1)
        desk.page.keyboard.press("Control+Enter")
        expect(desk.page.locator(".notes")).to_contain_text(text)
        assert times(house[0], text) == 1


def test_a_page_that_is_no_answer_does_not_take_the_place_of_what_was_typed(
    browser: Browser, house: tuple[Service, Database]
) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes(CARD)
        away = "<!DOCTYPE html><main id='main'><h1>Away</h1></main>"
        desk.page.route("**/console/do/plan-activity?**", lambda route: route.fulfill(status=503, body=away))
        desk.presses("p")
        expect(desk.page.locator("#sheet[open]")).to_contain_text("Служба не отвечает")
        desk.page.keyboard.press("Escape")
        form = desk.opens("n")
        form.locator("textarea").fill("Не пропадёт")
        desk.page.route("**/console/do/note-client", lambda route: route.fulfill(status=503, body=away))
        desk.page.keyboard.press("Control+Enter")
        expect(form.locator(".refusal")).to_be_visible()
        expect(form.locator("textarea")).to_have_value("Не пропадёт")


def test_a_refused_refetch_is_told_and_tried_again(browser: Browser, house: tuple[Service, Database]) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes(CARD)
        refused: list[str] = []

        def refuses(route: Route) -> None:
            if len(refused) == 2:
                route.continue_()
                return
            refused.append(route.request.headers["letopis-position"])
            route.fulfill(status=503, body="")

        desk.page.route(f"**{CARD}", refuses)
        text = f"Со второго раза {uuid4()}"
        position = notes(house[0], text)
        expect(desk.page.locator("live-feed [data-state=away]")).to_be_visible()
        expect(desk.page.locator(".notes")).to_contain_text(text, timeout=15_000)
        assert set(refused) == {str(position)}
        expect(desk.page.locator("live-feed [data-state=away]")).not_to_be_visible()


def test_who_is_not_in_any_more_is_told_so_and_keeps_what_they_see(
    browser: Browser, house: tuple[Service, Database]
) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes(CARD)
        other = Desk(desk.page.context.new_page(), house[0])
        other.goes("/console/clients")
        desk.page.context.clear_cookies()
        notes(house[0], f"После выхода {uuid4()}")
        desk.page.bring_to_front()
        out = desk.page.locator("live-feed [data-state=out]")
        expect(out).to_be_visible()
        expect(out.get_by_role("link")).to_have_attribute("href", f"/console/enter?to={CARD}")
        expect(desk.page.locator(".card h1")).to_be_visible()
