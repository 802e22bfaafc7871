"""The page "Projections" in a real browser: a view is rebuilt, watched and rolled back, by keys alone and by touch."""

import os
import signal
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Desk, at_desk
from tests.browser.test_console import House, is_read_by_everybody
from tests.system.jobs import Operations, projector_of

PAGE = "/console/projections"
CARDS = f"{PAGE}/client_card"
PAGES = (
    PAGE,
    f"{PAGE}/products",
    f"{PAGE}/analytics",
    f"/console/operate/rebuild?projection=products&to={PAGE}/products",
    f"/console/operate/skip?projection=products&place=x&to={PAGE}/products",
)
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
PATIENCE = 30_000
"""Milliseconds that a rebuild of the demo company may take."""


def test_every_page_of_operators_can_be_read_by_everybody(browser: Browser, house: House) -> None:
    operations = Operations(house[0])
    with operations.rebuilding("client_card"):
        operations.done("pause", projection="client_card")
        for language in ("ru", "en"):
            is_read_by_everybody(browser, house, "ops", (*PAGES, CARDS), language)


def tabs_to(page: Page, name: str) -> None:
    """Go from field to field until the one of that name, or the link of these words, has the focus."""
    for _ in range(40):
        if name in page.evaluate("[document.activeElement?.name, document.activeElement?.textContent.trim()]"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {name}")


def begins(desk: Desk, generation: int) -> None:
    """Check that the rebuild is shown at work, and that readers see what they saw."""
    work = desk.page.locator(".work")
    expect(work).to_contain_text("свёртка фактов", timeout=PATIENCE)
    expect(work).to_contain_text("не больше 1 в секунду")
    expect(work.get_by_role("progressbar", name="Процесс 1")).to_be_visible()
    done = work.get_by_role("progressbar", name="Всё вместе").get_attribute("value")
    # It moves by itself.
    expect(work.get_by_role("progressbar", name="Всё вместе")).not_to_have_attribute("value", done or "")
    assert Operations(desk.running).generation("client_card") == generation


def is_back(desk: Desk, generation: int) -> None:
    """Check that readers see the generation of before, and that all that was asked for is on record."""
    expect(desk.page.locator(".ended")).to_contain_text("Раньше было лучше", timeout=PATIENCE)
    assert Operations(desk.running).generation("client_card") == generation
    is_on_record(
        desk,
        ("rollback", "Раньше было лучше", "rolled-back"),
        ("throttle", "Офис закрыт", "rebuild-unheld"),
        ("rebuild", "После обновления", "rebuilt"),
    )


def is_on_record(desk: Desk, *wanted: tuple[str, str, str]) -> None:
    """Check that the last jobs, the latest first, are these: the operation, its reason and how it ended."""
    jobs = Operations(desk.running).get(f"/operations/jobs?about=client_card&limit={len(wanted)}").json()["items"]
    assert [(job["operation"], job["reason"], job["outcome"]["code"]) for job in jobs] == list(wanted)
    assert {(job["asked_by"], job["asked_as"]) for job in jobs} == {("ops", "ops")}


def test_a_view_is_rebuilt_watched_and_rolled_back_by_keys_alone(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "ops") as desk:
        page, before = desk.page, Operations(house[0]).generation("client_card")
        desk.goes("/console/nowhere")
        tabs_to(page, "Представления")
        page.keyboard.press("Enter")
        expect(page.locator("tr#row-client_card")).to_be_visible(timeout=PATIENCE)
        for _ in range(20):
            page.keyboard.press("j")
            if page.evaluate("document.activeElement.id") == "row-client_card":
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Карточки клиентов")
        page.keyboard.press("b")
        expect(page.get_by_role("heading", level=1)).to_have_text("Перестроить: Карточки клиентов", timeout=PATIENCE)
        tabs_to(page, "throttle")
        page.keyboard.type("1")
        tabs_to(page, "reason")
        expect(page.locator("#dry [name=throttle]")).to_have_value("1")
        page.keyboard.type("После обновления")
        page.keyboard.press("Control+Enter")
        begins(desk, before)
        opens(desk, "t")
        tabs_to(page, "events")
        page.keyboard.type("0")
        tabs_to(page, "reason")
        page.keyboard.type("Офис закрыт")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".ended")).to_contain_text("построено заново", timeout=PATIENCE)
        assert Operations(house[0]).generation("client_card") == before + 1
        opens(desk, "u")
        page.keyboard.type("Раньше было лучше")
        page.keyboard.press("Control+Enter")
        is_back(desk, before)


