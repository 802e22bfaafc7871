"""API keys over HTTP: who sees them, when each was last of use, and what a caller with one may ask."""

import pytest

from commands.registry import COMMANDS
from events.api_key import ApiKeyIssued, ApiKeyRevoked
from events.examples import DIGEST, SHOP_KEY
from infra.rights import RIGHTS
from read_api.api_keys import ApiKey
from read_api.me import Me
from read_api.reading.answer import Page
from tests.examples import fact
from tests.read_api.office import Office
from tests.read_api.test_lists import ADDRESSES
from tests.story import given, moment, nth_id, on

OTHER = nth_id(1)
PROGRAM = "integration"


def test_keys_are_listed_latest_first_with_the_day_of_their_last_use(desk: Office) -> None:
    visit = given(on(SHOP_KEY, fact(ApiKeyIssued)), on(OTHER, fact(ApiKeyIssued, name="Old"), fact(ApiKeyRevoked))).at(
        desk
    )
    desk.run("INSERT INTO letopis.api_key_use VALUES (%s, '2026-06-03')", [SHOP_KEY])

    told = visit.asks("/api-keys", "auditor")

    told.answers(
        {
            "items": [
                {"api_key_id": OTHER, "name": "Old", "last_used_on": None, "revoked_because": "it was in a screenshot"},
                {"api_key_id": SHOP_KEY, "last_used_on": "2026-06-03", "issued_at": moment(1), "revoked_at": None},
            ],
            "next": None,
        }
    )
    answer = desk.get("/api-keys", role="admin")
    Page[ApiKey].model_validate_json(answer.text)
    assert DIGEST not in answer.text
    assert [one["name"] for one in desk.get("/api-keys?revoked=true", role="admin").json()["items"]] == ["Old"]
    assert [one["name"] for one in desk.get("/api-keys?revoked=false", role="admin").json()["items"]] == ["Web shop"]


def with_key(*named: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {PROGRAM}/key:x only:{','.join(named)}"}


@pytest.mark.parametrize("name", sorted(set(RIGHTS) - {"search_clients", "take_ticket"}))
def test_a_key_lets_its_holder_ask_what_it_names_and_nothing_else(desk: Office, name: str) -> None:
    others = sorted(set(RIGHTS) - {name})
    refused = desk.get(ADDRESSES[name], headers=with_key("register-client", *others))
    assert refused.status_code == 403
    if PROGRAM not in RIGHTS[name]:
        # What its role may not ask no key makes good.
        assert desk.get(ADDRESSES[name], headers=with_key(name)).json()["code"] == "not-allowed"
        return
    assert (refused.json()["code"], refused.json()["action"]) == ("not-named-by-key", name)
    assert name in refused.json()["title"]
    russian = desk.get(ADDRESSES[name], headers={**with_key("get_me"), "Accept-Language": "ru"})
    assert name == "get_me" or "Этот ключ API не разрешает" in russian.json()["title"]
    assert desk.get(ADDRESSES[name], headers=with_key(name)).status_code != 403


def test_who_has_a_key_is_told_what_it_names(desk: Office) -> None:
    answer = desk.get("/me", headers=with_key("get_me", "list_products", "register-client", "hire-staff"))
    told = Me.model_validate_json(answer.text)
    assert (told.id, told.role, told.staff) == ("key:x", PROGRAM, None)
    assert told.commands == ["register-client"]
    assert told.questions == ["get_me", "list_products"]
    assert "hire-staff" in COMMANDS
