"""Browsers far apart show the same days and times: those of the company, whatever their own clocks say."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser

from app.demo.company import demo_id
from tests.browser.conftest import at_desk
from tests.database import Database
from tests.system.service import Service

ZONES = ("Asia/Vladivostok", "UTC", "America/New_York")
COMPANY = ZoneInfo("Europe/Moscow")
CARD = f"/console/clients/{demo_id('romashka')}"
PAGES = (
    ("anna", "/console/my-day"),
    ("anna", CARD),
    ("anna", f"{CARD}?by=occurred"),
    ("anna", "/console/board"),
    ("anna", f"/console/do/plan-activity?client_id={demo_id('romashka')}"),
    ("admin", f"{CARD}/history"),
)


def test_the_days_are_the_company_s_wherever_the_browser_is(browser: Browser, house: tuple[Service, Database]) -> None:
    shown: dict[str, dict[str, object]] = {}
    times = 0
    for zone in ZONES:
        for who in ("anna", "admin"):
            with at_desk(browser, house, who, timezone_id=zone) as desk:
                for path in (path for name, path in PAGES if name == who):
                    desk.goes(path)
                    # Who looked is in the history too, and these browsers look.
                    said = ".entry.fact, .day h2" if path.endswith("/history") else "main"
                    texts = desk.page.locator(said).all_inner_texts()
                    fields = desk.page.locator("main input").evaluate_all("all => all.map(one => [one.min, one.max])")
                    shown.setdefault(path, {})[zone] = (texts, fields)
                    each = "all => all.map(one => [one.dateTime, one.textContent.trim()])"
                    for moment, text in desk.page.locator("main time[datetime]").evaluate_all(each):
                        if re.fullmatch(r"\d\d:\d\d", text):
                            times += 1
                            assert text == datetime.fromisoformat(moment).astimezone(COMPANY).strftime("%H:%M"), path
    assert times > 20
    for path, seen in shown.items():
        assert len(set(map(str, seen.values()))) == 1, (path, seen)
