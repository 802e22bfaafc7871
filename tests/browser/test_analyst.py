"""What an analyst does in a real browser: a figure found and taken away, by keys and by touch; a question in SQL."""

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from app.demo.company import demo_id
from tests.browser.conftest import Desk, at_desk
from tests.browser.test_console import LOOKS, RULES
from tests.database import Database
from tests.system.service import Service, token

House = tuple[Service, Database]

MAY = (5, 17, 30)
"""The days of May on which Boris wins a deal."""

ENDLESS = "SELECT max(hash(x)) FROM range(1000000000000000) AS t (x)"


@pytest.fixture(scope="module")
def year(house: House) -> int:
    """Boris won three deals in May of last year, one before it and one after; Anna one in May."""
    running, _ = house
    year = datetime.now(UTC).year - 1
    won = [("boris", f"{year}-05-{day:02d}") for day in MAY]
    won += [("boris", f"{year}-04-30"), ("boris", f"{year}-06-01"), ("anna", f"{year}-05-20")]
    for who, day in won:
        deal, seller = str(uuid4()), token(demo_id(who), "seller")
        more = {"occurred_at": f"{day}T09:00:00+00:00"}
        opened = {"deal_id": deal, "pipeline_id": str(demo_id("pipeline")), "title": "Весы"}
        client = {"boris": "vector", "anna": "romashka"}[who]
        money = {"amount": {"amount": "100000", "currency": "RUB"}}
        assert running.post(
            "open-deal", {**opened, "client_id": str(demo_id(client)), **money, **more}, seller
        ).is_success
        assert running.post("win-deal", {"deal_id": deal, **more}, seller).is_success
    return year


def of_the_log(house: House, year: int) -> int:
    """How many deals Boris won in May, as the log has it."""
    with psycopg.connect(house[1].owner_url) as connection:
        [(count,)] = connection.execute(
            "SELECT count(*) FROM letopis.event WHERE topic = 'deal.won' AND actor = %s"
            " AND occurred_at >= %s AND occurred_at < %s",
            [str(demo_id("boris")), f"{year}-05-01 00:00+03", f"{year}-06-01 00:00+03"],
        ).fetchall()
    return int(count)


def told_by_the_table(page: Page, year: int) -> str:
    row = page.locator("tbody tr").filter(has_text=re.compile(f"ма[йя].*{year}"))
    expect(row).to_have_count(1)
    return row.locator("td").nth(2).inner_text()


def deals_in(path: Path) -> list[str]:
    """What stands in the column of deals of a workbook."""
    sheet = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()
    return re.findall(r'<c r="D\d+"[^>]*><v>([^<]*)</v>', sheet)


def is_answered(house: House, desk: Desk, year: int, taken: Path) -> None:
    assert of_the_log(house, year) == len(MAY)
    expect(desk.page.locator("tbody tr")).to_have_count(1)
    assert told_by_the_table(desk.page, year) == str(len(MAY))
    # The first is the heading, a text.
    assert deals_in(taken)[-1:] == [str(len(MAY))]
    query = {"from": f"{year}-05-01", "to": f"{year}-05-31", "seller_id": str(demo_id("boris"))}
    told = httpx.get(
        f"{house[0].address}/analytics/monthly_sales", params=query, headers=token("olga", "analyst"), timeout=30
    )
    assert [row["deals"] for row in told.json()["rows"]] == [len(MAY)]


