"""The great tasks of a seller and their head in a real browser: by keys alone, and by touch on a phone.

The log says who did it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.demo.company import demo_id
from infra.postgres.embedded import EmbeddedPostgres
from tests.browser.conftest import CALL, Desk, at_desk
from tests.database import Database
from tests.system.conftest import company_of, recorded_since
from tests.system.service import Service, sound_service, token

House = tuple[Service, Database]

PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True}
WAYS = pytest.mark.parametrize("by_touch", [False, True], ids=["keys", "touch"])

FIRST, STEP = datetime(2025, 6, 2, 9, tzinfo=UTC), timedelta(days=1)
"""The demo company was entered in June 2025, a fact a day."""

ROMASHKA, VECTOR = demo_id("romashka"), demo_id("vector")
NUMBERS = {False: "+7 903 555-10-01", True: "+7 903 555-10-02"}


@pytest.fixture(scope="module")
def old_house(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A service with the demo company that is a while old: since then a client has another owner."""
    with company_of(cluster, template) as database:
        recorded_since(database, FIRST, STEP)
        with sound_service(tmp_path_factory.mktemp("tasks"), database.owner_url) as running:
            head = token(demo_id("head"), "head")
            handed = {
                "client_id": str(VECTOR),
                "to_seller_id": str(demo_id("anna")),
                "cause": "conflict",
                "reason": "x",
            }
            assert running.post("transfer-client", handed, head).status_code == 200
            yield running, database


def recorded(house: House, stream_id: UUID | str) -> list[tuple[str, str]]:
    """Return what the log has of a stream: what happened, and who did it."""
    with psycopg.connect(house[1].owner_url) as connection:
        found = connection.execute(
            "SELECT topic, actor FROM letopis.event WHERE stream_id = %s ORDER BY position", [str(stream_id)]
        )
        return [(topic, actor) for topic, actor in found]


def told(house: House, path: str, who: str = "head") -> Any:
    running, _ = house
    answer = httpx.get(running.address + path, headers=token(demo_id(who), "head" if who == "head" else "seller"))
    assert answer.status_code == 200, answer.text
    return answer.json()


def reaches(target: Locator) -> None:
    """Go with the Tab key until something has the focus."""
    for _ in range(120):
        if target.evaluate("each => each === document.activeElement"):
            return
        target.page.keyboard.press("Tab")
    raise AssertionError(f"no key leads to {target}")


def does(target: Locator, *, by_touch: bool) -> None:
    """Press what one sees: with a finger, or with Enter where the Tab key leads."""
    if by_touch:
        target.tap()
    else:
        reaches(target)
        target.page.keyboard.press("Enter")


def types(field: Locator, text: str, *, by_touch: bool) -> None:
    """Write into a field, or choose what begins so."""
    if by_touch:
        field.tap()
    else:
        reaches(field)
    field.page.keyboard.type(text)


def opened(house: House, title: str, seller: str = "anna", client: UUID = ROMASHKA) -> str:
    """Open a deal in the first stage, and return its id."""
    deal_id = str(uuid4())
    deal = {"deal_id": deal_id, "client_id": str(client), "pipeline_id": str(demo_id("pipeline")), "title": title}
    deal["amount"] = {"amount": "1000.00", "currency": "RUB"}  # type: ignore[assignment]
    assert house[0].post("open-deal", deal, token(demo_id(seller), "seller")).status_code == 200
    return deal_id


def moved(house: House, deal_id: str, stage: str, who: str = "head") -> None:
    role = "head" if who == "head" else "seller"
    answer = house[0].post("move-deal", {"deal_id": deal_id, "to_stage": stage}, token(demo_id(who), role))
    assert answer.status_code == 200, answer.text


def card_of(page: Page, deal_id: str) -> Locator:
    return page.locator(f"[data-deal='{deal_id}']")


def opens_board(desk: Desk) -> Page:
    desk.goes("/console/board")
    expect(desk.page.locator("[data-htmx-powered]").first).to_be_attached()
    return desk.page


