"""The console in a real browser: what it loads and runs, what it is like to read, and what keys do."""

from itertools import product
from typing import Literal
from urllib.parse import quote

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Route, expect

from app.demo.company import demo_id
from tests.browser.conftest import at_desk
from tests.database import Database
from tests.system.service import Service

House = tuple[Service, Database]

CARD = f"/console/clients/{demo_id('romashka')}"
PAGES = (
    "/console/my-day",
    "/console/plans",
    "/console/plans?which=past",
    "/console/duplicates",
    "/console/duplicates?kept_apart=true",
    "/console/clients",
    "/console/clients?q=nobody-at-all",
    CARD,
    f"{CARD}/story",
    f"{CARD}?channel=meeting",
    f"{CARD}?by=occurred",
    f"{CARD}?by=recorded&as_of=2000-01-01",
    "/console/board",
    "/console/board?as_of=2026-06-30",
    f"/console/do/record-activity?client_id={demo_id('romashka')}",
    "/console/do/register-client",
    f"/console/deals/{demo_id('deal romashka')}",
    f"/console/do/affiliate-person?organisation_id={demo_id('romashka')}&q.client_id=пётр",
    "/console/nowhere",
)
PAGES_OF_THE_HEAD = (
    "/console/reports",
    "/console/reports/staff_scorecard",
    "/console/reports/board_by_day",
    "/console/plans",
    "/console/do/agree-plan",
)
PAGES_OF_THE_ANALYST = (
    "/console/sql",
    "/console/sql?example=won",
    "/console/sql/nothing",
    "/console/reports/pipeline_totals",
)
PAGES_OF_THE_COMPANY = (
    "/console/company/staff",
    "/console/company/staff?who=left",
    "/console/company/units",
    "/console/company/pipelines",
    "/console/company/pipelines?as_of=2026-06-30",
    "/console/company/products",
    "/console/company/prices",
    "/console/do/list-price?book_id=00000000-0000-0000-0000-000000000001",
    "/console/company/fields",
    "/console/company/rights",
    "/console/company/keys",
    f"/console/company/staff/{demo_id('anna')}",
    f"/console/company/pipelines/{demo_id('pipeline')}/history",
    f"/console/do/depart-staff?staff_id={demo_id('boris')}",
    "/console/do/define-pipeline",
)
PAGES_OF_OPS = ("/console/status", "/console/status/doctor")
OF_WHOM = (
    ("anna", PAGES),
    ("head", PAGES_OF_THE_HEAD),
    ("admin", PAGES_OF_THE_COMPANY),
    ("ops", PAGES_OF_OPS),
    ("analyst", PAGES_OF_THE_ANALYST),
)
LONGER = """() => {
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) found.push(texts.currentNode);
    for (const text of found)
        text.data = text.data.replace(/[\\p{L}]{3,}/gu, (word) => word + "\u00e9".repeat(Math.ceil(word.length * 0.4)));
}"""
"""Makes every word of a page four tenths longer, as the words of another language may be."""

