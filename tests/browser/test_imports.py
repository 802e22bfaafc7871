"""A file is chosen or dropped in a real browser, corrected, rehearsed and imported; its pages can be read by all."""

import httpx
import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.browser.conftest import at_desk
from tests.browser.test_console import is_read_by_everybody
from tests.database import Database
from tests.system.sent import BORIS, people
from tests.system.service import Service

House = tuple[Service, Database]
PAGE = "/console/imports"
DROPS = """([name, text]) => {
    const held = new DataTransfer();
    held.items.add(new File([text], name));
    document.querySelector(".drop-here").dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true }));
}"""


def file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


def renamed(running: Service, name: str) -> None:
    """Let somebody work on a client whom a file brought."""
    [client, *_] = httpx.get(f"{running.address}/clients", params={"q": name}, headers=BORIS).json()["items"]
    given = {"client_id": client["client_id"], "name": f"{name} и сын", "source": "call"}
    assert httpx.post(f"{running.address}/commands/rename-client", json=given, headers=BORIS).status_code == 200


def test_a_file_is_chosen_corrected_by_keys_rehearsed_and_imported(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "ops", locale="ru") as desk:
        page = desk.page
        desk.goes(PAGE)
        page.locator("input[type=file]").set_input_files(file("люди.csv", people(81)))
        page.wait_for_url(f"**{PAGE}/*-*")
        expect(page.get_by_text("Такой даты не бывает")).to_be_visible()
        page.get_by_label("Почта", exact=False).first.focus()
        page.keyboard.press("Home")
        page.get_by_role("button", name="Показать строки заново").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Почта", exact=False).first).to_have_value("")
        page.get_by_role("button", name="Пробный прогон").click()
        expect(page.get_by_text("ничего не сохранено")).to_be_visible()
        page.get_by_role("button", name="Загрузить").click()
        expect(page.get_by_text("Файл загружен")).to_be_visible()
        with page.expect_download() as downloaded:
            page.get_by_role("link", name="Непринятые строки").click()
        assert downloaded.value.suggested_filename == "люди-errors.csv"
        desk.goes(PAGE)
        expect(page.get_by_role("link", name="люди.csv")).to_be_visible()


def test_a_file_is_dropped_and_what_is_no_table_is_told_where_it_was_dropped(browser: Browser, house: House) -> None:
    with at_desk(browser, house, "ops", locale="ru") as desk:
        page = desk.page
        desk.goes(PAGE)
        desk.expected = ("422",)
        page.evaluate(DROPS, ["скан.pdf", "%PDF-1.4 x"])
        expect(page.get_by_role("alert")).to_contain_text("Это файл другого вида")
        page.evaluate(DROPS, ["люди.csv", people(82)])
        page.wait_for_url(f"**{PAGE}/*-*")


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_pages_of_imports_can_be_read_by_everybody(browser: Browser, house: House, language: str) -> None:
    with at_desk(browser, house, "ops", locale=language) as desk:
        desk.goes(PAGE)
        theirs = people(83 if language == "ru" else 84).replace("Ольга Ким", f"Зоя Мун-{language}")
        desk.page.locator("input[type=file]").set_input_files(file("people.csv", theirs))
        desk.page.wait_for_url(f"**{PAGE}/*-*")
        address = desk.page.url.removeprefix(desk.address)
        is_read_by_everybody(browser, house, "ops", (PAGE, address), language)
        desk.page.locator("button[value=run]").click()
        expect(desk.page.locator("#account")).to_be_visible()
        is_read_by_everybody(browser, house, "ops", (address,), language)
        renamed(house[0], f"Зоя Мун-{language}")
        page = desk.page
        page.get_by_label("Почему" if language == "ru" else "Why", exact=True).first.fill("не тот файл")
        page.locator("button[value=revert]").click()
        expect(page.locator("#revert")).to_be_visible()
        expect(page.locator("section[aria-labelledby=revert] td").first).to_be_visible()
        is_read_by_everybody(browser, house, "ops", (address, PAGE), language)
