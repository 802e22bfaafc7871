"""What changes for a member of the staff: whose it is, where it stands, who may hear it, how a stream ends."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx
import pytest

from read_api.reading.errors import TooManyStreamsError
from tests.read_api.office import Office, activity, client, deal, nth, staff

ANNA, BORIS = nth(1), nth(2)
HER_CLIENT, HIS_CLIENT, HER_DEAL, HIS_DEAL, HER_CALL = nth(11), nth(12), nth(21), nth(22), nth(31)
STREAM = {"Accept": "text/event-stream"}

Told = tuple[str, UUID, int]


@pytest.fixture(scope="module")
def company(desk: Office) -> Office:
    desk.put("staff_directory", staff(1, "Anna"), staff(2, "Boris"))
    desk.put("client_card", client(11, "Hers", owner_id=ANNA), client(12, "His", owner_id=BORIS))
    desk.put("pipeline_board", deal(21, seller_id=ANNA), deal(22, seller_id=BORIS))
    desk.put("activities", activity(31, staff_id=ANNA))
    return desk


def happen(office: Office, topic: str, about: UUID, *parties: UUID, body: Any = None) -> int:
    """Record a fact, and return its position."""
    [(position,)] = office.run(
        "INSERT INTO letopis.event SELECT coalesce(max(position), 0) + 1, gen_random_uuid(), %s,"
        " (SELECT coalesce(max(version), 0) + 1 FROM letopis.event WHERE stream_id = %s), %s, 1, %s, now(), now(), 'x',"
        " gen_random_uuid(), gen_random_uuid(), NULL, %s::json, %s FROM letopis.event RETURNING position",
        [about, about, topic, about, json.dumps(body or {}), list(parties)],
    )
    return int(position)


def page(office: Office, after: int, who: UUID = ANNA, **how: Any) -> list[Told]:
    answer = office.get(f"/my-changes?after={after}", staff=who, **how).json()
    return [(item["kind"], UUID(item["id"]), item["position"]) for item in answer["items"]]


def told(text: str) -> list[tuple[str, Any]]:
    """Return what a stream told: the name of each message and its data."""
    messages = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "data" in lines:
            messages.append((lines.get("event", "message"), json.loads(lines["data"])))
    return messages


def positions(messages: Sequence[tuple[str, Any]]) -> list[int]:
    return [data["position"] for name, data in messages if name == "message"]


def test_what_concerns_somebody_is_told_with_its_place_and_without_data(company: Office) -> None:
    before = company.get("/my-changes", staff=ANNA).json()["head"]
    renamed = happen(company, "client.renamed", HER_CLIENT, HER_CLIENT, body={"sealed": "x"})
    happen(company, "client.renamed", HIS_CLIENT, HIS_CLIENT)
    moved = happen(company, "deal.moved", HER_DEAL)
    happen(company, "deal.moved", HIS_DEAL, HIS_CLIENT)
    held = happen(company, "activity.held", HER_CALL)
    touched = happen(company, "deal.moved", HIS_DEAL, HER_CLIENT)
    taken = happen(company, "client.claimed", nth(13), nth(13), body={"owner_id": str(ANNA)})
    gone = happen(company, "client.transferred", nth(14), body={"from_owner_id": str(ANNA), "to_owner_id": str(BORIS)})
    happen(company, "staff.moved", nth(9), body={"to_head_id": str(ANNA)})
    assert page(company, before) == [
        ("client", HER_CLIENT, renamed),
        ("deal", HER_DEAL, moved),
        ("activity", HER_CALL, held),
        ("deal", HIS_DEAL, touched),
        ("client", nth(13), taken),
        ("client", nth(14), gone),
    ]
    answer = company.get(f"/my-changes?after={before}", staff=ANNA)
    assert answer.json()["examined"] == answer.json()["head"] == int(answer.headers["letopis-position"])
    assert all(set(item) == {"kind", "id", "position"} for item in answer.json()["items"])
    assert "text/event-stream" not in answer.headers["content-type"]
    assert ("client", nth(14), gone) in page(company, before, who=BORIS)


def test_a_thing_is_told_once_a_page_where_it_changed_last(company: Office) -> None:
    first = happen(company, "deal.moved", HER_DEAL)
    called = happen(company, "activity.held", HER_CALL)
    last = happen(company, "deal.moved", HER_DEAL)
    assert page(company, first - 1) == [("activity", HER_CALL, called), ("deal", HER_DEAL, last)]


def test_who_names_no_place_hears_what_comes_from_now_on(company: Office) -> None:
    happen(company, "deal.moved", HER_DEAL)
    assert company.get("/my-changes", staff=ANNA).json()["items"] == []


@pytest.mark.parametrize(
    ("query", "headers", "pointer"),
    [
        ("after=999999", {}, "/after"),
        ("", {**STREAM, "Last-Event-ID": "999999"}, "/Last-Event-ID"),
        ("after=-1", {}, "/after"),
        ("after=1&after=2", {}, "/after"),
        ("whose=1", {}, "/whose"),
    ],
)
def test_what_cannot_be_asked_is_pointed_at(company: Office, query: str, headers: dict[str, str], pointer: str) -> None:
    answer = company.get(f"/my-changes?{query}", staff=ANNA, headers=headers)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (422, [pointer])


def test_who_is_no_staff_member_has_no_changes_of_theirs(company: Office) -> None:
    for answer in (
        company.get("/my-changes", staff="robot"),
        company.send("POST", "/my-changes/ticket", staff="robot"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not-staff")


def test_only_the_front_office_hears_of_its_changes(company: Office) -> None:
    for role in ("analyst", "ops", "integration"):
        assert company.get("/my-changes", role=role, staff=ANNA).status_code == 403
        assert company.send("POST", "/my-changes/ticket", role=role, staff=ANNA).status_code == 403


def streamed(office: Office, query: str = "", *more: Any, **headers: str) -> httpx.Response:
    """Follow the stream to its end, while something else goes on."""

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=office.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as caller:
            others = [asyncio.create_task(each) for each in more]
            answer = await caller.get(f"/my-changes{query}", headers={**STREAM, **headers})
            await asyncio.gather(*others)
            return answer

    return office.runner.run(go())


def as_anna() -> dict[str, str]:
    return {"Authorization": f"Bearer seller/{ANNA}"}


def test_a_stream_tells_what_was_and_what_comes_and_why_it_ends(company: Office) -> None:
    was = happen(company, "deal.moved", HER_DEAL)
    came: list[int] = []

    async def come() -> None:
        await asyncio.sleep(0.3)
        await asyncio.to_thread(happen, company, "client.renamed", HIS_CLIENT, HIS_CLIENT)
        came.append(await asyncio.to_thread(happen, company, "client.renamed", HER_CLIENT, HER_CLIENT))

    answer = streamed(company, f"?after={was - 1}", come(), **as_anna())
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    messages = told(answer.text)
    assert positions(messages) == [was, *came]
    assert messages[-1] == ("end", {"reason": "time-is-over"})
    again = streamed(company, "?after=1", **as_anna(), **{"Last-Event-ID": str(was)})
    assert positions(told(again.text)) == came


def test_a_ticket_lets_in_once_without_a_header(company: Office) -> None:
    was = happen(company, "deal.moved", HER_DEAL)
    given = company.send("POST", "/my-changes/ticket", staff=ANNA)
    assert given.headers["cache-control"] == "no-store"
    ticket = given.json()["ticket"]
    answer = streamed(company, f"?after={was - 1}&ticket={ticket}")
    assert positions(told(answer.text)) == [was]
    for worthless in (ticket, "x", "%F0%9F%92%A9"):
        refused = streamed(company, f"?ticket={worthless}", **{"Accept-Language": "ru"})
        assert (refused.status_code, refused.json()["code"]) == (401, "ticket-not-good")
        assert refused.json()["title"] == "Этот билет недействителен"
    assert streamed(company).status_code == 403


def test_a_ticket_that_is_too_old_lets_nobody_in_and_none_is_kept_for_long(company: Office) -> None:
    ticket = company.send("POST", "/my-changes/ticket", staff=ANNA).json()["ticket"]
    company.run("UPDATE letopis.stream_ticket SET expires_at = now() - interval '1 second'")
    assert streamed(company, f"?ticket={ticket}").status_code == 401
    tickets = [company.send("POST", "/my-changes/ticket", staff=ANNA).json()["ticket"] for _ in range(12)]
    assert company.run("SELECT count(*) FROM letopis.stream_ticket") == [(10,)]
    assert streamed(company, f"?ticket={tickets[1]}").status_code == 401
    assert company.get(f"/my-changes?ticket={tickets[2]}").status_code == 200
    assert ticket.encode() not in repr(company.run("SELECT ticket FROM letopis.stream_ticket")).encode()


def test_a_ticket_lets_in_only_in_the_role_it_was_given_for(company: Office) -> None:
    ticket = company.send("POST", "/my-changes/ticket", staff=ANNA).json()["ticket"]
    company.run("UPDATE letopis.stream_ticket SET role = 'analyst'")
    assert streamed(company, f"?ticket={ticket}").status_code == 403


def test_when_the_service_stops_each_stream_says_so(company: Office) -> None:
    async def stop() -> None:
        await asyncio.sleep(0.3)
        company.desk.feed.tail.end()

    try:
        assert told(streamed(company, "", stop(), **as_anna()).text) == [("end", {"reason": "service-stops"})]
    finally:
        company.desk.feed.tail.is_ending = False


def test_one_caller_may_have_a_fifth_of_the_streams(company: Office) -> None:
    async def go() -> None:
        async with company.desk.signals.followed_by(str(ANNA)), company.desk.signals.followed_by(str(ANNA)):
            company.desk.signals.require_room(str(BORIS))
            with pytest.raises(TooManyStreamsError):
                company.desk.signals.require_room(str(ANNA))

    company.runner.run(go())


def test_followers_at_the_end_of_the_log_share_one_reading(company: Office) -> None:
    was = happen(company, "deal.moved", HER_DEAL)

    async def go() -> None:
        pages = await asyncio.gather(*(company.desk.signals.page(was - 1) for _ in range(20)))
        assert all(each is pages[0] for each in pages)
        at_the_end = await company.desk.signals.page(was)
        assert at_the_end.examined == was

    company.runner.run(go())
    came = happen(company, "deal.moved", HER_DEAL)
    assert page(company, was) == [("deal", HER_DEAL, came)]