def opens(desk: Desk, key: str) -> None:
    """Press a key where htmx has taken hold of the button that it is of, and wait for the form."""
    expect(desk.page.locator(f"[data-key={key}][data-htmx-powered]")).to_be_visible()
    desk.page.keyboard.press(key)
    expect(desk.page.locator("#sheet[open] form")).to_be_visible()


def test_the_same_by_touch_on_a_phone(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "ops", **PHONE) as desk:
        page, before = desk.page, Operations(house[0]).generation("client_card")
        desk.goes(PAGE)
        page.get_by_role("link", name="Карточки клиентов", exact=True).first.tap()
        page.get_by_role("link", name="Перестроить").tap()
        expect(page.get_by_role("heading", level=1)).to_have_text("Перестроить: Карточки клиентов", timeout=PATIENCE)
        page.get_by_label("Фактов в секунду, не больше").fill("1")
        page.get_by_label("Причина").tap()
        expect(page.locator("#dry [name=throttle]")).to_have_value("1")
        page.get_by_label("Причина").fill("После обновления")
        page.get_by_role("button", name="Перестроить").tap()
        begins(desk, before)
        says(desk, "Темп", "Офис закрыт", events="0")
        expect(page.locator(".ended")).to_contain_text("построено заново", timeout=PATIENCE)
        says(desk, "Вернуть прежнее", "Раньше было лучше")
        is_back(desk, before)


def says(desk: Desk, button: str, reason: str, events: str | None = None) -> None:
    """Tap a button, fill in the sheet that it opens, and send it."""
    page = desk.page
    expect(page.locator("[data-htmx-powered]", has_text=button).first).to_be_visible()
    page.get_by_role("link", name=button, exact=True).tap()
    sheet = page.locator("#sheet[open]")
    if events is not None:
        sheet.get_by_label("Фактов в секунду").fill(events)
    sheet.get_by_label("Причина").fill(reason)
    sheet.get_by_role("button", name=button).tap()
    expect(sheet).to_have_count(0)


def test_that_the_process_which_rebuilt_was_killed_is_told_on_the_page_that_is_open(
    browser: Browser, house: House
) -> None:
    operations = Operations(house[0])
    operations.folding("client_card")
    with at_desk(browser, house, "ops") as desk:
        desk.goes(CARDS)
        expect(desk.page.locator(".work")).to_contain_text("свёртка фактов")
        os.kill(projector_of(house[0]), signal.SIGKILL)
        expect(desk.page.locator(".ended")).to_contain_text("прервано вместе с процессом", timeout=2 * PATIENCE)
        expect(desk.page.locator(".ended")).to_contain_text("Запросите заново")
        expect(desk.page.get_by_role("link", name="Перестроить")).to_be_visible()


def test_what_one_types_is_kept_while_the_page_refreshes_itself(browser: Browser, house: House) -> None:
    operations = Operations(house[0])
    with operations.rebuilding("client_card"), at_desk(browser, house, "ops") as desk:
        desk.goes(CARDS)
        opens(desk, "x")
        desk.page.keyboard.type("Не сейчас")
        done = desk.page.locator(".whole progress").get_attribute("value")
        expect(desk.page.locator(".whole progress")).not_to_have_attribute("value", done or "")
        expect(desk.page.locator("#sheet textarea")).to_have_value("Не сейчас")
        expect(desk.page.locator("#sheet textarea")).to_be_focused()
        desk.page.keyboard.press("Escape")
        desk.page.locator("[data-key=t]").focus()
        done = desk.page.locator(".whole progress").get_attribute("value")
        expect(desk.page.locator(".whole progress")).not_to_have_attribute("value", done or "")
        expect(desk.page.locator("[data-key=t]")).to_be_focused()
