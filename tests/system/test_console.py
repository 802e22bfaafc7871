"""The console as each role sees it, without JavaScript: what it shows, what it lets them do, and who is let in."""

import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID
from xml.etree.ElementTree import Element, tostring

import html5lib
import httpx
import pytest

from app.composition.reading import time_machine_at
from app.demo.company import ADMIN_ID, demo_id
from infra.log.past_log import AsOf
from infra.postgres.embedded import EmbeddedPostgres
from read_api.client_card import CARD
from read_api.reading.past import TimeMachine, rows_then
from tests.database import MASTER, Database
from tests.system.conftest import company_of
from tests.system.jobs import Operations
from tests.system.service import Service, environment, letopis, sound_service, token
from tests.system.strange_words import strangely
from tests.system.visitors import SAME_ORIGIN, Form, Seen, Visitor, query_of, shape_of

PEOPLE = {
    "seller": demo_id("anna"),
    "head": demo_id("head"),
    "operator": demo_id("vera"),
    "admin": ADMIN_ID,
    "marketer": "marketing",
    "service_agent": "service",
    "analyst": "analyst",
    "auditor": "auditor",
    "ops": "ops",
    "integration": "program",
}
ROMASHKA, PETR = demo_id("romashka"), demo_id("petr")

TYPED = {
    "due_at": "2030-01-01T10:00",
    "contact_points.0.value": "+7 495 000-00-{n}",
    "point.value": "+7 495 000-01-{n}",
    "events": "{n}",
    "code": "code-{n}",
    "stage.code": "code-{n}",
    "stages.0.code": "code-{n}",
}
"""What is typed where not every text will do."""

LEAVING = ("Aaron", "Abel")
"""Who is there to be parted with: the first by their names, whom the crawler meets."""

ENDING = {"change-staff-role", "depart-staff", "suspend-staff"}
"""After these somebody may not look any more."""

ALIKE = 2
"""Pages that differ in nothing but ids and words: the crawler looks at so many of them."""


@pytest.fixture(scope="module")
def founded(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Database]]:
    with (
        company_of(cluster, template) as database,
        sound_service(tmp_path_factory.mktemp("console"), database.owner_url) as running,
    ):
        call = {
            "channel": "call",
            "direction": "inbound",
            "staff_id": str(PEOPLE["seller"]),
            "contact_name": "Olga",
        }
        rings = {**call, "contact_data": "+7 495 123-45-67", "client_id": str(ROMASHKA)}
        assert running.post("record-activity", rings, token("pbx", "integration")).status_code == 200
        for name in LEAVING:
            joined = {"name": name, "role": "seller", "head_id": str(PEOPLE["head"])}
            hired = running.post("hire-staff", joined, token(ADMIN_ID, "admin"))
            assert hired.status_code == 200
        yield running, database


Comes = Callable[..., Visitor]


@pytest.fixture(scope="module")
def comes(founded: tuple[Service, Database]) -> Comes:
    """Lets somebody of a role in; who came before is in still."""

    @cache
    def come(role: str, language: str = "en") -> Visitor:
        return Visitor(*founded, PEOPLE[role], role, language)

    return come


def filled(form: Form, number: int) -> Form:
    """Return a form with something in every field that must have something."""
    for name, element in form.required.items():
        if form.values.get(name):
            continue
        if element.tag == "select":
            form.values[name] = next(one.get("value", "") for one in element.iter("option") if one.get("value"))
        elif element.get("type") == "radio":
            form.values[name] = element.get("value", "")
        else:
            form.values[name] = TYPED.get(name, "Some words").format(n=f"{number:02d}")
    return form


def test_who_is_not_in_is_sent_to_where_one_comes_in_and_goes_on_from_there(founded: tuple[Service, Database]) -> None:
    running, _ = founded
    answer = httpx.get(f"{running.address}/console/clients?q=romashka")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/console/enter?to=/console/clients%3Fq%3Dromashka",
    )
    page = Seen(httpx.get(running.address + answer.headers["location"]))
    assert "Open the link that Letopis prints" in page.text


