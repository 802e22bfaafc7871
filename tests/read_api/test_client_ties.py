"""What clients are to each other stands on both cards, each with what the other one is; of merged clients as of one."""

from typing import Any
from uuid import UUID

from events.client import ClientClaimed, ClientRegistered
from events.client_merge import ClientMergedInto, ClientUnmergedFrom
from events.client_relation import ClientsRelated, RelationEnded, RelationKind
from events.ids import relation_of
from events.staff import StaffHired
from read_api.client_card import ClientCard
from tests.examples import ANNA, BORIS, HOLDING, LUTIK, OLGA, ROMASHKA, fact
from tests.read_api.office import Office
from tests.read_api.visit import Visit
from tests.story import Told, given, moment, on

ALONE = {"team_id": None, "branch_id": None, "head_id": None}
THERE = (
    on(ANNA, fact(StaffHired, **ALONE)), on(BORIS, fact(StaffHired, name="Boris", **ALONE)),
    on(ROMASHKA, fact(ClientRegistered), fact(ClientClaimed, owner_id=ANNA)),
    on(HOLDING, fact(ClientRegistered, name="Holding")), on(LUTIK, fact(ClientRegistered, name="Lutik")),
    on(OLGA, fact(ClientRegistered, name="Olga")),
)  # fmt: skip


def tied(client_id: UUID, other_id: UUID, kind: RelationKind, kind_of: Any = ClientsRelated) -> Told:
    event = fact(kind_of, client_id=client_id, other_id=other_id, kind=kind)
    return on(relation_of(client_id, other_id, kind), event)


REFERRED = tied(ROMASHKA, HOLDING, RelationKind.REFERRER)


def told(visit: Visit, client_id: UUID, *more: Any) -> list[dict[str, Any]]:
    answer = visit.asks(f"/clients/{client_id}?include=relations", *more).response
    ClientCard.model_validate(answer.json())
    relations: list[dict[str, Any]] = answer.json()["relations"]
    return relations


def seen(visit: Visit, client_id: UUID) -> list[tuple[str | None, str]]:
    return [(one["name"], one["kind"]) for one in told(visit, client_id)]


def test_each_card_says_what_the_other_one_is(desk: Office) -> None:
    visit = given(*THERE, REFERRED, tied(OLGA, LUTIK, RelationKind.PARENT), tied(LUTIK, OLGA, RelationKind.PARTNER)).at(
        desk
    )
    assert seen(visit, ROMASHKA) == [("Holding", "referrer")]
    assert seen(visit, HOLDING) == [("Romashka", "referred")]
    assert seen(visit, LUTIK) == [("Olga", "child"), ("Olga", "partner")]
    assert seen(visit, OLGA) == [("Lutik", "parent"), ("Lutik", "partner")]
    [one] = told(visit, HOLDING)
    assert one["between"] == [str(HOLDING), str(ROMASHKA)]


def test_what_ended_is_told_with_its_days_after_what_stands(desk: Office) -> None:
    ended = tied(ROMASHKA, HOLDING, RelationKind.REFERRER, RelationEnded)
    visit = given(*THERE, REFERRED, ended, tied(ROMASHKA, LUTIK, RelationKind.PARTNER)).at(desk)
    visit.asks(f"/clients/{ROMASHKA}?include=relations").answers(
        {
            "relations": [
                {"name": "Lutik", "since": moment(10), "ended_at": None},
                {"name": "Holding", "since": moment(8), "ended_at": moment(9), "end_reason": "it was another one"},
            ]
        }
    )


def test_who_is_out_of_sight_has_no_name_there(desk: Office) -> None:
    visit = given(*THERE, REFERRED).at(desk)
    [one] = told(visit, HOLDING, "seller", BORIS)
    assert (one["name"], one["other_id"]) == (None, str(ROMASHKA))


def test_of_two_who_are_one_both_have_what_either_had_and_apart_each_its_own(desk: Office) -> None:
    merged = on(LUTIK, fact(ClientMergedInto, survivor_id=ROMASHKA, into_id=ROMASHKA))
    facts = (*THERE, REFERRED, tied(LUTIK, OLGA, RelationKind.PARTNER), tied(LUTIK, ROMASHKA, RelationKind.PARTNER))
    visit = given(*facts, merged).at(desk)
    for asked in (ROMASHKA, LUTIK):
        assert seen(visit, asked) == [("Holding", "referrer"), ("Olga", "partner")]
    assert seen(visit, OLGA) == [("Romashka", "partner")]
    assert told(visit, OLGA)[0]["between"] == [str(OLGA), str(LUTIK)]
    apart = given(*facts, merged, on(LUTIK, fact(ClientUnmergedFrom, survivor_id=ROMASHKA))).at(desk)
    assert seen(apart, LUTIK) == [("Olga", "partner"), ("Romashka", "partner")]
    assert seen(apart, ROMASHKA) == [("Holding", "referrer"), ("Lutik", "partner")]