@WAYS
def test_who_rings_is_shown_and_logged_with_one_key(browser: Browser, old_house: House, *, by_touch: bool) -> None:
    running, _ = old_house
    with at_desk(browser, old_house, "anna", **(PHONE if by_touch else {})) as desk:
        desk.goes("/console/my-day")
        desk.presses()
        activity_id = str(uuid4())
        rings = {**CALL, "activity_id": activity_id, "contact_data": "+7 495 123-45-67", "contact_name": None}
        assert running.post("record-activity", rings, token("pbx", "integration")).status_code == 200
        ringing = desk.page.locator("#ringing")
        expect(ringing).to_contain_text("ООО «Ромашка»")
        expect(ringing).to_contain_text("Анна Белова")
        if by_touch:
            ringing.get_by_role("button", name="Взят в работу").tap()
        else:
            desk.page.keyboard.press("w")
        expect(ringing).to_have_count(0)
    anna = str(demo_id("anna"))
    assert recorded(old_house, activity_id)[-1] == ("activity.call_classified", anna)


def test_an_unknown_number_is_told_as_such_and_is_somebody_with_one_click(browser: Browser, old_house: House) -> None:
    running, _ = old_house
    with at_desk(browser, old_house, "anna") as desk:
        desk.goes("/console/my-day")
        desk.presses()
        rings = {**CALL, "activity_id": str(uuid4()), "contact_data": "+7 903 777-00-01", "contact_name": None}
        assert running.post("record-activity", rings, token("pbx", "integration")).status_code == 200
        ringing = desk.page.locator("#ringing")
        expect(ringing).to_contain_text("+7 903 777-00-01")
        expect(ringing).to_contain_text("Клиента с таким номером нет")
        expect(ringing.get_by_role("link", name="Новый клиент")).to_be_visible()
        desk.page.keyboard.press("m")
        expect(ringing).to_have_count(0)
        another = str(uuid4())
        rings |= {"activity_id": another, "contact_data": "8 (495) 123-45-67"}
        assert running.post("record-activity", rings, token("pbx", "integration")).status_code == 200
        desk.page.get_by_role("button", name="Это ООО «Ромашка»").click()
        expect(ringing.get_by_role("link", name="ООО «Ромашка»")).to_be_visible()
        desk.page.keyboard.press("f")
        expect(ringing).to_have_count(0)
    assert [topic for topic, _ in recorded(old_house, another)][1:] == [
        "activity.client_named",
        "activity.call_classified",
    ]


@WAYS
def test_a_client_is_found_claimed_and_met(browser: Browser, old_house: House, *, by_touch: bool) -> None:
    running, _ = old_house
    client_id, boris = str(uuid4()), str(demo_id("boris"))
    client = {"client_id": client_id, "kind": "person", "name": f"Семён Дроздов {NUMBERS[by_touch][-1]}"}
    client["contact_points"] = [{"kind": "phone", "value": NUMBERS[by_touch]}]  # type: ignore[assignment]
    assert running.post("register-client", client, token(demo_id("vera"), "operator")).status_code == 200
    with at_desk(browser, old_house, "boris", **(PHONE if by_touch else {})) as desk:
        desk.goes("/console/my-day")
        page = desk.page
        if by_touch:
            page.locator("[data-find]").tap()
        else:
            page.keyboard.press("/")
        page.keyboard.type(NUMBERS[by_touch].replace("+7", "8"))
        page.keyboard.press("Enter")
        found = page.locator("#found tbody tr")
        expect(found).to_have_count(1)
        if by_touch:
            found.get_by_role("link").tap()
        else:
            page.keyboard.press("Escape")
            page.locator("body").press("j")
            page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Семён Дроздов")
        if by_touch:
            page.get_by_role("button", name="Закрепить за собой").tap()
        else:
            page.keyboard.press("c")
        expect(page.locator(".owner")).to_contain_text("Борис Громов")
        plans_and_holds_a_meeting(desk, NUMBERS[by_touch], by_touch=by_touch)
    assert recorded(old_house, client_id)[1] == ("client.claimed", boris)
    (meeting,) = told(old_house, f"/activities?client={client_id}", "boris")["items"]
    assert recorded(old_house, meeting["activity_id"]) == [("activity.planned", boris), ("activity.held", boris)]