def test_a_link_lets_in_once_and_its_cookie_is_for_this_site_alone(founded: tuple[Service, Database]) -> None:
    running, database = founded
    visitor = Visitor(running, database, PEOPLE["seller"], "seller")
    cookie = visitor.entered.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Max-Age=43200", "Path=/console"} <= set(cookie.split("; "))
    stranger = httpx.Client(base_url=running.address, headers=SAME_ORIGIN)
    again = stranger.post("/console/enter", data={"key": visitor.link.partition("key=")[2]})
    assert (again.status_code, "set-cookie" in again.headers) == (403, False)
    assert stranger.get("/console/my-day").status_code == 303


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {}])
def test_a_form_of_another_site_does_nothing(comes: Comes, headers: dict[str, str]) -> None:
    visitor = comes("seller")
    before = visitor.api(f"/clients/{PETR}")
    form = visitor.get(f"/console/do/note-client?client_id={PETR}").form("/console/do/note-client")
    sent = httpx.post(
        visitor.running.address + form.action,
        data={**form.values, "text": "x"},
        cookies=dict(visitor.client.cookies),
        headers={"Origin": "https://evil.example", **headers},
    )
    assert sent.status_code == 403
    assert "Nothing was done" in Seen(sent).text
    assert visitor.api(f"/clients/{PETR}") == before


def test_nor_does_a_form_without_the_word_of_the_session(comes: Comes) -> None:
    form = comes("seller").get(f"/console/do/note-client?client_id={PETR}").form("/console/do/note-client")
    assert comes("seller").send(form, word="", text="x").status_code == 403
    assert (
        comes("seller")
        .send(form, word=comes("head").get("/console/clients").form("/console/leave").values["word"])
        .status_code
        == 403
    )


def test_whoever_leaves_is_out_and_so_is_their_cookie(founded: tuple[Service, Database]) -> None:
    visitor = Visitor(*founded, PEOPLE["seller"], "seller")
    kept = dict(visitor.client.cookies)
    answer = visitor.send(visitor.get("/console/my-day").form("/console/leave"))
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert httpx.get(f"{visitor.running.address}/console/my-day", cookies=kept).status_code == 303


def test_a_page_runs_nothing_but_its_own(comes: Comes) -> None:
    page = comes("seller").get("/console/my-day")
    policy = page.answer.headers.get_list("content-security-policy")
    assert len(policy) == 1
    scripts = list(page.root.iter("script"))
    assert scripts
    for script in scripts:
        assert f"script-src 'nonce-{script.attrib['nonce']}'" in policy[0]
        assert not "".join(script.itertext())
    assert "unsafe" not in policy[0]
    assert "style=" not in page.html
    assert page.answer.headers["cache-control"] == "no-store"
    assert comes("seller").get("/console/my-day").answer.headers["content-security-policy"] != policy[0]


def test_what_was_done_is_seen_at_once_and_done_once(comes: Comes) -> None:
    visitor = comes("seller")
    form = visitor.get(f"/console/do/note-client?client_id={PETR}&to=/console/clients/{PETR}").form(
        "/console/do/note-client"
    )
    for _ in range(2):
        card = visitor.does(form, text="Prefers tea")
        assert card.text.count("Prefers tea") == 2, "among the notes and in the story, once each"


def test_what_is_answered_once_more_hides_nothing_that_was_done_since(comes: Comes) -> None:
    visitor = comes("seller")
    address = f"/console/do/note-client?client_id={PETR}&to=/console/clients/{PETR}"
    first, second = (visitor.get(address).form("/console/do/note-client") for _ in range(2))
    for form, text in ((first, "The first"), (second, "The second")):
        visitor.send(form, text=text)
    seen = int(visitor.client.cookies["letopis-seen"])
    visitor.send(first, text="The first")
    assert int(visitor.client.cookies["letopis-seen"]) == seen
    # Another tab has the same cookies, and a page that hears of a position says so.
    with httpx.Client(base_url=visitor.running.address, cookies=dict(visitor.client.cookies)) as tab:
        assert "The second" in tab.get(f"/console/clients/{PETR}").text
        page = tab.get(f"/console/clients/{PETR}", headers={"Letopis-Position": str(seen)})
        assert int(page.headers["letopis-position"]) >= seen
        assert tab.get(f"/console/clients/{PETR}", headers={"Letopis-Position": str(seen + 99)}).status_code == 422


