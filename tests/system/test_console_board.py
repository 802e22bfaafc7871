"""The board, the reports and the history in the console: their figures are the API's, and who is too late is told."""

import gzip
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from app.demo.company import ADMIN_ID, demo_id
from infra.postgres.embedded import EmbeddedPostgres
from read_api.console.words import Words, own_words
from tests.system.conftest import company_of, recorded_since
from tests.system.service import sound_service, token
from tests.system.visitors import Seen, Visitor

PIPELINE, ROMASHKA = demo_id("pipeline"), demo_id("romashka")
DEALS = 330
FIRST, STEP = datetime(2025, 6, 2, 9, tzinfo=UTC), timedelta(days=1)
"""The demo company was entered in June 2025, a fact a day."""


@pytest.fixture(scope="module")
def people(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Visitor]]:
    with company_of(cluster, template) as database:
        recorded_since(database, FIRST, STEP)
        with sound_service(tmp_path_factory.mktemp("board"), database.owner_url) as running:
            anna = token(demo_id("anna"), "seller")
            for number in range(DEALS):
                deal = {
                    "client_id": str(ROMASHKA),
                    "pipeline_id": str(PIPELINE),
                    "stage": ("lead", "offer", "contract")[number % 3],
                    "title": f"Scales {number}",
                    "amount": {"amount": f"{1000 + number}.50", "currency": ("RUB", "USD")[number % 2]},
                }
                assert running.post("open-deal", deal, anna).status_code == 200
            who = {"seller": demo_id("anna"), "head": demo_id("head"), "analyst": "analyst", "admin": ADMIN_ID}
            who |= {"auditor": "auditor", "boris": demo_id("boris"), "operator": demo_id("vera")}
            roles = {"boris": "seller"}
            yield {name: Visitor(running, database, actor, roles.get(name, name)) for name, actor in who.items()}


def said(page: Seen, path: str) -> str:
    found = page.main.find(path)
    assert found is not None, path
    return " ".join("".join(found.itertext()).split())