def plans_and_holds_a_meeting(desk: Desk, number: str, *, by_touch: bool) -> None:
    """Plan a meeting with the client whose card is open, and tell how it went."""
    page = desk.page
    sheet = page.locator("#sheet")
    if by_touch:
        expect(page.locator("[data-htmx-powered]").first).to_be_attached()
        page.get_by_role("link", name="Запланировать").tap()
    else:
        desk.opens("p")
    # What a field shows of a day depends on the browser's own language, and so does how one types it.
    if by_touch:
        sheet.get_by_label("Канал").select_option("meeting")
    else:
        types(sheet.get_by_label("Канал"), "Встр", by_touch=False)
    sheet.get_by_label("Когда").fill("2030-01-15T11:00")
    types(sheet.get_by_label("О чём"), "Показать весы", by_touch=by_touch)
    does(sheet.locator("button.main"), by_touch=by_touch)
    step = page.locator(".next")
    expect(step).to_contain_text("Показать весы")
    expect(page.locator("[data-htmx-powered]").first).to_be_attached()
    does(step.get_by_role("link", name="Сделано"), by_touch=by_touch)
    types(sheet.get_by_label("Итог"), "Берёт двое весов", by_touch=by_touch)
    types(sheet.get_by_label("С кем"), "Семён Дроздов", by_touch=by_touch)
    types(sheet.get_by_label("Телефон или почта"), number, by_touch=by_touch)
    does(sheet.locator("button.main"), by_touch=by_touch)
    expect(page.locator("#story")).to_contain_text("Берёт двое весов")


@WAYS
def test_who_loses_a_race_for_a_deal_sees_why_and_decides(
    browser: Browser, old_house: House, *, by_touch: bool
) -> None:
    deal_id, head = opened(old_house, "Весы для гонки"), str(demo_id("head"))
    with (
        at_desk(browser, old_house, "anna", **(PHONE if by_touch else {})) as slower,
        at_desk(browser, old_house, "head") as faster,
    ):
        # Whoever looks is told at once what another does: the race is of two who move within that moment.
        slower.page.route("**/console/live?*", lambda _: None)
        page, other = opens_board(slower), opens_board(faster)
        reaches(card_of(other, deal_id).get_by_role("link").first)
        other.keyboard.press("Alt+ArrowRight")
        expect(other.locator("#stage-offer").locator(f"[data-deal='{deal_id}']")).to_be_focused()
        sheet = page.locator("#sheet[open]")
        if by_touch:
            card_of(page, deal_id).get_by_role("link", name="Перенести").tap()
            sheet.get_by_label("Договор").tap()
            sheet.locator("button.main").tap()
        else:
            # The stage that the seller sees it in is the first one: to the last one it is two steps.
            reaches(card_of(page, deal_id).get_by_role("link").first)
            page.keyboard.press("Alt+ArrowRight")
        meanwhile = sheet.locator(".sides")
        expect(meanwhile).to_contain_text("Ольга Соколова")
        expect(meanwhile).to_contain_text("Заявка")
        expect(meanwhile).to_contain_text("Предложение")
        expect(meanwhile).to_contain_text("Вы хотели")
        assert [actor for topic, actor in recorded(old_house, deal_id) if topic == "deal.moved"] == [head]
        if by_touch:
            sheet.get_by_role("button", name="Всё равно сделать").tap()
            page.locator(".tabs").get_by_text("Договор").tap()
            expect(page.locator("#stage-contract").locator(f"[data-deal='{deal_id}']")).to_be_visible()
        else:
            does(sheet.get_by_role("link", name="Оставить как есть"), by_touch=False)
            expect(page.locator("#stage-offer").locator(f"[data-deal='{deal_id}']")).to_be_visible()
    moves = [actor for topic, actor in recorded(old_house, deal_id) if topic == "deal.moved"]
    assert moves == [head, *([str(demo_id("anna"))] if by_touch else [])]


@WAYS
def test_the_slider_says_who_owned_a_client_on_a_day(browser: Browser, old_house: House, *, by_touch: bool) -> None:
    with at_desk(browser, old_house, "anna", **(PHONE if by_touch else {})) as desk:
        desk.goes(f"/console/clients/{VECTOR}?by=recorded")
        page = desk.page
        strip, owner = page.get_by_role("slider"), page.locator(".owner")
        expect(owner).to_contain_text("Анна Белова")
        last_of_june = page.locator("line.tick[data-day^='2025-06']").last
        if by_touch:
            strip.scroll_into_view_if_needed()
            box, place = strip.bounding_box(), last_of_june.bounding_box()
            assert box
            assert place
            page.touchscreen.tap(place["x"], box["y"] + box["height"] / 2)
        else:
            while "2025" not in (strip.get_attribute("aria-valuetext") or ""):
                strip.press("PageDown")
        expect(owner).to_contain_text("Борис Громов")
        expect(page.locator(".then").first).to_contain_text("июня 2025")
        page.wait_for_url("**as_of=2025-06**")
        expect(page.locator("[href^='/console/do/']")).to_have_count(0)
        page.goto(f"{desk.address}/console/clients/{VECTOR}?by=recorded&as_of=2025-06-30")
        expect(owner).to_contain_text("Борис Громов")