def test_a_refusal_is_told_in_the_words_of_the_api_and_nothing_typed_is_lost(comes: Comes) -> None:
    visitor = comes("seller", "ru")
    form = visitor.get(f"/console/do/record-activity?client_id={ROMASHKA}").form("/console/do/record-activity")
    page = visitor.does(form, channel="meeting", direction="outbound", topic="Весы")
    assert page.status == 422
    assert "Итог" in page.text
    assert page.form("/console/do/record-activity").values["topic"] == "Весы"
    assert page.form("/console/do/record-activity").values["key"] == form.values["key"]
    wrong = [each for each in page.main.iter("p") if each.get("class") == "wrong"]
    assert wrong, page.text


def test_whose_a_client_is_is_told_to_who_is_too_late(comes: Comes) -> None:
    seller = comes("seller")
    form = Form("/console/do/claim-client", "post", {
        **seller.get(f"/console/do/note-client?client_id={PETR}").form("/console/do/note-client").values,
        "client_id": str(demo_id("vector")),
    })  # fmt: skip
    page = seller.does(form)
    assert page.status == 409
    assert "Борис Громов" in page.text


def test_who_was_slower_is_told_so_and_may_send_it_all_the_same(comes: Comes) -> None:
    seller = comes("seller")
    card = f"/console/do/correct-profile?client_id={ROMASHKA}&version="
    form = seller.get(card + str(seller.api(f"/clients/{ROMASHKA}")["version"])).form("/console/do/correct-profile")
    operator = comes("operator")
    now = operator.get(card + form.values["version"]).form("/console/do/correct-profile")
    assert operator.send(now, field="director", value="Olga", confidence="verified").status_code == 303
    page = seller.does(form, field="sector", value="tea", confidence="stated")
    assert page.status == 412
    assert "Somebody changed it meanwhile" in page.text
    again = page.form("/console/do/correct-profile")
    assert again.values["value"] == "tea"
    assert seller.send(again).status_code == 303


def test_a_phone_is_found_and_stays_out_of_the_address(comes: Comes) -> None:
    visitor = comes("seller")
    form = visitor.get("/console/my-day").form("/console/clients")
    found = visitor.send(form, q="8 (495) 123-45-67")
    assert found.status_code == 200
    assert "ООО «Ромашка»" in Seen(found).text
    named = visitor.send(form, q="ромашка")
    assert named.headers["location"] == "/console/clients?q=%D1%80%D0%BE%D0%BC%D0%B0%D1%88%D0%BA%D0%B0"


@pytest.mark.parametrize(("typed", "marked"), [("ромаш", "Ромаш"), ("romashka", "Ромашка"), ("рамашка", "Ромашка")])
def test_what_was_found_in_a_name_is_marked(comes: Comes, typed: str, marked: str) -> None:
    page = comes("seller").get(f"/console/clients?q={quote(typed)}")
    assert texts(page.root, ".//th//mark") == [marked]
    assert "ООО «Ромашка»" in page.text


def texts(root: Element, path: str) -> list[str]:
    """Return what elements say, without the space around it."""
    return [re.sub(r"\s+", " ", "".join(each.itertext())).strip() for each in root.findall(path)]


def as_printed(machine: TimeMachine, client_id: UUID, by: str, moment: str) -> dict[str, Any]:
    """Return what `letopis client as-of --json` prints."""
    then_at = datetime.fromisoformat(moment)
    as_of = AsOf(recorded=then_at) if by == "recorded" else AsOf(occurred=then_at)
    with machine.looking(as_of, client_id) as then:
        [(text, _)] = rows_then(then, CARD, {"client_id": client_id})
    return dict(json.loads(text))


def ticks_of(page: Seen) -> list[Element]:
    """Return what stands for a moment each on the strip of a card."""
    strip = page.root.find(".//time-slider")
    assert strip is not None
    return [each for each in strip.iter() if "data-to" in each.attrib]