@pytest.mark.parametrize(
    "which",
    ["", "?as_of={now}", "?as_of=2025-06-21", "?seller={anna}", "?team_id={team}", "?team_id={team}&as_of={now}"],
)
def test_the_board_says_what_the_api_says(people: dict[str, Visitor], which: str) -> None:
    head = people["head"]
    known = {"anna": demo_id("anna"), "team": head.api("/units?kind=team")["items"][0]["unit_id"]}
    query = which.format(now=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", **known)
    told, page, words = head.api(f"/pipeline{query}"), head.get(f"/console/board{query}"), spoken(head)
    for stage in told["stages"]:
        column = f".//section[@id='stage-{stage['code']}']"
        assert said(page, f"{column}/h2") == f"{stage['name']} {words.number(stage['count'])}"
        sums = words.sums(stage["sums"]) or "—"
        assert said(page, f"{column}/p") == " ".join(sums.split())
        cards = page.main.findall(f"{column}/ol/li[@class='deal']")
        assert len(cards) == min(stage["count"], 30)
    for name in ("won", "lost"):
        assert said(page, f".//span[@id='count-{name}']") == words.number(told[name]["count"])


def test_on_every_day_the_page_says_what_the_api_says_and_the_report_counted(people: dict[str, Visitor]) -> None:
    """What the slider shows while it moves, what the page shows then, the board as of the day, and DuckDB's rows."""
    admin = people["admin"]
    rows = admin.api(f"/analytics/board_by_day?pipeline_id={PIPELINE}")["rows"]
    reported: dict[str, dict[str, Any]] = {}
    for row in rows:
        stage = reported.setdefault(row["day"], {}).setdefault(row["stage"], {"count": 0, "sums": []})
        stage["count"] += row["deals"]
        stage["sums"] += [{name: row[name] for name in ("currency", "amount")}] if row["currency"] else []
    days = sorted(reported)
    changed = [days[0], *(day for before, day in pairwise(days) if reported[day] != reported[before]), days[-1]]
    assert len(changed) > 5
    first = days[0]
    slider = admin.client.get(f"/console/board/days?pipeline={PIPELINE}&from={first}").json()
    words = spoken(admin)
    for day in changed:
        # Today has not ended: it is asked of the present.
        then = "" if day == days[-1] else f"as_of={day}"
        board, page = admin.api(f"/pipeline?limit=1&{then}"), admin.get(f"/console/board?{then}")
        at = (date.fromisoformat(day) - date.fromisoformat(first)).days
        for stage in board["stages"]:
            code, told = stage["code"], {"count": stage["count"], "sums": stage["sums"]}
            if then:
                assert told == reported[day].get(code, {"count": 0, "sums": []}), (day, code)
                assert told == held(slider.get(code, []), at), (day, code)
            shown = said(page, f".//section[@id='stage-{code}']/h2").rpartition(" ")[2]
            assert shown == words.number(stage["count"]), (day, code)
            sums = said(page, f".//section[@id='stage-{code}']/p")
            assert sums == " ".join((words.sums(stage["sums"]) or "—").split()), (day, code)


def test_a_question_in_sql_as_of_a_day_is_answered_from_what_was_recorded_by_its_end(
    people: dict[str, Visitor],
) -> None:
    analyst = people["analyst"]
    sql = "SELECT * FROM fact_deal ORDER BY position"

    def asked(**more: str) -> list[dict[str, Any]]:
        return list(analyst.api(f"/analytics/sql?{urlencode({'sql': sql, **more})}")["rows"])

    now = asked()
    early = [row["position"] for row in now if FIRST + row["position"] * STEP < datetime.now(UTC) - STEP][:5]
    assert early
    for position in early:
        day = (FIRST + position * STEP).date()
        assert asked(as_of=day.isoformat()) == [row for row in now if row["position"] <= position], day
        before = (day - STEP).isoformat()
        assert asked(as_of=before) == [row for row in now if row["position"] < position], before


def held(changes: list[Any], day: int) -> Mapping[str, Any]:
    """Return what a stage held on a day by what the slider is told."""
    count, worth = next((held for at, *held in reversed(changes) if at <= day), (0, []))
    return {"count": count, "sums": [{"currency": currency, "amount": amount} for currency, amount in worth]}


def spoken(visitor: Visitor) -> Words:
    """Return the words of the console as the visitor reads them."""
    zone, labels = ZoneInfo(visitor.api("/me")["zone"]), visitor.api("/labels")["lists"]
    return Words("en", zone, own_words(), labels, datetime.now(UTC))


def test_a_column_goes_on_and_no_deal_is_left_out(people: dict[str, Visitor]) -> None:
    head = people["head"]
    page = head.get("/console/board")
    seen: list[str] = []
    while True:
        cards = page.main.findall(".//section[@id='stage-offer']/ol/li") or page.main.findall(".//ol/li")
        links = [(card.get("class"), link) for card in cards if (link := card.find("a")) is not None]
        seen += ["".join(link.itertext()) for kind, link in links if kind == "deal"]
        further = [link.attrib["href"] for kind, link in links if kind == "more"]
        if not further:
            break
        page = head.get(further[0])
    count = next(one["count"] for one in head.api("/pipeline")["stages"] if one["code"] == "offer")
    assert (len(seen), len(set(seen))) == (count, count)


def test_the_page_stays_light(people: dict[str, Visitor]) -> None:
    page = people["head"].get("/console/board")
    assert sum(1 for _ in page.root.iter()) <= 1500
    assert len(gzip.compress(page.html.encode())) <= 15_000


def test_a_deal_is_moved_and_who_was_slower_is_told(people: dict[str, Visitor]) -> None:
    seller, head = people["seller"], people["head"]
    link = next(link for link in seller.get("/console/board").links if link.startswith("/console/do/move-deal"))
    slower, faster = seller.get(link).form("/console/do/move-deal"), head.get(link).form("/console/do/move-deal")
    deal = slower.values["deal_id"]
    board = head.does(faster, to_stage="offer")
    assert (board.status, head.api(f"/deals/{deal}")["stage"]) == (200, "offer")
    told = seller.does(slower, to_stage="contract")
    assert told.status == 412
    assert "Somebody changed it meanwhile" in told.text
    sides = said(told, ".//dl[@class='sides']")
    assert "MeanwhileОльга Соколова" in sides
    assert "Deal moved Заявка Предложение" in sides
    assert sides.endswith("You wantedTo which stage: Договор")
    assert seller.api(f"/deals/{deal}")["stage"] == "offer"
    assert seller.does(told.form("/console/do/move-deal"), to_stage="contract").status == 200
    assert seller.api(f"/deals/{deal}")["stage"] == "contract"


def test_a_deal_is_won_for_what_it_was_and_lost_for_a_reason_of_the_list(people: dict[str, Visitor]) -> None:
    seller = people["seller"]
    links = seller.get("/console/board").links
    form = seller.get(next(link for link in links if "/do/win-deal" in link)).form("/console/do/win-deal")
    won = form.values["deal_id"]
    # As people write it.
    assert seller.does(form, amount__amount="1 234,50").status == 200
    told = seller.api(f"/deals/{won}")
    assert (told["status"], told["won_amount"], told["won_currency"]) == (
        "won",
        "1234.50",
        form.values["amount.currency"],
    )
    form = seller.get([link for link in links if "/do/lose-deal" in link][1]).form("/console/do/lose-deal")
    lost = form.values["deal_id"]
    refused = seller.does(form)
    assert refused.status == 422
    assert seller.does(refused.form("/console/do/lose-deal"), reason_code="price").status == 200
    told = seller.api(f"/deals/{lost}")
    assert (told["status"], told["lost_reason_code"]) == ("lost", "price")
    board = seller.api("/pipeline")
    assert board["lost"]["count"] == 1
    assert said(seller.get("/console/board"), ".//span[@id='count-lost']") == "1"


def test_a_deal_that_one_sees_and_may_not_lead_has_nothing_to_take_it_by(people: dict[str, Visitor]) -> None:
    boris, anna, admin = people["boris"], people["seller"], people["admin"]
    seen = {"role": "seller", "kind": "deals", "scope": "all"}
    as_admin = token(ADMIN_ID, "admin")
    for kind in ("deals", "clients"):
        assert admin.running.post("grant-scope", {**seen, "kind": kind}, as_admin).status_code == 200
    free = {
        "deal_id": str(uuid4()),
        "client_id": str(demo_id("petr")),
        "pipeline_id": str(PIPELINE),
        "stage": "contract",
    }
    assert admin.running.post("open-deal", free, token(demo_id("boris"), "seller")).status_code == 200

    def led(visitor: Visitor) -> tuple[set[str], int]:
        page = visitor.get(f"/console/board?seller={demo_id('anna')}")
        others = page.main.findall(".//li[@class='deal']")
        return {each.attrib["data-deal"] for each in others if "data-deal" in each.attrib}, len(others)

    # The scope holds from one second later.
    for _ in range(100):
        if led(boris)[1]:
            break
    hers, shown = led(boris)
    assert (hers, shown > 50) == (set(), True)
    assert not [link for link in boris.get(f"/console/board?seller={demo_id('anna')}").links if "/do/" in link]
    assert len(led(anna)[0]) == led(anna)[1]
    own = boris.get(f"/console/board?seller={demo_id('boris')}")
    assert free["deal_id"] in {each.get("data-deal") for each in own.main.iter("li")}
    for kind in ("deals", "clients"):
        assert admin.running.post("grant-scope", {**seen, "kind": kind, "scope": "team"}, as_admin).status_code == 200


def offered(page: Seen, command: str) -> str:
    """Return the link of a page that opens the form of a command."""
    return next(link for link in page.links if link.startswith(f"/console/do/{command}?"))


def test_a_deal_is_opened_led_and_reopened_from_its_page(people: dict[str, Visitor]) -> None:
    seller, head, action = people["seller"], people["head"], "/console/do/{}".format
    form = seller.get(offered(seller.get(f"/console/clients/{ROMASHKA}"), "open-deal")).form(action("open-deal"))
    # There is one pipeline, so that it is not asked for, and a currency alone is no amount.
    page = seller.does(form, title="Dryers")
    deal = page.answer.url.path.removeprefix("/console/deals/")
    opened = seller.api(f"/deals/{deal}")
    assert (said(page, ".//h1"), opened["title"], opened["amount"]) == ("Dryers", "Dryers", None)

    def does(visitor: Visitor, command: str, **values: str) -> Seen:
        link = offered(visitor.get(f"/console/deals/{deal}"), command)
        page = visitor.does(visitor.get(link).form(action(command)), **values)
        assert (page.status, page.answer.url.path) == (200, f"/console/deals/{deal}")
        return page

    page = does(seller, "revalue-deal", amount__amount="2 500", reason="with delivery")
    assert "RUB\xa02,500" in page.html
    page = does(seller, "note-deal", text="They need it by May.")
    assert "They need it by May." in said(page, ".//ul[@class='plain notes']")
    assert seller.get(offered(page, "edit-note")).form(action("edit-note")).values["text"] == "They need it by May."
    page = does(seller, "edit-note", text="They need it by June.")
    assert "They need it by June." in said(page, ".//ul[@class='plain notes']")
    assert not [link for link in head.get(f"/console/deals/{deal}").links if "/do/edit-note" in link]
    page = does(head, "withdraw-note", reason="It was another deal.")
    assert page.main.find(".//ul[@class='plain notes']") is None
    page = does(seller, "lose-deal", reason_code="price", reason="a rival was cheaper")
    assert ": a rival was cheaper" in page.text
    page = does(seller, "reopen-deal", reason="They called back.")
    assert seller.api(f"/deals/{deal}")["status"] == "open"
    for told in ("Deal opened", "Worth of the deal — RUB\xa02,500", "Deal lost", "Deal reopened"):
        assert " ".join(told.split()) in said(page, ".//section[@class='story']")
    # What is not worth anything any more is said by an empty amount.
    does(seller, "revalue-deal", amount__amount="", reason="as a gift")
    assert seller.api(f"/deals/{deal}")["amount"] is None
    page = does(head, "hand-over-deal", to_seller_id=str(demo_id("anna")))
    assert said(page, ".//p[@class='owner']").startswith("Анна Белова")
    assert not [link for link in people["auditor"].get(f"/console/deals/{deal}").links if "/do/" in link]


PHONE = {"kind": "phone", "value": "+7 916 000-11-22"}


def test_people_and_ways_to_reach_them_are_entered_corrected_and_end(people: dict[str, Visitor]) -> None:
    seller, action, person = people["seller"], "/console/do/{}".format, str(uuid4())
    maria = {"client_id": person, "kind": "person", "name": "Мария Лебедева", "contact_points": [PHONE]}
    assert seller.running.post("register-client", maria, token(demo_id("anna"), "seller")).status_code == 200
    card = seller.get(f"/console/clients/{ROMASHKA}")
    form = seller.get(offered(card, "affiliate-person")).form(action("affiliate-person"))
    assert form.values["organisation_id"] == str(ROMASHKA)
    # Without JavaScript the words come with the form, which then shows whom they find: one, who is chosen.
    asked = seller.does(form, q__client_id="лебедева мар", role="buyer")
    assert asked.status == 422
    found = asked.form(action("affiliate-person"))
    assert found.values["client_id"] == person
    page = seller.get(f"{action('affiliate-person')}/found?field=client_id&q.client_id=лебедева мар")
    assert page.main.find(f".//input[@value='{person}']") is not None
    assert seller.client.get(f"{action('affiliate-person')}/found?field=role&q.role=a").status_code == 404
    assert seller.does(found, role="buyer").status == 200
    people_of = seller.api(f"/clients/{ROMASHKA}")["contact_persons"]
    assert [one["role"] for one in people_of if one["client_id"] == person] == ["buyer"]
    card = seller.get(f"/console/clients/{ROMASHKA}")
    link = next(link for link in card.links if "/do/end-affiliation" in link and person in link)
    assert seller.does(seller.get(link).form(action("end-affiliation")), reason="left").status == 200
    people_of = seller.api(f"/clients/{ROMASHKA}")["contact_persons"]
    assert [one["is_active"] for one in people_of if one["client_id"] == person] == [False]

    form = seller.get(offered(card, "add-contact-point")).form(action("add-contact-point"))
    card = seller.does(form, point__value="+7 812 123-45-67")
    link = next(link for link in card.links if "/do/correct-contact-point" in link and "812" in link)
    form = seller.get(link).form(action("correct-contact-point"))
    assert form.values["to_point.value"] == "+7 812 123-45-67"
    card = seller.does(form, to_point__value="+7 812 123-45-68")
    assert "+7 812 123-45-68" in card.text
    link = next(link for link in card.links if "/do/remove-contact-point" in link and "812" in link)
    card = seller.does(seller.get(link).form(action("remove-contact-point")))
    assert "123-45-68" not in {point["value"] for point in seller.api(f"/clients/{ROMASHKA}")["contact_points"]}


def test_nothing_is_done_in_the_past(people: dict[str, Visitor]) -> None:
    head = people["head"]
    page = head.get(f"/console/board?as_of={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    assert not [link for link in page.links if link.startswith("/console/do/")]
    assert "There was no pipeline then" in head.get("/console/board?as_of=2001-01-01").text
    assert head.get("/console/board?as_of=never").status == 422


def test_a_report_says_names_and_figures_and_its_files_are_the_api_s(people: dict[str, Visitor]) -> None:
    analyst = people["analyst"]
    listed = analyst.get("/console/reports")
    for one in analyst.api("/analytics")["items"]:
        address = f"/console/reports/{one['name']}"
        assert address in listed.links
        page, told = analyst.get(address), analyst.api(f"/analytics/{one['name']}")
        rows = page.main.findall(".//tbody/tr")
        headings = ["".join(each.itertext()) for each in page.main.iter("th")]
        names = [column["name"] for column in told["columns"]]
        hidden = {f"{name}_id" for name in ("seller", "staff", "pipeline") if name in names}
        hidden |= {"currency"} & set(names) if "amount" in names else set()
        assert not rows or len(headings) == len(names) - len(hidden), one["name"]
        assert len(rows) == min(len(told["rows"]), 900 // (len(names) - len(hidden)))
        for form in ("csv", "xlsx", "arrow", "parquet", "json"):
            heard = "&headings=words" if form in {"csv", "xlsx"} else ""
            given = analyst.client.get(f"{address}/file?format={form}")
            same = analyst.client.get(
                f"/analytics/{one['name']}?format={form}{heard}",
                headers={"Authorization": f"Bearer {analyst.token}"},
            )
            assert (given.status_code, given.content) == (200, same.content)
            assert given.headers["content-type"] == same.headers["content-type"]
            assert given.headers["content-disposition"] == f'attachment; filename="{one["name"]}.{form}"'


def test_what_a_report_may_not_be_asked_is_told_in_its_place(people: dict[str, Visitor]) -> None:
    analyst = people["analyst"]
    page = analyst.get("/console/reports/monthly_sales?from=2026-02-01&to=2026-01-01")
    assert page.status == 200
    assert page.main.find(".//*[@class='refusal']") is not None
    assert page.form("/console/reports/monthly_sales").values["from"] == "2026-02-01"
    assert analyst.get("/console/reports/nothing").status == 404


def test_an_auditor_reads_every_fact_with_who_and_what_it_changed(people: dict[str, Visitor]) -> None:
    auditor = people["auditor"]
    address: str | None = f"/console/clients/{ROMASHKA}/history"
    assert address in auditor.get(f"/console/clients/{ROMASHKA}").links
    seen = ""
    while address:
        page = auditor.get(address)
        seen += page.text
        address = next((link for link in page.links if "/history?cursor=" in link), None)
    positions, asked = list[int](), "limit=200"
    while asked:
        told = auditor.api(f"/clients/{ROMASHKA}/history?{asked}")
        positions += [one["position"] for one in told["items"]]
        asked = f"limit=200&cursor={told['next']}" if told["next"] else ""
    assert len(positions) > DEALS
    assert [one for one in positions if f"fact {one} " not in seen] == []
    assert "Анна Белова, seller" in seen
    # A contact person is told by their name, and so is a product, and the deal that was moved.
    assert "Ирина Кузнецова" in seen
    assert "ProductВесы платформенные" in seen
    assert "DealВесы на склад" in seen
    assert "phone: +7 495 123-45-67 (compared as: +74951234567; how sure: stated)" in seen
    assert str(demo_id("irina")) not in seen
    assert people["seller"].get(f"/console/clients/{ROMASHKA}/history").status == 403
