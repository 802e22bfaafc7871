"""Questions about clients: card, lists, search, story, owners and history."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from read_api.client_card import Client, ClientCard
from read_api.client_story import OwnershipChange, TimelineEntry
from read_api.history import HistoryPage
from read_api.reading.answer import Page
from tests.read_api.office import DAY, PERM, Fact, Office, activity, branch, client, deal, nth, staff

ANNA, ROMASHKA, OLGA, VOLGA = nth(1), nth(11), nth(12), nth(17)


@pytest.fixture(scope="module")
def romashka(desk: Office) -> Office:
    point = {"kind": "phone", "value": "8 922 325-12-93", "key": "+79223251293", "source": "call", "order": 2}
    mail = {"kind": "email", "value": "a@b.example", "key": "a@b.example", "label": "office", "order": 1}
    desk.put("units", branch())
    desk.put("staff_directory", staff(1, "Анна"))
    desk.put(
        "client_card",
        client(
            11,
            "Ромашка",
            owner_id=ANNA,
            identity_keys=["phone:+79223251293", "email:a@b.example", "tax_id:7707083893"],
            contact_points={"phone:+79223251293": point, "email:a@b.example": mail},
            profile={"sector": {"value": "retail", "source": "2gis", "confidence": "verified"}},
        ),
        client(12, "Ольга Ёлкина", kind="person"),
        client(13, "Ромашка-Восток", parent_id=ROMASHKA),
        # Somebody called who was never registered: no client yet.
        client(14, "ghost", registered_at=None),
    )
    desk.put(
        "contact_persons",
        {
            "organisation_id": ROMASHKA,
            "person_id": OLGA,
            "role": "buyer",
            "is_active": True,
            "since": DAY,
            "position": 3,
        },
    )
    desk.put(
        "pipeline_board",
        deal(31, client_id=ROMASHKA, amount="100.50", currency="RUB"),
        deal(32, client_id=ROMASHKA, amount="0.25", currency="RUB"),
        deal(33, client_id=ROMASHKA, amount="7", currency="USD"),
        deal(34, client_id=ROMASHKA),
        deal(35, client_id=ROMASHKA, status="won", won_amount="999", won_currency="RUB"),
        deal(36, client_id=OLGA, amount="5", currency="RUB"),
    )
    return desk


def test_the_card_shows_owner_contacts_deals_and_people(romashka: Office) -> None:
    answer = romashka.get(f"/clients/{ROMASHKA}")
    assert answer.status_code == 200
    card = answer.json()
    ClientCard.model_validate(card)
    assert card["name"] == "Ромашка"
    assert card["owner"] == {"id": str(ANNA), "name": "Анна", "branch": "Perm", "branch_id": str(PERM)}
    assert [point["kind"] for point in card["contact_points"]] == ["email", "phone"]
    sums = [{"currency": "RUB", "amount": "100.75"}, {"currency": "USD", "amount": "7.00"}]
    assert card["open_deals"] == {"count": 4, "sums": sums}
    assert [(person["name"], person["role"]) for person in card["contact_persons"]] == [("Ольга Ёлкина", "buyer")]
    assert [one["name"] for one in card["subsidiaries"]] == ["Ромашка-Восток"]
    assert card["registered_at"] == "2026-03-02T09:00:00Z"


def test_a_person_s_card_names_the_organisations(romashka: Office) -> None:
    card = romashka.get(f"/clients/{OLGA}").json()
    ClientCard.model_validate(card)
    assert [(one["name"], one["is_active"]) for one in card["organisations"]] == [("Ромашка", True)]
    assert card["owner"] is None
    assert card["open_deals"]["count"] == 1


@pytest.mark.parametrize("what", ["", "/timeline", "/ownership"])
@pytest.mark.parametrize("number", [14, 99])
def test_who_is_no_client_is_404(romashka: Office, what: str, number: int) -> None:
    answer = romashka.get(f"/clients/{nth(number)}{what}")
    assert (answer.status_code, answer.json()["code"], answer.json()["kind"]) == (404, "not-found", "client")


@pytest.mark.parametrize("what", ["", "/timeline", "/ownership"])
def test_what_is_no_id_is_422(romashka: Office, what: str) -> None:
    answer = romashka.get(f"/clients/romashka{what}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not-a-uuid")


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


def test_clients_are_listed_by_name_with_their_owners(romashka: Office) -> None:
    answer = romashka.get("/clients?count=true")
    assert names(answer) == ["Ольга Ёлкина", "Ромашка", "Ромашка-Восток"]
    assert answer.json()["count"] == 3
    assert answer.json()["next"] is None
    assert answer.json()["items"][1]["owner_name"] == "Анна"
    Page[Client].model_validate(answer.json())


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("ромашка", ["Ромашка", "Ромашка-Восток"]),
        ("РОМАШ", ["Ромашка", "Ромашка-Восток"]),
        ("машк вост", ["Ромашка-Восток"]),
        ("елкина", ["Ольга Ёлкина"]),
        ("ЁЛКИ", ["Ольга Ёлкина"]),
        ("василёк", []),
        ("' OR 1=1 --", []),
        ("!!!", []),
        ("\\", []),
    ],
)
def test_names_are_found_by_any_part_of_a_word_in_any_case(romashka: Office, q: str, found: list[str]) -> None:
    assert names(romashka.get("/clients", params={"q": q})) == found


def test_filters_narrow_the_list(romashka: Office) -> None:
    assert names(romashka.get(f"/clients?owner={ANNA}")) == ["Ромашка"]
    assert names(romashka.get("/clients?kind=person&stage=prospect")) == ["Ольга Ёлкина"]
    assert names(romashka.get("/clients?stage=lost")) == []


def test_clients_nobody_had_a_contact_with_since_a_day_are_found_and_those_never_touched_too(romashka: Office) -> None:
    everybody = ["Ольга Ёлкина", "Ромашка", "Ромашка-Восток"]
    held = {"state": "held", "client_id": ROMASHKA, "contact_id": OLGA, "held_at": DAY, "takes_place_at": DAY}
    misdial = activity(2, **{**held, "client_id": nth(13), "contact_id": None, "call_status": "misdial"})
    romashka.put("activities", activity(1, **held), misdial, activity(3, **{**held, "state": "planned"}))
    try:
        assert names(romashka.get("/clients?untouched_since=2026-03-03")) == everybody
        assert names(romashka.get("/clients?untouched_since=2026-03-02")) == ["Ромашка-Восток"]
        assert names(romashka.get(f"/clients?untouched_since=2026-03-02&owner={ANNA}")) == []
        touched = {each["name"]: each["touch_count"] for each in romashka.get("/clients").json()["items"]}
        assert touched == dict(zip(everybody, (1, 1, 0), strict=True))
        for wrong in ("2026-3-2", "yesterday", ""):
            assert romashka.get(f"/clients?untouched_since={wrong}").status_code == 422
        for extreme in ("0001-01-01", "9999-12-31"):
            assert romashka.get(f"/clients?untouched_since={extreme}").status_code == 200
    finally:
        romashka.run("DELETE FROM activities_g1.activities")


@pytest.mark.parametrize(
    "asked",
    [
        {"phone": "+7 (922) 325-12-93"},
        {"phone": "8 922 325 12 93"},
        {"email": " A@B.Example "},
        {"tax_id": "7707083893"},
    ],
)
def test_a_client_is_found_by_identity_however_written(romashka: Office, asked: dict[str, str]) -> None:
    assert names(romashka.send("POST", "/clients/search", json=asked)) == ["Ромашка"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"phone": "nobody"}, "wrong-phone"),
        ({"email": "nobody"}, "wrong-email"),
        ({}, "invalid-request"),
        ({"phone": "1", "x": 1}, "invalid-request"),
    ],
)
def test_a_search_by_nothing_recognisable_is_422(romashka: Office, asked: dict[str, Any], code: str) -> None:
    answer = romashka.send("POST", "/clients/search", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"]


def test_a_search_that_is_not_json_is_415(romashka: Office) -> None:
    answer = romashka.send("POST", "/clients/search", content=b'{"phone": "1"}', headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


def test_the_timeline_is_paged_newest_first(romashka: Office) -> None:
    rows = [
        {
            "party_id": ROMASHKA,
            "event_position": number,
            # Two facts share each moment: the position tells them apart.
            "occurred_at": DAY.replace(hour=number // 2),
            "recorded_at": DAY,
            "topic": "activity.held",
            "stream_id": nth(number),
            "actor": str(ANNA),
            "staff_id": ANNA,
            "channel": "call" if number % 3 else "meeting",
            "direction": "inbound",
            "details": {"topic": "цена"},
            "position": number,
        }
        for number in range(1, 12)
    ]
    romashka.put("client_timeline", *rows)
    items = romashka.pages(f"/clients/{ROMASHKA}/timeline?limit=2")
    assert [item["event_position"] for item in items] == list(range(11, 0, -1))
    TimelineEntry.model_validate(items[0])
    assert items[0]["staff_name"] == "Анна"
    meetings = romashka.pages(f"/clients/{ROMASHKA}/timeline?limit=2&channel=meeting")
    assert [item["event_position"] for item in meetings] == [9, 6, 3]
    of_one = romashka.pages(f"/clients/{ROMASHKA}/timeline?limit=2&stream_id={nth(4)}")
    assert [item["event_position"] for item in of_one] == [4]
    assert romashka.pages(f"/clients/{ROMASHKA}/timeline?stream_id={nth(4)}&channel=meeting") == []


def test_ownership_says_who_when_and_why(romashka: Office) -> None:
    for number, (before, after, cause) in enumerate([(None, ANNA, "claim"), (ANNA, None, "release")], start=1):
        row = {
            "client_id": ROMASHKA,
            "event_position": number,
            "from_owner_id": before,
            "to_owner_id": after,
            "cause": cause,
            "occurred_at": DAY.replace(hour=number),
            "recorded_at": DAY,
            "actor": "x",
            "position": number,
        }
        romashka.put("ownership_history", row)
    items = romashka.get(f"/clients/{ROMASHKA}/ownership").json()["items"]
    assert [(item["cause"], item["to_owner_name"], item["from_owner_name"]) for item in items] == [
        ("claim", "Анна", None),
        ("release", None, "Анна"),
    ]
    assert items[0]["until"] == "2026-03-02T02:00:00Z"
    assert items[1]["until"] is None
    OwnershipChange.model_validate(items[0])


def test_a_client_nobody_ever_owned_has_an_empty_ownership(romashka: Office) -> None:
    answer = romashka.get(f"/clients/{OLGA}/ownership")
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def refuse(romashka: Office, minute: int, command: str) -> None:
    romashka.run(
        "INSERT INTO letopis.refusal (refused_at, actor, command, stream_id, code, facts)"
        " VALUES (%s, 'somebody', %s, %s, 'client-owned', '{\"owner_id\": \"x\"}')",
        [DAY + timedelta(minutes=minute), command, VOLGA],
    )


def test_an_auditor_sees_with_the_facts_of_a_page_what_was_refused_meanwhile(romashka: Office) -> None:
    romashka.record(9)
    romashka.history[VOLGA] = [Fact(place, "client.noted", DAY + timedelta(minutes=place)) for place in (1, 4, 5)]
    for minute, command in ((3, "claim-client"), (2, "transfer-client"), (60, "open-deal"), (61, "win-deal")):
        refuse(romashka, minute, command)
    pages, path = [], f"/clients/{VOLGA}/history?limit=2"
    while path:
        answer = romashka.get(path, role="auditor").json()
        HistoryPage.model_validate({**answer, "items": []})
        positions = [item["position"] for item in answer["items"]]
        pages.append((positions, [refusal["command"] for refusal in answer["refusals"]]))
        path = f"/clients/{VOLGA}/history?limit=2&cursor={answer['next']}" if answer["next"] else ""
    assert pages == [([1, 4], ["transfer-client", "claim-client"]), ([5], ["open-deal", "win-deal"])]
    one = romashka.get(f"/clients/{VOLGA}/history?limit=200", role="auditor").json()
    assert (len(one["items"]), len(one["refusals"]), one["next"]) == (3, 4, None)
    assert {name: one["refusals"][0][name] for name in ("actor", "code", "facts")} == {
        "actor": "somebody",
        "code": "client-owned",
        "facts": {"owner_id": "x"},
    }


def test_an_auditor_sees_who_looked_at_a_client_and_what_for(romashka: Office) -> None:
    romashka.record(9)
    romashka.history[VOLGA] = [Fact(1, "client.noted", DAY)]
    romashka.run("DELETE FROM letopis.refusal")
    for minute in range(3):
        romashka.run(
            "INSERT INTO letopis.access (accessed_at, actor, subject_id, question, purpose)"
            " VALUES (%s, 'anna', %s, 'get_client', 'a call')",
            [DAY + timedelta(minutes=minute), VOLGA],
        )
    seen, path = [], f"/clients/{VOLGA}/history?limit=2"
    while path:
        answer = romashka.get(path, role="auditor").json()
        HistoryPage.model_validate({**answer, "items": []})
        seen.append([(one["actor"], one["question"], one["purpose"]) for one in answer["accesses"]])
        path = f"/clients/{VOLGA}/history?limit=2&cursor={answer['next']}" if answer["next"] else ""
    assert seen == [[("anna", "get_client", "a call")] * 2, [("anna", "get_client", "a call")]]


def test_who_was_told_of_a_client_is_put_on_record_and_nobody_else(romashka: Office) -> None:
    romashka.record(9)
    romashka.history[ROMASHKA] = [Fact(1, "client.noted", DAY)]
    told: list[tuple[str, UUID, str | None]] = []

    def looks(path: str, **how: Any) -> int:
        romashka.accesses.clear()
        status = romashka.send(how.pop("method", "GET"), path, **how).status_code
        told[:] = [(one.question, one.subject_id, one.purpose) for one in romashka.accesses]
        return status

    for path, question in (
        ("", "get_client"),
        ("?include=deals", "get_client"),
        ("/timeline", "get_client_timeline"),
        ("/ownership", "get_client_ownership"),
        ("/notes", "list_client_notes"),
    ):
        assert (
            looks(f"/clients/{ROMASHKA}{path}", headers={"Letopis-Purpose": "%D0%B7%D0%B2%D0%BE%D0%BD%D0%BE%D0%BA"})
            == 200
        )
        assert told == [(question, ROMASHKA, "звонок")]
    assert looks(f"/clients/{ROMASHKA}/history", role="auditor") == 200
    assert told == [("get_client_history", ROMASHKA, None)]
    # Not theirs to see, not there, not asked for: nobody was told of anybody.
    assert looks(f"/clients/{ROMASHKA}", role="seller", staff=nth(77)) == 404
    assert looks(f"/clients/{nth(404)}") == 404
    assert looks("/clients?limit=5") == 200
    assert told == []
    assert looks(f"/clients/{ROMASHKA}", headers={"Letopis-Purpose": "x" * 201}) == 422
    etag = romashka.get(f"/clients/{ROMASHKA}").headers["etag"]
    assert looks(f"/clients/{ROMASHKA}", headers={"If-None-Match": etag}) == 304
    assert len(told) == 1


def test_refusals_without_new_facts_go_on_to_further_pages(romashka: Office) -> None:
    romashka.record(9)
    romashka.history[VOLGA] = [Fact(1, "client.noted")]
    romashka.run("DELETE FROM letopis.refusal")
    for minute in range(3):
        refuse(romashka, minute, f"command-{minute}")
    first = romashka.get(f"/clients/{VOLGA}/history?limit=2", role="auditor").json()
    assert ([one["command"] for one in first["refusals"]], len(first["items"])) == (["command-0", "command-1"], 1)
    second = romashka.get(f"/clients/{VOLGA}/history?limit=2&cursor={first['next']}", role="auditor").json()
    assert ([one["command"] for one in second["refusals"]], second["items"], second["next"]) == (
        ["command-2"],
        [],
        None,
    )


def test_an_auditor_reads_the_history_page_by_page(romashka: Office) -> None:
    romashka.record(9)
    romashka.history[ROMASHKA] = [Fact(position, "client.registered") for position in (1, 4, 5, 9)]
    first = romashka.get(f"/clients/{ROMASHKA}/history?limit=3", role="auditor")
    assert [item["position"] for item in first.json()["items"]] == [1, 4, 5]
    assert first.headers["letopis-position"] == "9"
    following = first.json()["next"]
    second = romashka.get(f"/clients/{ROMASHKA}/history?limit=3&cursor={following}", role="auditor")
    assert [item["position"] for item in second.json()["items"]] == [9]
    assert second.json()["next"] is None
    assert romashka.get(f"/clients/{OLGA}/history", role="auditor").status_code == 404
    assert romashka.get(f"/clients/{OLGA}/history?cursor={following}", role="auditor").status_code == 422


def test_a_word_is_searched_for_however_long_its_letters_are_written_out(romashka: Office) -> None:
    for letter in ("\N{SQUARE CORPORATION}", "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"):
        answer = romashka.get("/clients", params={"q": letter * 200})
        assert (answer.status_code, answer.json()["items"]) == (200, [])