def tabs_to(page: Page, selector: str) -> None:
    """Go on with the Tab key until something has the focus."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached")


def test_by_keys_alone_boris_s_deals_of_may_are_counted_and_taken_away(
    browser: Browser, house: House, year: int, tmp_path: Path
) -> None:
    with at_desk(browser, house, "analyst", locale="ru", accept_downloads=True) as desk:
        desk.goes("/console")
        page = desk.page
        page.keyboard.press("g")
        page.keyboard.press("r")
        page.wait_for_url("**/console/reports")
        tabs_to(page, "a[href='/console/reports/monthly_sales']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/reports/monthly_sales")
        tabs_to(page, "#r-from")
        # The browser itself speaks English, whatever its pages do: the month comes first.
        page.keyboard.type(f"0501{year}")
        expect(page.locator("#r-from")).to_have_value(f"{year}-05-01")
        tabs_to(page, "#r-to")
        page.keyboard.type(f"0531{year}")
        expect(page.locator("#r-to")).to_have_value(f"{year}-05-31")
        tabs_to(page, "#r-seller_id")
        chosen = page.locator("#r-seller_id option:checked")
        for _ in range(20):
            if "Борис" in chosen.inner_text():
                break
            page.keyboard.press("ArrowDown")
        page.wait_for_url(f"**seller_id={demo_id('boris')}*")
        expect(page.locator("tbody tr")).to_have_count(1)
        tabs_to(page, "a[download$='.xlsx']")
        with page.expect_download() as taken:
            page.keyboard.press("Enter")
        taken.value.save_as(tmp_path / "sales.xlsx")
        is_answered(house, desk, year, tmp_path / "sales.xlsx")


def test_by_touch_on_a_phone_boris_s_deals_of_may_are_counted_and_taken_away(
    browser: Browser, house: House, year: int, tmp_path: Path
) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with at_desk(browser, house, "analyst", locale="ru", accept_downloads=True, **phone) as desk:
        desk.goes("/console")
        page = desk.page
        page.get_by_role("navigation").get_by_role("link", name="Отчёты").tap()
        page.locator("a[href='/console/reports/monthly_sales']").tap()
        page.wait_for_url("**/console/reports/monthly_sales")
        # What a finger opens for a day or a choice is the phone's own, and no part of the page.
        page.locator("#r-from").tap()
        page.locator("#r-from").fill(f"{year}-05-01")
        page.locator("#r-to").fill(f"{year}-05-31")
        page.locator("#r-seller_id").select_option(label="Борис Громов")
        page.wait_for_url(f"**seller_id={demo_id('boris')}*")
        expect(page.locator("tbody tr")).to_have_count(1)
        with page.expect_download() as taken:
            page.locator("a[download$='.xlsx']").tap()
        taken.value.save_as(tmp_path / "sales.xlsx")
        is_answered(house, desk, year, tmp_path / "sales.xlsx")


def test_a_question_is_asked_by_keys_given_up_mended_at_its_line_and_never_lost(
    browser: Browser, house: House, year: int
) -> None:
    with at_desk(browser, house, "analyst", locale="en") as desk:
        desk.goes("/console/sql")
        page, text, answer = desk.page, desk.page.locator("#sql-text"), desk.page.locator("#answer")
        expect(page.locator("[data-htmx-powered]").first).to_be_attached()
        text.focus()
        page.keyboard.type(ENDLESS)
        page.keyboard.press("Control+Enter")
        expect(page.locator("[data-cancel] output")).to_contain_text(re.compile(r"\d\.\d s"))
        page.keyboard.press("Escape")
        expect(answer).to_contain_text("Stopped")
        expect(page.locator("[data-cancel]")).to_be_hidden()
        text.fill("SELECT kind,\n  colour\nFROM fact_deal")
        page.keyboard.press("Control+Enter")
        expect(text).to_have_attribute("aria-invalid", "true")
        page.get_by_role("button", name="Line 2").press("Enter")
        assert (
            page.evaluate(
                "getSelection().toString() || document.activeElement.value.slice("
                "document.activeElement.selectionStart, document.activeElement.selectionEnd)"
            )
            == "  colour"
        )
        page.keyboard.type("  count(*) AS facts")
        text.press("End")
        page.keyboard.press("Control+End")
        page.keyboard.type(" GROUP BY ALL")
        page.keyboard.press("Control+Enter")
        expect(answer.locator("tbody tr").first).to_be_visible()
        page.wait_for_url(re.compile(r"/console/sql/[\w-]{22}$"))
        page.reload()
        expect(answer.locator("tbody tr").first).to_be_visible()
        # Tab leaves the editor.
        text.focus()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Ask")).to_be_focused()
        # What was typed when the session ended is there again.
        desk.goes("/console/sql")
        text.fill("SELECT 'not sent yet'")
        page.context.clear_cookies()
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/console/enter**")
        page.go_back()
        assert page.evaluate("sessionStorage.getItem('sql-draft')") == "SELECT 'not sent yet'"


def test_an_answer_and_a_chart_can_be_read_by_everybody(browser: Browser, house: House, year: int) -> None:
    with at_desk(browser, house, "analyst", locale="ru", bypass_csp=True) as desk:
        for sql in ("SELECT * FROM ended_deal", "SELECT colour FROM fact_deal"):
            desk.goes("/console/sql")
            expect(desk.page.locator("[data-htmx-powered]").first).to_be_attached()
            desk.page.locator("#sql-text").fill(sql)
            desk.page.keyboard.press("Control+Enter")
            desk.page.locator("#answer :is(.head, .refusal)").first.wait_for()
            is_read(desk.page)
        for report in ("monthly_sales", "pipeline_totals", "sales_cycle"):
            desk.goes(f"/console/reports/{report}")
            expect(desk.page.locator(".figure")).to_be_visible()
            is_read(desk.page)


def is_read(page: Page) -> None:
    page.evaluate(AXE_SCRIPT)
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate("rules => axe.run(rules)", RULES)
        assert found["violations"] == [], (page.url, scheme, width, found["violations"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
