"""Plans in a real browser: a head agrees one with a seller, the seller wins a deal, and both pages count at once."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from playwright.sync_api import Browser, Locator, expect

from app.demo.company import demo_id
from tests.browser.conftest import Desk, at_desk
from tests.database import Database
from tests.system.service import Service, token


def _of_boris(desk: Desk) -> Locator:
    """Find the plan of Boris on the page of plans."""
    return desk.page.locator("section.plan").filter(has=desk.page.get_by_role("heading", name="Борис Громов"))


def test_a_plan_is_agreed_and_both_pages_count_what_is_won(browser: Browser, house: tuple[Service, Database]) -> None:
    today = datetime.now(UTC).date()
    with at_desk(browser, house, "head") as head, at_desk(browser, house, "boris") as seller:
        head.goes("/console/plans")
        head.page.get_by_role("link", name="Новый план").click()
        form = head.page.locator("#sheet[open] #verb")
        form.get_by_label("Сотрудник").select_option(label="Борис Громов (Юг)")
        form.get_by_label("Первый день").fill(str(today - timedelta(days=15)))
        form.get_by_label("Последний день").fill(str(today + timedelta(days=15)))
        form.get_by_label("Сколько").first.fill("10")
        form.get_by_role("button", name="Новый план").click()
        expect(head.page.get_by_role("heading", name="Борис Громов", level=1)).to_be_visible()
        head.goes("/console/plans")
        expect(_of_boris(head)).to_contain_text("осталось 10")

        seller.goes("/console/plans")
        _of_boris(seller).get_by_role("link").click()
        seller.page.get_by_role("button", name="Принять").click()
        expect(seller.page.get_by_text("принят")).to_be_visible()
        expect(seller.page.get_by_role("button", name="Принять")).to_have_count(0)

        # Neither page is loaded anew from here on.
        deal = {"deal_id": str(uuid4()), "client_id": str(demo_id("vector")), "pipeline_id": str(demo_id("pipeline"))}
        boris = token(demo_id("boris"), "seller")
        assert house[0].post("open-deal", {**deal, "title": "Гири"}, boris).status_code == 200
        won = {"deal_id": deal["deal_id"], "amount": {"amount": "900", "currency": "RUB"}}
        assert house[0].post("win-deal", won, boris).status_code == 200
        expect(_of_boris(head)).to_contain_text("осталось 9")
        expect(seller.page.locator(".reached")).to_contain_text("осталось 9")
        expect(head.page.locator("section.plan").filter(has_text="Компания")).to_contain_text("осталось 18")
