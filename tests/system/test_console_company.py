"""The company and the service's status in the console: what is said is the API's, and it is said before it is done."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.demo.company import ADMIN_ID, demo_id
from infra.postgres.embedded import EmbeddedPostgres
from tests.system.conftest import company_of
from tests.system.service import sound_service
from tests.system.visitors import Seen, Visitor

ANNA, BORIS = demo_id("anna"), demo_id("boris")
WHO = {"admin": ADMIN_ID, "head": demo_id("head"), "seller": ANNA, "ops": "ops", "analyst": "analyst"}


@pytest.fixture(scope="module")
def people(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Visitor]]:
    with (
        company_of(cluster, template) as database,
        sound_service(tmp_path_factory.mktemp("company"), database.owner_url) as running,
    ):
        yield {role: Visitor(running, database, actor, role) for role, actor in WHO.items()}


def rows(page: Seen, table: int = 0) -> list[list[str]]:
    """Return what the rows of a table say, cell by cell."""
    found = page.main.findall(".//table")[table].findall("./tbody/tr")
    return [[" ".join("".join(cell.itertext()).split()) for cell in row] for row in found]


def test_the_staff_are_listed_with_what_they_hold(people: dict[str, Visitor]) -> None:
    head = people["head"]
    holds = {one["name"]: one["clients"] for one in head.api("/holdings")["items"]}
    shown = {row[0]: row[-1] for row in rows(head.get("/console/company/staff"))}
    for name, clients in holds.items():
        assert shown[name] == (str(clients) if clients else "")
    left = head.get("/console/company/staff?who=left")
    assert "Nobody matches." in left.text


def test_what_passes_on_is_said_before_somebody_leaves(people: dict[str, Visitor]) -> None:
    head, address = people["head"], f"/console/company/staff/{BORIS}"
    page = head.get(address)
    (link,) = [each for each in page.links if each.startswith("/console/do/depart-staff")]
    (holds,) = head.api(f"/holdings?ids={BORIS}")["items"]
    form = head.get(link)
    assert holds["clients"] > 0
    assert f"{holds['clients']} client" in form.text
    assert f"{holds['deals']} open deal" in form.text
    assert f"{holds['activities']} planned activit" in form.text
    after = head.does(form.form("/console/do/depart-staff"), successor_id=str(ANNA), reason="moved")
    assert "left" in after.main.findtext(".//h1/span", "")
    assert [each for each in after.links if each.startswith("/console/do/")] == []


def test_who_is_moved_is_where_the_form_says_and_nowhere_else(people: dict[str, Visitor]) -> None:
    admin, address = people["admin"], f"/console/company/staff/{demo_id('vera')}"
    admin.does(admin.get("/console/do/open-team").form("/console/do/open-team"), name="Key accounts")
    units = {one["name"]: one["unit_id"] for one in admin.api("/units")["items"]}
    (link,) = [each for each in admin.get(address).links if each.startswith("/console/do/move-staff")]
    form = admin.get(link).form("/console/do/move-staff")
    assert form.values["branch_id"] == units["Север"]
    admin.does(form, team_id=units["Key accounts"], branch_id="")
    member = admin.api(f"/staff/{demo_id('vera')}")
    assert (member["team"], member["branch"], member["head_id"]) == ("Key accounts", None, str(demo_id("head")))


def test_prices_are_listed_by_quantity_published_and_shown_as_they_were(people: dict[str, Visitor]) -> None:
    admin = people["admin"]
    opened = admin.get("/console/do/open-price-book").form("/console/do/open-price-book")
    book = admin.does(opened, name="Retail", tax_mode="included")
    address = next(each for each in book.links if each.startswith("/console/do/list-price"))
    typed = {"from_day": "2026-01-01", "product_code": "scales", "tiers.0.price.amount": "1 200,50"}
    refused = admin.send(admin.get(address).form("/console/do/list-price"), **typed, **{"tiers.1.from_quantity": "10"})
    assert refused.status_code == 422, "a quantity without a price is not left out in silence"
    more = {"tiers.1.from_quantity": "10", "tiers.1.price.amount": "1100"}
    listed = admin.does(admin.get(address).form("/console/do/list-price"), **typed, **more)
    (row,) = rows(listed)
    assert row[0] == "Весы платформенные"
    assert ("1,200.50" in row[2], "from 10" in row[2], "1,100" in row[2]) == (True, True, True)
    publish = next(each for each in listed.links if each.startswith("/console/do/publish-price-book"))
    admin.does(admin.get(publish).form("/console/do/publish-price-book"), takes_effect_on="2026-01-01")
    admin.does(admin.get(address).form("/console/do/list-price"), **{**typed, "tiers.0.price.amount": "1300"})
    (one,) = [each for each in admin.api("/price-books")["items"] if each["name"] == "Retail"]
    page = f"/console/company/prices/{one['book_id']}"
    assert "1,300" in rows(admin.get(page))[0][2]
    assert rows(admin.get(f"{page}?edition=1"))[0][2] == row[2]


def test_a_pipeline_has_the_stages_that_were_typed(people: dict[str, Visitor]) -> None:
    admin = people["admin"]
    form = admin.get("/console/do/define-pipeline?to=/console/company/pipelines").form("/console/do/define-pipeline")
    typed = {"name": "Service", "stages.0.name": "Asked", "stages.0.code": "asked", "stages.1.name": "Agreed"}
    refused = admin.send(form, **typed)
    assert refused.status_code == 422, "a stage without a code is not left out in silence"
    page = admin.does(form, **typed, **{"stages.1.code": "agreed", "stages.1.probability": "50"})
    (road,) = [one for one in admin.api("/pipelines")["items"] if one["name"] == "Service"]
    assert [(one["code"], one["probability"]) for one in road["stages"]] == [("asked", 0), ("agreed", 50)]
    assert [row[:3] for row in rows(page, 1)] == [["Asked", "asked", "0 %"], ["Agreed", "agreed", "50 %"]]
    revise = next(each for each in page.links if "revise-stage" in each and "asked" in each)
    admin.does(admin.get(revise).form("/console/do/revise-stage"), **{"stage.name": "Asked for"})
    history = admin.get(f"/console/company/pipelines/{road['pipeline_id']}/history")
    assert "Asked for" in history.text
    assert "Asked: asked; Agreed: agreed (probability: 50)" in history.text


def test_what_is_retired_stays_in_sight_and_is_brought_back(people: dict[str, Visitor]) -> None:
    admin, address = people["admin"], "/console/company/pipelines"
    deals = {one["deal_id"]: one["stage"] for one in admin.api("/deals?status=open")["items"]}
    for what in ("retire-pipeline", "retire-stage"):
        link = next(each for each in admin.get(address).links if each.startswith(f"/console/do/{what}"))
        page = admin.does(admin.get(link).form(f"/console/do/{what}"))
        assert "retired" in page.text
        page = admin.does(page.form(f"/console/do/{what.replace('retire', 'restore')}"))
        assert "retired" not in page.text
    assert {one["deal_id"]: one["stage"] for one in admin.api("/deals?status=open")["items"]} == deals


def test_nobody_is_offered_to_shut_themselves_out(people: dict[str, Visitor]) -> None:
    admin = people["admin"]
    own, other = (admin.get(f"/console/company/staff/{who}").links for who in (ADMIN_ID, ANNA))
    ending = ("change-staff-role", "depart-staff", "suspend-staff")
    assert not [each for each in own if each.startswith(tuple(f"/console/do/{one}" for one in ending))]
    assert all(any(each.startswith(f"/console/do/{one}") for each in other) for one in ending)


def test_who_left_is_offered_to_nobody_as_a_successor(people: dict[str, Visitor]) -> None:
    head = people["head"]
    form = head.get(f"/console/do/depart-staff?staff_id={ANNA}")
    (choice,) = [each for each in form.main.iter("select") if each.get("name") == "successor_id"]
    offered = {each.get("value") for each in choice.iter("option")}
    working = {one["staff_id"] for one in head.api("/staff?active=true")["items"] if one["role"] in {"seller", "head"}}
    assert offered == {"", *working} - {str(ANNA)}
    assert str(BORIS) not in working


def test_a_history_is_of_the_house_and_of_nobody_else(people: dict[str, Visitor]) -> None:
    admin = people["admin"]
    entries = admin.api(f"/streams/{ANNA}/history")["items"]
    assert [one["topic"] for one in entries][:1] == ["staff.hired"]
    first = admin.api(f"/streams/{demo_id('pipeline')}/history?limit=1")
    assert len(first["items"]) == 1
    for other in (demo_id("romashka"), demo_id("no such thing")):
        assert admin.client.get(f"/streams/{other}/history", headers=bearer(admin)).status_code == 404
    assert "Staff member hired" in admin.get(f"/console/company/staff/{ANNA}").text


def bearer(visitor: Visitor) -> dict[str, str]:
    return {"Authorization": f"Bearer {visitor.token}"}


@pytest.mark.parametrize("tab", ["staff", "units", "pipelines", "products", "keys"])
def test_in_the_past_nothing_is_done(people: dict[str, Visitor], tab: str) -> None:
    admin = people["admin"]
    now, then = (admin.get(f"/console/company/{tab}{query}") for query in ("", "?as_of=2026-06-30"))
    assert then.status == 200
    assert [each for each in then.links if each.startswith("/console/do/")] == []
    assert tab == "keys" or [each for each in now.links if each.startswith("/console/do/")]
    assert "As it stood at the end of" in then.text


def test_rights_are_told_and_granted_role_by_role(people: dict[str, Visitor]) -> None:
    admin = people["admin"]
    page = admin.get("/console/company/rights")
    link = next(each for each in page.links if "grant-scope" in each and "marketer" in each and "deals" in each)
    admin.does(admin.get(link).form("/console/do/grant-scope"), scope="none")
    # It holds from one second later.
    deadline = time.monotonic() + 10
    while True:
        rights = {one["role"]: one for one in admin.api("/rights")["items"]}
        if rights["marketer"]["scopes"]["deals"] == "none" or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert rights["marketer"]["scopes"]["deals"] == "none"
    assert not any(f"role={role}" in each for each in page.links for role in ("analyst", "admin"))
    assert (rights["admin"]["is_fixed"], rights["seller"]["is_fixed"]) == (True, False)


def test_the_status_is_said_in_words(people: dict[str, Visitor]) -> None:
    ops = people["ops"]
    page = ops.get("/console/status")
    states = {row[0]: row[1] for row in rows(page)}
    assert {states[name] for name in ("Log", "Projections", "Automatic rules", "Clock", "Disk")} == {"in order"}
    assert states["Backups"] == "to look at", "nobody has said where they go"
    assert "It works, but look at: Backups" in page.text
    standing = ops.api("/status")
    assert f"Facts{standing['log']['position']} The last one" in page.text
    assert 0 < standing["log"]["in_hour"] <= standing["log"]["position"]
    assert people["analyst"].get("/console/status").status == 403


def test_the_doctor_says_the_same_in_the_page_as_to_a_program(people: dict[str, Visitor]) -> None:
    ops = people["ops"]
    found: list[dict[str, Any]] = ops.api("/doctor")["items"]
    assert {one["state"] for one in found if one["check"] in {"postgres", "migrations", "positions"}} == {"ok"}
    page = ops.get("/console/status/doctor")
    said = ["".join(each.itertext()) for each in page.main.findall(".//summary/span[@class='what']")]
    assert sorted(said) == sorted(one["what"] for one in found)