def test_at_every_fact_the_card_is_what_the_api_says_of_that_moment(
    comes: Comes, founded: tuple[Service, Database]
) -> None:
    """And what the command line prints."""
    visitor = comes("seller")
    machine = time_machine_at(founded[1].projector_url, MASTER, sessions=1, seconds=60)
    stages = visitor.api("/labels")["lists"]["lifecycle"]
    names = {one["staff_id"]: one["name"] for one in visitor.api("/staff?limit=200")["items"]}
    for by, client in product(("recorded", "occurred"), (ROMASHKA, PETR)):
        address = f"/console/clients/{client}"
        facts = visitor.api(f"/clients/{client}/changes?by={by}")["items"]
        moments = list(dict.fromkeys(fact[f"{by}_at"] for fact in facts))
        assert len(moments) > 2 or client == PETR
        page = visitor.get(f"{address}?by={by}")
        ticks = ticks_of(page)
        assert [query_of(each.attrib["data-to"]) for each in ticks] == [{"by": by, "as_of": at} for at in moments]
        assert ticks[-1].attrib["data-told"].endswith(f", fact {len(facts)} of {len(facts)}")
        for place, tick in enumerate(ticks):
            page = visitor.get(tick.attrib["data-to"])
            assert visitor.get(tick.attrib["data-to"].replace("?", "/story?")).status == 200
            then = page.main.find(".//*[@id='then']")
            assert then is not None
            asked = quote(f"{by}:{moments[place]}")
            card = visitor.api(f"/clients/{client}?as_of={asked}&include=deals,notes")
            printed = as_printed(machine, client, by, moments[place])
            assert {name: card[name] for name in printed} == printed, (by, place)
            owner = names.get(card["owner_id"], "Nobody")
            said = texts(then, ".//p[@class='owner']")[0]
            assert said.startswith(owner), (by, place)
            assert said.endswith(stages[card["lifecycle"]]["en"].capitalize())
            assert texts(then, ".//h1")[0].startswith(card["name"])
            known = texts(then, ".//dd")
            for one in (*card["contact_points"], *card["profile"].values()):
                assert any(each.startswith(one["value"]) for each in known)
            assert len(texts(then, ".//ul[@class='plain deals']/li")) == len(card["deals"]["items"])
            shown = [each.partition(",")[0] for each in texts(then, ".//ul[@class='plain notes']/li/p[@class='soft']")]
            assert shown == [names[note["author"]] for note in card["notes"] if note["text"]]
            touches = card["touch_count"]
            assert f"{touches} touch{'' if touches == 1 else 'es'}" in texts(then, ".//h2[@id='story-title']")[0]
            changed = [fact["changes"] for fact in facts if fact[f"{by}_at"] == moments[place]]
            if card["owner_id"] and any("owner_id" in each for each in changed):
                assert any(each.startswith(owner) for each in texts(then, ".//dl/div/dd/ins"))
            steps = {each.get("data-step"): each.get("href") for each in page.root.iter("a") if each.get("data-step")}
            assert steps["earlier"] == (ticks[place - 1].attrib["data-to"] if place else None)
            assert steps["later"] == (ticks[place + 1].attrib["data-to"] if place + 1 < len(ticks) else None)
            assert not any(form.command for form in page.forms), "nothing is done in the past"


