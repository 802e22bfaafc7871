"""A real browser, and a service with a small company that it looks at: `make test-browser`."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from app.auth.issuing import issue_token
from app.demo.company import STAFF, demo_id
from app.serving.console import TOKEN_LIFE, link_at
from app.settings import Settings
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import MASTER, Database
from tests.system.conftest import company_of, template
from tests.system.service import SECRET, Service, sound_service, token

__all__ = ["template"]

# A machine that is busy with other things is no fault of a page: five seconds, which playwright waits, are few then.
expect.set_options(timeout=30_000)

# As --no-sandbox: who runs the tests may be root. The rest keeps the browser from asking anybody but us.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

CALL = {
    "channel": "call",
    "direction": "inbound",
    "staff_id": str(demo_id("anna")),
    "contact_name": "Ирина Кузнецова",
    "contact_data": "+7 916 765-43-21",
    "topic": "Спрашивает о сроках",
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "install a browser (Debian: apt install chromium), or name it: CHROMIUM=/path/to/chromium"
    with sync_playwright() as player:
        running = player.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def house(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Database]]:
    """A service with the demo company, to which somebody calls."""
    with (
        company_of(cluster, template) as database,
        sound_service(tmp_path_factory.mktemp("browser"), database.owner_url) as running,
    ):
        rings = {**CALL, "client_id": str(demo_id("romashka")), "occurred_at": datetime.now(UTC).isoformat()}
        assert running.post("record-activity", rings, token("pbx", "integration")).status_code == 200
        yield running, database


class Desk:
    """A page in the browser of somebody who came in, and everything that the browser complained of."""

    def __init__(self, page: Page, running: Service) -> None:
        self.page = page
        self.running = running
        self.address = running.address
        self.complaints: list[str] = []
        # What a test brings about on purpose, and the browser complains of as well, then or later.
        self.expected: tuple[str, ...] = ()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        # That a page is refused is what some of these tests are about.
        if message.type in {"error", "warning"} and "the server responded with a status of" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.complaints.append(f"asked another host: {request.url}")

    def goes(self, path: str) -> None:
        """Open a page, with all that it loads."""
        self.page.goto(self.address + path)

    def presses(self, *keys: str) -> None:
        """Press keys, one after the other, once the scripts of the page have taken hold of it.

        A page shows before its scripts run: whoever waits for what it shows and presses then is sometimes too early.
        """
        self.page.wait_for_load_state("load")
        expect(self.page.locator("[data-htmx-powered]").first).to_be_attached()
        for key in keys:
            self.page.keyboard.press(key)

    def opens(self, key: str) -> Locator:
        """Press a key, wait for the form that it opens over the page, and return that."""
        self.presses(key)
        form = self.page.locator("#sheet[open] #verb")
        expect(form).to_be_visible()
        return form


@contextmanager
def at_desk(browser: Browser, house: tuple[Service, Database], staff: str, **how: Any) -> Iterator[Desk]:
    """Let somebody of the demo company in with a browser of their own; it must have nothing to complain of.

    Of a role that nobody has there a program comes in.
    """
    running, database = house
    context = browser.new_context(**{"locale": "ru", "viewport": {"width": 1440, "height": 900}, **how})
    try:
        desk = Desk(context.new_page(), running)
        comes_in(desk.page, running, database, staff)
        yield desk
        assert [each for each in desk.complaints if not any(part in each for part in desk.expected)] == []
    finally:
        context.close()


def comes_in(page: Page, running: Service, database: Database, staff: str) -> None:
    """Come in by a link as somebody of the demo company."""
    settings = Settings(jwt_secret=SECRET, _env_file=None)  # type: ignore[arg-type]
    actor, role = (str(demo_id(staff)), None) if staff in STAFF else (staff, staff)
    signed = issue_token(settings, actor, role, TOKEN_LIFE)
    page.goto(link_at(running.address, database.owner_url, MASTER, signed))
    page.get_by_role("main").get_by_role("button").click()
    # A click does not wait for the page that it leads to: whoever goes on at once goes without the cookie.
    page.wait_for_url(lambda address: "/console/enter" not in address)
