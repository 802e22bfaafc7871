"""Two cards are made one, and taken apart again, by who may: both are looked at side by side before."""

import pytest
from playwright.sync_api import Browser, expect

from app.demo.company import demo_id
from infra.log.ids import new_id
from tests.browser.conftest import at_desk
from tests.database import Database
from tests.system.service import Service, token

ROMASHKA = demo_id("romashka")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_head_makes_two_cards_one_and_takes_them_apart(
    browser: Browser, house: tuple[Service, Database], scheme: str
) -> None:
    twice = new_id()
    entered = {
        "client_id": str(twice),
        "kind": "organisation",
        "name": f"Ромашка Плюс {scheme}",
        "contact_points": [{"kind": "email", "value": f"plus-{scheme}@romashka.example"}],
    }
    running, _ = house
    assert running.post("register-client", entered, token(demo_id("head"), "head")).status_code == 200
    with at_desk(browser, house, "head", color_scheme=scheme) as desk:
        page = desk.page
        desk.goes(f"/console/clients/{ROMASHKA}/merge?q=Ромашка Плюс {scheme}")
        page.get_by_role("link", name=f"Ромашка Плюс {scheme}").click()
        expect(page.get_by_text(f"plus-{scheme}@romashka.example")).to_be_visible()
        page.get_by_label("Причина").fill("Один и тот же клиент")
        page.get_by_role("button", name="Объединить").click()
        page.wait_for_url(f"**/console/clients/{ROMASHKA}**")
        made_of = page.locator("section", has=page.get_by_role("heading", name="Объединённые клиенты"))
        expect(made_of).to_contain_text(f"Ромашка Плюс {scheme}")
        expect(page.get_by_text(f"plus-{scheme}@romashka.example").first).to_be_visible()
        desk.goes(f"/console/clients/{twice}")
        expect(made_of).to_contain_text(f"Ромашка Плюс {scheme}")
        made_of.locator("summary").click()
        made_of.get_by_text("Разъединить").click()
        form = page.locator("#verb")
        expect(form).to_be_visible()
        form.get_by_label("Причина").first.fill("Разные")
        form.get_by_role("button", name="Разъединить").click()
        expect(page.get_by_text("Объединённые клиенты")).to_have_count(0)
