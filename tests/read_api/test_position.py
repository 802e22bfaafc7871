"""How far there is something new for somebody: of what is theirs to see, and silent about all else."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.read_api.office import Office, activity, client, deal, nth, staff
from tests.read_api.test_my_changes import STREAM, happen, told

ANNA, BORIS, VERA = nth(1), nth(2), nth(3)
HERS, HIS, NOBODYS, PERSON = nth(11), nth(12), nth(13), nth(14)
HER_DEAL, HIS_DEAL, DEAL_WITH_HERS = nth(21), nth(22), nth(23)
HIS_CALL, TAKES_PART = nth(31), nth(32)


@pytest.fixture(scope="module")
def company(desk: Office) -> Office:
    """Anna and Boris, who see their own; Vera is everybody's operator."""
    desk.put("staff_directory", staff(1, "Anna"), staff(2, "Boris"), staff(3, "Vera"))
    desk.put(
        "client_card",
        client(11, "Hers", owner_id=ANNA),
        client(12, "His", owner_id=BORIS),
        client(13, "Nobody's"),
        client(14, "A person who acts for his"),
    )
    acts = {"organisation_id": HIS, "person_id": PERSON, "role": "director", "is_active": True, "position": 1}
    desk.put("contact_persons", acts)
    desk.put(
        "pipeline_board",
        deal(21, seller_id=ANNA),
        deal(22, seller_id=BORIS),
        deal(23, seller_id=BORIS, client_id=HERS),
    )
    desk.put("activities", activity(31, staff_id=BORIS), activity(32, staff_id=BORIS, participant_staff_ids=[ANNA]))
    return desk


def heard(office: Office, topic: str, about: UUID, *parties: UUID, body: Any = None) -> set[str]:
    """Record a fact, and return who of the three hears of it."""
    position = happen(office, topic, about, *parties, body=body)
    who = {"Anna": (ANNA, "seller"), "Boris": (BORIS, "seller"), "Vera": (VERA, "operator")}
    answers = {
        name: office.get(f"/position?after={position - 1}", role=role, staff=each).json()
        for name, (each, role) in who.items()
    }
    assert {answer["examined"] for answer in answers.values()} == {position}
    assert {answer["position"] for answer in answers.values()} <= {position, None}
    return {name for name, answer in answers.items() if answer["position"] is not None}


@pytest.mark.parametrize(
    ("topic", "about", "parties", "hear"),
    [
        ("client.renamed", HERS, [HERS], {"Anna", "Vera"}),
        ("client.renamed", HIS, [HIS], {"Boris", "Vera"}),
        ("client.renamed", NOBODYS, [NOBODYS], {"Anna", "Boris", "Vera"}),
        ("client.renamed", PERSON, [PERSON], {"Boris", "Vera"}),
        ("deal.moved", HER_DEAL, [], {"Anna", "Vera"}),
        ("deal.moved", HIS_DEAL, [], {"Boris", "Vera"}),
        ("deal.moved", DEAL_WITH_HERS, [], {"Anna", "Boris", "Vera"}),
        ("activity.held", HIS_CALL, [], {"Boris", "Vera"}),
        ("activity.held", TAKES_PART, [], {"Anna", "Boris", "Vera"}),
        ("pipeline.renamed", nth(41), [], {"Anna", "Boris", "Vera"}),
        ("api_key.revoked", nth(42), [], {"Vera"}),
    ],
)
def test_of_what_somebody_does_not_see_they_hear_nothing(
    company: Office, topic: str, about: UUID, parties: list[UUID], hear: set[str]
) -> None:
    assert heard(company, topic, about, *parties) == hear


def test_who_is_named_hears_of_it_before_any_view_knows(company: Office) -> None:
    assert heard(company, "client.claimed", nth(99), nth(99), body={"owner_id": str(ANNA)}) == {"Anna", "Vera"}
    assert heard(company, "client.registered", nth(98), nth(98)) == {"Vera"}


def test_who_sees_nobody_hears_of_what_everybody_may_ask_about(company: Office) -> None:
    at = happen(company, "deal.moved", HER_DEAL) - 1
    told = company.get(f"/position?after={at}", role="ops", staff="robot").json()
    assert (told["position"], told["examined"]) == (None, at + 1)
    at = happen(company, "product.renamed", nth(51))
    assert company.get(f"/position?after={at - 1}", role="ops", staff="robot").json()["position"] == at


def test_many_facts_are_told_as_one_position(company: Office) -> None:
    first = happen(company, "deal.moved", HER_DEAL)
    last = happen(company, "client.renamed", HERS, HERS)
    end = happen(company, "deal.moved", HIS_DEAL)
    told = company.get(f"/position?after={first - 1}", role="seller", staff=ANNA)
    assert told.json() == {"position": last, "examined": end, "head": end}
    assert told.headers["letopis-position"] == str(end)
    assert company.get("/position", role="seller", staff=ANNA).json()["position"] is None
    assert company.get("/position?after=999999", role="seller", staff=ANNA).status_code == 422


def test_a_stream_tells_positions_and_counts_among_those_of_the_events(company: Office) -> None:
    was = happen(company, "deal.moved", HER_DEAL)
    followed: list[int] = []

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=company.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as caller:

            async def come() -> None:
                await asyncio.sleep(0.3)
                followed.append(company.desk.feed.callers[str(ANNA)])
                await asyncio.to_thread(happen, company, "deal.moved", HIS_DEAL)
                followed.append(await asyncio.to_thread(happen, company, "deal.moved", HER_DEAL))

            others = asyncio.create_task(come())
            headers = {**STREAM, "Authorization": f"Bearer seller/{ANNA}"}
            answer = await caller.get(f"/position?after={was - 1}", headers=headers)
            await others
            return answer

    answer = company.runner.run(go())
    messages = told(answer.text)
    assert followed[0] == 1
    assert [data["position"] for name, data in messages if name == "message"] == [was, followed[1]]
    assert messages[-1] == ("end", {"reason": "time-is-over"})
