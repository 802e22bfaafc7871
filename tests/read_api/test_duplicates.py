"""Clients who may be one, as they are asked for over HTTP: by whom who sees both, until somebody says they are not."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from events.ids import pair_of
from read_api.duplicates import Candidate as CandidateAnswer
from read_api.duplicates import PairsPage
from read_api.reading.answer import Items
from replay.duplicates.candidates import Candidate
from tests.read_api.office import DAY, Office, client, nth, staff

ANNA, BORIS = nth(91), nth(92)
PHONE = {"phone:+79161234567": {"kind": "phone", "value": "8 916 123-45-67", "key": "+79161234567", "order": 1}}


def found(office: Office, one: int, other: int, score: float, **agreement: str) -> UUID:
    pair_id = pair_of(nth(one), nth(other))
    office.run(
        "INSERT INTO letopis.duplicate_pair VALUES (%s, %s, %s, %s, %s)",
        [pair_id, nth(one), nth(other), score, Jsonb(agreement)],
    )
    return pair_id


def said(office: Office, one: int, other: int, *, apart: bool = True, **more: Any) -> None:
    office.put(
        "client_pairs",
        {
            "pair_id": pair_of(nth(one), nth(other)),
            "client_id": nth(one),
            "other_id": nth(other),
            "is_kept_apart": apart,
            "reason": "two shops",
            "actor": "x",
            "staff_id": None,
            "decided_at": DAY,
            "position": 1,
            **more,
        },
    )


@pytest.fixture
def queue(desk: Office) -> Iterator[Office]:
    """Five clients, of whom Anna owns three, and the pairs that were found of them."""
    cards = [
        client(31, "Ромашка", contact_points=PHONE, owner_id=ANNA),
        client(32, "Ромашка ООО", owner_id=ANNA),
        client(33, "Romashka", owner_id=BORIS),
        client(34, "Лютик", kind="person"),
        client(35, "Лютик ООО", owner_id=ANNA),
    ]
    desk.put("client_card", *cards)
    desk.put("staff_directory", staff(91, "Анна", branch_id=None), staff(92, "Борис", branch_id=None))
    found(desk, 31, 32, 0.99, name="same", phone="different")
    found(desk, 31, 33, 0.97, name="same")
    found(desk, 34, 35, 0.91, name="same", kind="different")
    found(desk, 32, 34, 0.6, name="part")
    yield desk
    for table in ("client_card_g1.client_card", "client_pairs_g1.client_pairs", "staff_directory_g1.staff_directory"):
        desk.run(f"DELETE FROM {table}")
    desk.run("DELETE FROM letopis.duplicate_pair")
    desk.run("DELETE FROM letopis.duplicate_run")


def names(office: Office, query: str = "", role: str = "operator", who: UUID | str = "x") -> list[set[str]]:
    answer = office.get(f"/duplicates?{query}", role, who)
    assert answer.status_code == 200, answer.text
    return [{item["client"]["name"], item["other"]["name"]} for item in answer.json()["items"]]


TWICE, ABROAD, LUTIK = {"Ромашка", "Ромашка ООО"}, {"Ромашка", "Romashka"}, {"Лютик", "Лютик ООО"}


def test_the_most_probable_come_first_with_both_cards_and_what_agrees(queue: Office) -> None:
    answer = queue.get("/duplicates?limit=1&count=true").json()
    PairsPage.model_validate(answer)
    [pair] = answer["items"]
    assert (pair["score"], pair["agreement"], answer["count"]) == (0.99, {"name": "same", "phone": "different"}, 3)
    assert [point["value"] for point in pair["client"]["contact_points"]] == ["8 916 123-45-67"]
    assert (pair["client"]["owner_name"], pair["other"]["name"], pair["kept_apart"]) == ("Анна", "Ромашка ООО", None)
    assert answer["run"] is None
    assert names(queue) == [TWICE, ABROAD, LUTIK]


def test_pages_follow_each_other_and_no_other_list(queue: Office) -> None:
    assert [item["score"] for item in queue.pages("/duplicates?limit=1&from_score=0")] == [0.99, 0.97, 0.91, 0.6]
    cursor = queue.get("/duplicates?limit=1").json()["next"]
    refused = queue.get(f"/duplicates?limit=1&from_score=0.5&cursor={cursor}")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/cursor")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("from_score=0.95", [TWICE, ABROAD]),
        ("kind=person", [LUTIK]),
        (f"owner={BORIS}", [ABROAD]),
        (f"client={nth(33)}", [ABROAD]),
        (f"client={nth(31)}&owner={BORIS}", [ABROAD]),
        (f"client={nth(99)}", []),
    ],
)
def test_a_queue_is_filtered(queue: Office, query: str, expected: list[set[str]]) -> None:
    assert names(queue, query) == expected


def test_a_pair_is_told_to_who_sees_both(queue: Office) -> None:
    assert names(queue, role="seller", who=ANNA) == [TWICE, LUTIK]
    assert names(queue, role="seller", who=BORIS) == []
    assert names(queue, role="auditor") == [TWICE, ABROAD, LUTIK]
    said(queue, 31, 33)
    assert names(queue, "kept_apart=true", "seller", ANNA) == []
    for role in ("analyst", "ops", "integration"):
        assert queue.get("/duplicates", role).status_code == 403


def test_who_is_told_of_two_clients_is_on_record(queue: Office) -> None:
    queue.accesses.clear()
    queue.get("/duplicates?limit=1", "operator", "olga")
    assert {(one.actor, one.subject_id) for one in queue.accesses} == {("olga", nth(31)), ("olga", nth(32))}


def test_who_are_not_the_same_are_suggested_no_more_and_listed_apart_until_it_is_open_again(queue: Office) -> None:
    said(queue, 31, 32, staff_id=ANNA)
    assert names(queue) == [ABROAD, LUTIK]
    assert names(queue, f"client={nth(31)}") == [ABROAD]
    [pair] = queue.get("/duplicates?kept_apart=true").json()["items"]
    assert pair["kept_apart"] == {
        "reason": "two shops",
        "actor": "x",
        "staff_id": str(ANNA),
        "staff_name": "Анна",
        "decided_at": "2026-03-02T09:00:00Z",
    }
    queue.run("UPDATE client_pairs_g1.client_pairs SET is_kept_apart = false")
    assert names(queue) == [TWICE, ABROAD, LUTIK]
    assert names(queue, "kept_apart=true") == []


def test_what_is_kept_apart_is_told_though_no_job_found_it_page_by_page(queue: Office) -> None:
    said(queue, 33, 35)
    said(queue, 31, 32)
    items = queue.pages("/duplicates?kept_apart=true&limit=1")
    assert {(item["score"], item["client"]["name"]) for item in items} == {(None, "Romashka"), (0.99, "Ромашка")}
    assert len(items) == 2


def test_who_was_put_away_is_suggested_no_more(queue: Office) -> None:
    queue.run("UPDATE client_card_g1.client_card SET archived_at = now() WHERE client_id = %s", [nth(32)])
    assert names(queue) == [ABROAD, LUTIK]


def test_it_says_when_all_were_compared_last(queue: Office) -> None:
    queue.run("INSERT INTO letopis.duplicate_run VALUES (true, 7, 5, 9, 4, '{}', %s, %s)", [DAY, DAY])
    assert queue.get("/duplicates").json()["run"] == {
        "position": 7,
        "clients": 5,
        "compared": 9,
        "pairs": 4,
        "began_at": "2026-03-02T09:00:00Z",
        "ended_at": "2026-03-02T09:00:00Z",
    }


@pytest.fixture
def alike(queue: Office) -> Iterator[Office]:
    """An office that finds two who are like Ромашка, and one who is hardly."""

    async def of(client_id: UUID) -> list[Candidate]:
        found = [Candidate(nth(32), 0.97, {"name": "same"}), Candidate(nth(33), 0.91, {}), Candidate(nth(34), 0.5, {})]
        return found if client_id == nth(31) else []

    house = queue.desk.house
    object.__setattr__(queue.desk, "house", replace(house, alike=of))
    yield queue
    object.__setattr__(queue.desk, "house", house)


def of_romashka(
    office: Office, query: str = "", role: str = "operator", who: UUID | str = "x"
) -> list[tuple[str, float]]:
    answer = office.get(f"/clients/{nth(31)}/duplicates?{query}", role, who)
    assert answer.status_code == 200, answer.text
    Items[CandidateAnswer].model_validate(answer.json())
    return [(item["client"]["name"], item["score"]) for item in answer.json()["items"]]


def test_candidates_of_one_client_are_told_to_who_sees_them_and_are_on_record(alike: Office) -> None:
    assert of_romashka(alike) == [("Ромашка ООО", 0.97), ("Romashka", 0.91), ("Лютик", 0.5)]
    assert of_romashka(alike, "from_score=0.9") == [("Ромашка ООО", 0.97), ("Romashka", 0.91)]
    alike.accesses.clear()
    assert of_romashka(alike, role="seller", who=ANNA) == [("Ромашка ООО", 0.97), ("Лютик", 0.5)]
    assert {one.subject_id for one in alike.accesses} == {nth(31), nth(32), nth(34)}


def test_of_a_client_whom_one_does_not_see_nothing_is_told(alike: Office) -> None:
    for number, who in ((31, BORIS), (33, ANNA), (99, ANNA)):
        refused = alike.get(f"/clients/{nth(number)}/duplicates", "seller", who)
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    assert alike.get(f"/clients/{nth(31)}/duplicates?from_score=0.1").status_code == 422


def test_who_is_kept_apart_is_no_candidate(alike: Office) -> None:
    said(alike, 31, 32)
    said(alike, 31, 33, apart=False)
    assert of_romashka(alike) == [("Romashka", 0.91), ("Лютик", 0.5)]
