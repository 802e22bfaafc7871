"""The feed over HTTP: pages of CloudEvents, who may read them, and what cannot be asked."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from infra.log.tail import Tail
from read_api.reading.errors import TooManyStreamsError
from read_api.reading.feed import Feed, Page
from tests.read_api.office import Office

BATCH = "application/cloudevents-batch+json"


@pytest.fixture(scope="module")
def recorded(desk: Office) -> Office:
    desk.record(3)
    desk.record(4, "deal.won")
    desk.record(7)
    return desk


def positions(answer: object) -> list[int]:
    return [event["position"] for event in answer.json()]  # type: ignore[attr-defined]


def test_a_page_is_a_batch_of_cloud_events_and_links_to_the_next(recorded: Office) -> None:
    answer = recorded.get("/events?limit=4", role="auditor")
    assert (answer.status_code, answer.headers["content-type"]) == (200, BATCH)
    assert (answer.headers["letopis-position"], answer.headers["letopis-head"]) == ("4", "7")
    assert answer.headers["link"] == '</events?after=4&limit=4>; rel="next"'
    event = answer.json()[3]
    assert {name: event[name] for name in ("specversion", "source", "type", "position", "streamversion", "actor")} == {
        "specversion": "1.0",
        "source": "urn:letopis:log",
        "type": "deal.won",
        "position": 4,
        "streamversion": 1,
        "actor": "x",
    }
    assert event["data"] == {}
    assert event["datacontenttype"] == "application/json"
    assert all(name.isalnum() and name.islower() for name in event)
    assert positions(recorded.get("/events?after=4", role="auditor")) == [5, 6, 7]


def test_the_link_leads_through_the_log_and_then_stays_at_its_end(recorded: Office) -> None:
    seen, path = [], "/events?limit=3"
    for _ in range(4):
        answer = recorded.get(path, role="integration")
        seen.append(positions(answer))
        path = answer.links["next"]["url"]
    assert seen == [[1, 2, 3], [4, 5, 6], [7], []]


def test_of_one_topic_only_its_events_are_told_and_how_far_was_examined(recorded: Office) -> None:
    answer = recorded.get("/events?topic=deal.won&topic=deal.lost", role="ops")
    assert positions(answer) == [4]
    assert answer.headers["letopis-position"] == "7"
    assert answer.links["next"]["url"] == "/events?after=7&limit=100&topic=deal.won&topic=deal.lost"


@pytest.mark.parametrize(
    ("role", "status"),
    [
        *((role, 200) for role in ("auditor", "ops", "integration", "admin", "analyst")),
        *((role, 403) for role in ("seller", "head", "operator")),
    ],
)
def test_only_some_roles_read_the_events(recorded: Office, role: str, status: int) -> None:
    assert recorded.get("/events", role=role).status_code == status


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("after=8", "/after", "beyond-the-log"),
        ("after=-1", "/after", "too-small"),
        ("limit=0", "/limit", "too-small"),
        ("topic=deal.one", "/topic", "not-in-list"),
        ("after=1&after=2", "/after", "given-twice"),
        ("min_position=8", "/min_position", "beyond-the-log"),
        ("from=1", "/from", "unknown-parameter"),
    ],
)
def test_what_cannot_be_asked_is_pointed_at(recorded: Office, query: str, pointer: str, code: str) -> None:
    answer = recorded.get(f"/events?{query}", role="auditor")
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


def test_a_form_we_do_not_have_is_refused(recorded: Office) -> None:
    answer = recorded.get("/events", role="auditor", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["needed"]) == (406, [BATCH, "text/event-stream"])


def test_a_page_that_the_caller_has_is_not_sent_again(recorded: Office) -> None:
    etag = recorded.get("/events?limit=4", role="auditor").headers["etag"]
    again = recorded.get("/events?limit=4", role="auditor", headers={"If-None-Match": etag})
    assert (again.status_code, again.headers["letopis-position"]) == (304, "4")
    assert again.links["next"]["url"] == "/events?after=4&limit=4"


def test_a_stream_that_goes_on_where_the_log_does_not_reach_is_refused(recorded: Office) -> None:
    headers = {"Accept": "text/event-stream", "Last-Event-ID": "99"}
    answer = recorded.get("/events", role="auditor", headers=headers)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/Last-Event-ID"]


def test_one_caller_may_have_a_fifth_of_the_streams() -> None:
    feed = replace(_feed(), limit=10)

    async def go() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(2):
                feed.require_room("anna")
                await stack.enter_async_context(feed.followed_by("anna"))
            with pytest.raises(TooManyStreamsError) as refused:
                feed.require_room("anna")
            assert refused.value.facts["limit"] == 2
            feed.require_room("boris")
        feed.require_room("anna")
        assert not feed.callers

    asyncio.run(go())


def _feed() -> Feed:
    async def read(**_how: object) -> Page:
        raise AssertionError("nothing is read")

    return Feed(read=read, topics=frozenset(), tail=Tail("postgresql://nobody@127.0.0.1:1/nothing"))