TELLS_OF_ITS_POLICY = (
    "addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)
"""Makes what a page's policy forbids something that its browser complains of."""

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (360, 768, 1440)
LOOKS = [*product(SCHEMES, WIDTHS)]
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_page_can_be_read_by_everybody(browser: Browser, house: House, language: str) -> None:
    # What looks at the page is put into it, which the page's own policy forbids: the test below keeps that.
    for who, pages in OF_WHOM:
        is_read_by_everybody(browser, house, who, pages, language)


def is_read_by_everybody(browser: Browser, house: House, who: str, pages: tuple[str, ...], language: str) -> None:
    with at_desk(browser, house, who, locale=language, bypass_csp=True) as desk:
        for path in pages:
            desk.goes(path)
            desk.page.evaluate(AXE_SCRIPT)
            for scheme, width in LOOKS:
                desk.page.emulate_media(color_scheme=scheme)
                desk.page.set_viewport_size({"width": width, "height": 900})
                found = desk.page.evaluate("rules => axe.run(rules)", RULES)
                assert found["violations"] == [], (path, scheme, width, found["violations"])
                assert desk.page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            desk.page.evaluate(LONGER)
            for width in WIDTHS:
                desk.page.set_viewport_size({"width": width, "height": 900})
                assert desk.page.evaluate("document.documentElement.scrollWidth") <= width, (
                    path,
                    width,
                    "longer words",
                )


def test_a_page_breaks_no_rule_of_its_own(browser: Browser, house: House) -> None:
    for who, pages in OF_WHOM:
        with at_desk(browser, house, who) as desk:
            desk.page.add_init_script(TELLS_OF_ITS_POLICY)
            for path in pages:
                desk.goes(path)
            if who == "anna":
                desk.goes(CARD)
                desk.opens("n").locator("textarea").fill("Просит звонить до обеда")
                desk.page.keyboard.press("Control+Enter")
                expect(desk.page.locator(".notes")).to_contain_text("до обеда")


def test_what_is_typed_while_a_form_is_on_its_way_is_no_key_of_the_page(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes(CARD)
        held: list[Route] = []
        asked: list[str] = []

        def holds(route: Route) -> None:
            held.append(route)

        desk.page.route("**/console/do/**", holds)
        desk.page.on("request", lambda request: asked.append(request.url) if "/do/" in request.url else None)
        desk.presses("n")
        expect(desk.page.locator("[hx-target='#sheet'].htmx-request")).to_have_count(1)
        # Whoever types fast means the field that is about to come.
        desk.presses("l", "p", "n", "g", "b")
        desk.page.locator("a[data-key=p]").click()
        held[0].continue_()
        expect(desk.page.locator("#sheet[open] textarea")).to_be_focused()
        assert len(asked) == 1, asked


def test_a_call_gets_its_status_by_one_key(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes("/console/my-day")
        expect(desk.page.locator("#ringing")).to_be_visible()
        desk.presses("f")
        expect(desk.page.locator("#ringing")).to_have_count(0)


def test_a_client_is_found_by_keys_alone_and_claimed(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "boris") as desk:
        desk.goes("/console/my-day")
        page = desk.page
        desk.presses("/")
        page.keyboard.type("8 903 111-22-33")
        page.keyboard.press("Enter")
        expect(page.locator("#found tbody tr")).to_have_count(1)
        assert "903" not in page.url
        desk.presses("Escape", "j", "Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Пётр Лебедев")
        desk.presses("c")
        expect(page.locator(".owner")).to_contain_text("Борис Громов")


def test_names_are_found_while_one_types_and_the_address_keeps_them(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes("/console/clients")
        desk.presses("/")
        desk.page.keyboard.type("кузнец")
        # The last of the questions that were asked meanwhile: a page that is left while one is under way complains.
        desk.page.wait_for_url(f"**/console/clients?q={quote('кузнец')}")
        expect(desk.page.locator("#found tbody tr")).to_have_count(1)
        desk.page.reload()
        expect(desk.page.locator("#found tbody tr")).to_have_count(1)


def test_what_is_refused_is_told_in_its_place_and_nothing_typed_is_lost(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes(CARD)
        desk.opens("l")
        sheet = desk.page.locator("#sheet")
        sheet.get_by_label("Канал").select_option("meeting")
        sheet.get_by_label("исходящий").check(force=True)
        sheet.get_by_label("О чём").fill("Весы")
        sheet.locator("button.main").click()
        expect(sheet.locator(".wrong").first).to_be_visible()
        expect(sheet.get_by_label("О чём")).to_have_value("Весы")
        desk.page.keyboard.press("Escape")
        expect(sheet).not_to_be_visible()


def test_without_javascript_pages_are_read_and_forms_are_sent(browser: Browser, house: House) -> None:
    for who, pages in OF_WHOM[1:]:
        with at_desk(browser, house, who, java_script_enabled=False) as desk:
            for path in pages:
                desk.goes(path)
                expect(desk.page.get_by_role("heading", level=1)).to_be_visible()
    with at_desk(browser, house, "anna", java_script_enabled=False) as desk:
        for path in PAGES:
            desk.goes(path)
            expect(desk.page.get_by_role("heading", level=1)).to_be_visible()
        desk.goes(CARD)
        desk.page.get_by_role("link", name="Заметка").click()
        desk.page.get_by_label("Текст").fill("Без сценариев")
        desk.page.get_by_role("button", name="Заметка").click()
        expect(desk.page.locator(".notes")).to_contain_text("Без сценариев")


def test_by_keys_alone_one_goes_back_to_a_day_and_reads_whose_the_client_was(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes(f"{CARD}?by=occurred")
        page = desk.page
        strip, owner = page.get_by_role("slider"), page.locator(".owner")
        last = strip.get_attribute("aria-valuetext") or ""
        strip.press("Home")
        expect(strip).to_have_attribute("aria-valuenow", "1")
        expect(owner).to_contain_text("никто не ведёт")
        strip.press("PageUp")
        expect(owner).to_contain_text("Анна Белова")
        expect(page.locator(".then")).to_contain_text("Что произошло к")
        expect(page.locator(".then ins").filter(has_text="Анна Белова")).to_be_visible()
        expect(page.locator("[href^='/console/do/']")).to_have_count(0)
        then = strip.get_attribute("aria-valuetext")
        page.wait_for_url("**as_of=**")
        page.reload()
        expect(strip).to_have_attribute("aria-valuetext", then or "")
        for _ in range(3):
            strip.press("ArrowRight")
        strip.press("PageDown")
        strip.press("End")
        expect(strip).to_have_attribute("aria-valuetext", last)
        expect(page.locator(".then")).to_contain_text(f"Что произошло к {last.rpartition(', факт')[0]}")
        page.get_by_role("link", name="Вернуться в настоящее").press("Enter")
        expect(page.get_by_role("link", name="Записать контакт")).to_be_visible()


def test_of_the_facts_that_are_passed_the_last_one_is_shown(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "anna") as desk:
        desk.goes(f"{CARD}?by=recorded")
        page, asked = desk.page, list[Route]()
        strip, then = page.get_by_role("slider"), page.locator(".then")
        facts = int(strip.get_attribute("aria-valuemax") or 0)

        def hold(route: Route) -> None:
            asked.append(route)

        page.route("**/console/clients/*as_of=*", hold)
        for key in ("Home", *["ArrowRight"] * 3, "End", "ArrowLeft"):
            strip.press(key)
        expect(strip).to_have_attribute("aria-valuenow", str(facts - 1))
        expect(then).to_contain_text("Последний факт")
        assert len(asked) == 1, "one card at a time"
        asked[0].continue_()
        page.wait_for_timeout(500)
        assert len(asked) == 2, "and of those that were passed the last one"
        asked[1].continue_()
        told = (strip.get_attribute("aria-valuetext") or "").rpartition(", факт")[0]
        expect(then).to_contain_text(told)
        page.wait_for_timeout(500)
        assert len(asked) == 2