def test_the_command_line_prints_the_card_of_the_page(
    comes: Comes, founded: tuple[Service, Database], tmp_path: Path
) -> None:
    visitor = comes("seller")
    for by, client in (("recorded", ROMASHKA), ("occurred", PETR)):
        moments = [fact[f"{by}_at"] for fact in visitor.api(f"/clients/{client}/changes?by={by}")["items"]]
        then = moments[len(moments) // 2]
        command = letopis("client", "as-of", str(client), f"--{by}", then, "--json")
        # The service writes its own folder; this one needs the database and its key.
        env = environment(tmp_path, founded[1].owner_url)
        printed = json.loads(subprocess.run(command, env=env, capture_output=True, check=True).stdout)
        card = visitor.api(f"/clients/{client}?as_of={quote(f'{by}:{then}')}")
        assert {name: card[name] for name in printed} == printed, by
        page = visitor.get(f"/console/clients/{client}?by={by}&as_of={quote(then)}")
        assert texts(page.main, ".//h1")[0].startswith(printed["name"])


def test_a_step_is_the_card_of_the_page(comes: Comes) -> None:
    visitor = comes("seller")
    for by, client in product(("recorded", "occurred"), (ROMASHKA, PETR)):
        page = visitor.get(f"/console/clients/{client}?by={by}")
        addresses = [each.attrib["data-to"] for each in ticks_of(page)]
        for address in (*addresses, *reversed(addresses)):
            whole = visitor.get(address)
            then = whole.main.find(".//*[@id='then']")
            assert then is not None
            step = visitor.client.get(address, headers={"HX-Request": "true"})
            (alone,) = html5lib.parseFragment(step.text.strip(), namespaceHTMLElements=False)
            nonces = ({each.attrib.pop("hx-nonce", None) for each in root.iter()} for root in (then, alone))
            assert all(len(each) <= 2 for each in nonces)
            for root in (then, alone):
                # When it was printed stands there to the minute.
                for printed in root.findall(".//p[@class='printed']"):
                    printed.clear()
            assert tostring(alone).strip() == tostring(then).strip(), address
    gone = visitor.client.get(f"/console/clients/{PETR}?as_of=1999-12-31", headers={"HX-Request": "true"})
    assert (gone.status_code, gone.text.strip()[:15]) == (404, '<div id="then">')


def test_a_day_is_its_end_and_before_the_first_one_there_is_no_card_yet(comes: Comes) -> None:
    visitor = comes("seller", "ru")
    page = visitor.get(f"/console/clients/{PETR}?by=recorded")
    form = next(form for form in page.forms if "as_of" in form.values)
    today = visitor.does(form, by="occurred")
    assert (today.status, any(form.command for form in today.forms)) == (200, True), "today has not ended: it is now"
    form = next(form for form in today.forms if "as_of" in form.values)
    first = next(each.attrib["data-day"] for each in today.root.iter() if "data-day" in each.attrib)
    day = visitor.does(form, as_of=first)
    assert "Что произошло к" in day.text
    assert f"/console/clients/{PETR}" in day.links
    assert not any(form.command for form in day.forms)
    before = visitor.does(form, as_of="1999-12-31")
    assert (before.status, texts(before.main, ".//h1")) == (404, ["Карточки ещё не было."])
    for wrong in ("as_of=yesterday", "as_of=2026-01-01&by=dreamt"):
        assert visitor.get(f"/console/clients/{PETR}?{wrong}").status == 422


def test_what_there_is_not_has_a_page_that_says_so(comes: Comes) -> None:
    visitor = comes("seller")
    nobody = visitor.get("/console/clients/0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e")
    assert (nobody.status, nobody.main.find("h1").text) == (404, "There is no such client")  # type: ignore[union-attr]
    assert visitor.get("/console/nowhere").status == 404
    assert visitor.get("/console/clients/x").status == 422


def test_one_chooses_language_and_look(comes: Comes) -> None:
    visitor = comes("head")
    form = visitor.get("/console/clients").form("/console/look", language="ru")
    page = visitor.does(form)
    assert page.root.get("lang") == "ru"
    page = visitor.does(page.form("/console/look", theme="dark"))
    assert (page.root.get("lang"), page.root.get("data-theme")) == ("ru", "dark")


def test_files_are_kept_by_the_browser_and_say_what_they_are(comes: Comes) -> None:
    visitor = comes("seller")
    page = visitor.get("/console/my-day")
    files = [each.attrib["src"] for each in page.root.iter("script")]
    files += [each.attrib["href"] for each in page.root.iter("link")]
    for address in files:
        answer = visitor.client.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert visitor.client.get("/console/static/x/../console.css").status_code == 404
    assert visitor.client.get("/console/static/old/console.css").headers["cache-control"] == "no-cache"


def test_what_is_text_goes_packed_to_whoever_takes_that(comes: Comes) -> None:
    visitor = comes("seller")
    style = next(each for each in visitor.get("/console/clients").root.iter("link") if each.get("rel") == "stylesheet")
    for address in ("/console/clients", style.attrib["href"]):
        with visitor.client.stream("GET", address) as answer:
            sent = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            assert "accept-encoding" in answer.headers["vary"].lower()
        plain = visitor.client.get(address, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert len(sent) < len(plain.content) / 3
    font = "/console/static/x/vendor/inter-latin.woff2"
    assert "content-encoding" not in visitor.client.get(font).headers


def test_no_word_is_left_out_of_the_translation(founded: tuple[Service, Database]) -> None:
    """A language that nobody speaks marks what is translated; what is not marked comes from the API, or is a date."""
    met: set[str] = set()
    for role in ("seller", "admin", "analyst", "ops"):
        said, left, looked = strangely(founded[0], token(PEOPLE[role], role)["Authorization"])
        assert said > 100
        assert left == {}, role
        met |= {each.partition("?")[0] for each in looked}
    assert {"/console/company/pipelines/ID/history", "/console/status/doctor", "/console/reports/sales_cycle"} <= met


# It does whatever may be done, so it comes last.
@pytest.mark.parametrize("role", PEOPLE)
def test_whatever_a_page_offers_its_user_may_do(comes: Comes, role: str) -> None:
    visitor = comes(role)
    me = visitor.api("/me")
    may = set(me["commands"])
    seen: dict[str, Seen] = {}
    waiting, looked, sent = ["/console"], Counter[str](), 0
    forms_of_files = set[str]()
    while waiting:
        address = waiting.pop(0)
        if not address.startswith("/console") or looked[shape_of(address)] >= ALIKE:
            continue
        looked[shape_of(address)] += 1
        page = seen[address] = visitor.get(address)
        assert page.status == 200, (address, page.text)
        waiting += page.links
        for file in page.files:
            # A picture is a second's work: one of each kind is looked at.
            if (ending := file.rpartition("format=")[2]) in forms_of_files:
                continue
            forms_of_files.add(ending)
            assert visitor.client.get(file).status_code == 200, (address, file)
        for form in page.forms:
            assert form.command is None or form.command in may, (address, form.action)
            assert form.operation is None or form.operation in me["operations"], (address, form.action)
    offered = {path.removeprefix("/console/do/").partition("?")[0] for path in seen if path.startswith("/console/do/")}
    assert offered <= may
    done = Counter[tuple[str, ...]]()
    forms = ((address, form) for address, page in seen.items() for form in page.forms)
    # What holds a read model up comes last: the other forms show what they did.
    for address, form in sorted(forms, key=lambda each: each[1].operation is not None):
        kind = (form.action, *sorted(form.values))
        done[kind] += 1
        if form.action in {"/console/leave", "/console/look"} or done[kind] > ALIKE:
            continue
        if form.command in ENDING and form.values["staff_id"] in set(map(str, PEOPLE.values())):
            continue
        sent += 1
        answer = visitor.send(filled(form, sent))
        # A rule may forbid it, as it may forbid everybody else; the right to ask is there.
        assert answer.status_code in {200, 303, 409, 412, 422}, (address, form, answer.text)
        if answer.status_code != 303:
            assert Seen(answer).status == answer.status_code
    let_go_on(visitor)
    assert sent or role == "integration"


def let_go_on(visitor: Visitor) -> None:
    """Wait until what operators were asked for is done, and let what they paused go on for who comes after."""
    operations = Operations(visitor.running)
    over = time.monotonic() + 120
    while busy := [job for job in operations.get("/operations/jobs?limit=200").json()["items"] if not job["ended_at"]]:
        assert time.monotonic() < over, busy
        for job in busy:
            # A rebuild that was asked to rest while it was at work would hold up what was asked for after it.
            if job["progress"] is not None and job["progress"]["is_paused"]:
                operations.post("resume", projection=job["about"])
        time.sleep(0.2)
    for build in operations.get("/projections").json()["items"]:
        if build["state"] == "paused":
            operations.done("resume", projection=build["name"])
