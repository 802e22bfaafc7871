"""Tags are told on the card, find clients in the list and the file, and are counted; of merged clients as of one."""

import csv
import io
from uuid import UUID

from events.client import ClientArchived, ClientClaimed, ClientRegistered
from events.client_merge import ClientMergedInto, ClientUnmergedFrom
from events.client_tag import ClientTagged
from events.ids import tags_of
from events.staff import StaffHired
from read_api.client_card import ClientCard
from tests.examples import ANNA, BORIS, HOLDING, LUTIK, ROMASHKA, fact
from tests.read_api.office import Office
from tests.read_api.visit import Visit
from tests.story import Told, given, moment, on

ALONE = {"team_id": None, "branch_id": None, "head_id": None}


def tagged(client_id: UUID, *tags: str) -> Told:
    return on(tags_of(client_id), *(fact(ClientTagged, client_id=client_id, tag=tag) for tag in tags))


THERE = (
    on(ANNA, fact(StaffHired, **ALONE)), on(BORIS, fact(StaffHired, name="Boris", **ALONE)),
    on(ROMASHKA, fact(ClientRegistered), fact(ClientClaimed, owner_id=ANNA)),
    on(HOLDING, fact(ClientRegistered, name="Holding")), on(LUTIK, fact(ClientRegistered, name="Lutik")),
    on(LUTIK, fact(ClientArchived)),
    tagged(ROMASHKA, "VIP", "Выставка"), tagged(HOLDING, "vip"), tagged(LUTIK, "VIP"),
)  # fmt: skip
MERGED = on(HOLDING, fact(ClientMergedInto, survivor_id=ROMASHKA, into_id=ROMASHKA))
APART = on(HOLDING, fact(ClientUnmergedFrom, survivor_id=ROMASHKA))


def found(visit: Visit, query: str = "tag=VIP") -> list[str]:
    items = visit.asks(f"/clients?{query}&fields=name").response.json()["items"]
    return [one["name"] for one in items]


def test_a_card_tells_its_tags_when_they_are_asked_for(desk: Office) -> None:
    visit = given(*THERE).at(desk)
    card = visit.asks(f"/clients/{ROMASHKA}?include=tags").answers(
        {
            "tags": [
                {"tag": "VIP", "client_ids": [ROMASHKA], "since": moment(8)},
                {"tag": "Выставка", "client_ids": [ROMASHKA]},
            ]
        }
    )
    ClientCard.model_validate(card.response.json())
    assert "tags" not in visit.asks(f"/clients/{ROMASHKA}").response.json()


def test_whoever_has_a_tag_is_found_however_it_is_typed(desk: Office) -> None:
    visit = given(*THERE).at(desk)
    assert found(visit) == found(visit, "tag=%20vip") == ["Holding", "Lutik", "Romashka"]
    assert found(visit, "tag=vip&archived=false") == ["Holding", "Romashka"]
    assert found(visit, "tag=%D0%92%D0%AB%D0%A1%D0%A2%D0%90%D0%92%D0%9A%D0%90") == ["Romashka"]
    assert found(visit, "tag=nobody") == []
    told = visit.asks("/clients/file?headings=names&tag=vip").response.content.decode()
    assert {row["name"]: row["tags"] for row in csv.DictReader(io.StringIO(told))} == {
        "Holding": "vip",
        "Lutik": "VIP",
        "Romashka": "VIP; Выставка",
    }


def test_tags_are_counted_among_the_clients_one_sees(desk: Office) -> None:
    visit = given(*THERE).at(desk)
    visit.asks("/clients/tags").answers({"items": [{"tag": "VIP", "clients": 2}, {"tag": "Выставка", "clients": 1}]})
    visit.asks("/clients/tags", "seller", BORIS).answers({"items": [{"tag": "vip", "clients": 1}]})


def test_of_two_who_are_one_each_tag_is_told_once_with_whose_it_is(desk: Office) -> None:
    visit = given(*THERE, MERGED).at(desk)
    for asked in (ROMASHKA, HOLDING):
        [vip, _] = visit.asks(f"/clients/{asked}?include=tags").response.json()["tags"]
        assert vip["client_ids"] == [str(ROMASHKA), str(HOLDING)]
    assert found(visit, "tag=vip&archived=false") == ["Romashka"]
    visit.asks("/clients/tags").answers({"items": [{"clients": 1}, {"tag": "Выставка", "clients": 1}]})
    apart = given(*THERE, MERGED, APART).at(desk)
    assert found(apart, "tag=vip&archived=false") == ["Holding", "Romashka"]
    apart.asks(f"/clients/{HOLDING}?include=tags").answers({"tags": [{"tag": "vip", "client_ids": [HOLDING]}]})