def test_a_deal_is_dragged_and_what_is_refused_goes_back_and_says_why(browser: Browser, old_house: House) -> None:
    deal_id, anna = opened(old_house, "Весы на колёсах"), str(demo_id("anna"))
    with at_desk(browser, old_house, "anna") as desk:
        desk.page.route("**/console/live?*", lambda _: None)
        page = opens_board(desk)
        drags(page, deal_id, "offer")
        expect(page.locator("#stage-offer").locator(f"[data-deal='{deal_id}']")).to_be_visible()
        expect(page.locator("deal-board [role=status]")).to_have_text("Перенесено на этап «Предложение».")
        # It was taken by its title, and is not opened for that.
        assert page.url == f"{desk.address}/console/board"
        # While it is on its way, another moves it.
        begins_to_drag(page, deal_id, "lead")
        moved(old_house, deal_id, "contract")
        page.mouse.up()
        sides = page.locator("#sheet[open] .sides")
        expect(sides).to_contain_text("Ольга Соколова")
        expect(sides).to_contain_text("Договор")
        expect(page.locator("#stage-contract").locator(f"[data-deal='{deal_id}']")).to_be_attached()
        page.keyboard.press("Escape")
        expect(page.locator("#sheet[open]")).to_have_count(0)
    assert [actor for topic, actor in recorded(old_house, deal_id) if topic == "deal.moved"] == [
        anna,
        str(demo_id("head")),
    ]


def drags(page: Page, deal_id: str, stage: str) -> None:
    begins_to_drag(page, deal_id, stage)
    page.mouse.up()


def begins_to_drag(page: Page, deal_id: str, stage: str) -> None:
    """Take a card and hold it over another column."""
    expect(page.locator(".waits")).to_have_count(0)
    card_of(page, deal_id).scroll_into_view_if_needed()
    box = card_of(page, deal_id).get_by_role("link").first.bounding_box()
    over = page.locator(f"#stage-{stage} h2").bounding_box()
    assert box
    assert over
    page.mouse.move(box["x"] + 10, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + 18, steps=3)
    page.mouse.move(over["x"] + 40, over["y"] + 30, steps=5)
    expect(page.locator(f"#stage-{stage}.over")).to_be_visible()


def test_the_board_goes_back_by_days_with_its_figures_at_once(browser: Browser, old_house: House) -> None:
    with at_desk(browser, old_house, "head", locale="en") as desk:
        page = opens_board(desk)
        slider = page.get_by_role("slider")
        expect(slider).to_have_attribute("aria-valuetext", "Now")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        slider.focus()
        expect(page.locator(".held polyline:not([points=''])")).to_be_attached()
        # Held, it asks for no cards, and shows the figures of every day it passes.
        box = slider.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] - 8, box["y"] + 16)
        page.mouse.down()
        asked.clear()
        page.mouse.move(
            box["x"] + 8 + 30 * (box["width"] - 16) / float(slider.get_attribute("max") or 1), box["y"] + 16
        )
        expect(slider).to_have_value("30")
        shown = page.locator("#b-day").input_value()
        then = told(old_house, f"/pipeline?as_of={shown}&limit=1")
        for stage in then["stages"]:
            expect(page.locator(f"#stage-{stage['code']} .count")).to_have_text(str(stage["count"]))
        assert asked == []
        page.mouse.up()
        page.wait_for_url(f"**as_of={shown}")
        expect(page.locator("#stages .notice")).to_be_visible()
        expect(page.locator("[href^='/console/do/']")).to_have_count(0)
        slider.press("PageUp")
        slider.press("ArrowLeft")
        page.wait_for_url(lambda url: f"as_of={shown}" not in url)
        expect(slider).to_be_focused()
        page.reload()
        expect(slider).to_have_value("36")
        slider.press("End")
        expect(slider).to_have_attribute("aria-valuetext", "Now")
        expect(page.locator("[href^='/console/do/']").first).to_be_attached()
