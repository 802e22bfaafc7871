"""What clients are to each other is one relation, whichever of the two it is told of, and one way round."""

import pytest

from aggregates.base import NotFoundError
from aggregates.client_pair import SameClientError
from aggregates.client_relation import RelationIsTheOtherWayError
from commands.client_relation import EndRelation, RelateClients
from events.client import ClientRegistered
from events.client_relation import ClientsRelated, RelationEnded, RelationKind
from events.examples import HOLDING_REFERRED_ROMASHKA
from events.ids import relation_of
from tests.examples import HOLDING, OLGA, ROMASHKA, command, fact
from tests.story import given, on

THERE = (on(ROMASHKA, fact(ClientRegistered)), on(HOLDING, fact(ClientRegistered, tax_id=None, contact_points=())))
BEGAN = on(HOLDING_REFERRED_ROMASHKA, fact(ClientsRelated))
ENDED = on(HOLDING_REFERRED_ROMASHKA, fact(RelationEnded))
BACK = {"client_id": HOLDING, "other_id": ROMASHKA, "kind": RelationKind.REFERRED}


def test_it_is_recorded_once_whichever_card_it_is_told_on() -> None:
    given(*THERE).when(command(RelateClients)).then(BEGAN)
    given(*THERE).when(command(RelateClients)).when(command(RelateClients, **BACK)).then(BEGAN)


@pytest.mark.parametrize("kind", ["spouse", "sibling", "relative", "partner"])
def test_what_is_mutual_has_no_side(kind: RelationKind) -> None:
    tie = {"client_id": ROMASHKA, "other_id": HOLDING, "kind": kind}
    there = on(relation_of(ROMASHKA, HOLDING, kind), fact(ClientsRelated, **tie))
    story = given(*THERE).when(command(RelateClients, **{**tie, "client_id": HOLDING, "other_id": ROMASHKA}))
    story.when(command(RelateClients, **tie)).then(there)


def test_it_ends_by_either_name_and_may_begin_anew() -> None:
    given(*THERE, BEGAN).when(command(EndRelation, **BACK)).then(ENDED)
    given(*THERE, BEGAN, ENDED).when(command(RelateClients)).then(BEGAN)
    given(*THERE, BEGAN, ENDED).when(command(EndRelation)).then()
    given(*THERE).when(command(EndRelation)).then()


def test_it_is_not_both_ways_round() -> None:
    round_ = command(RelateClients, client_id=HOLDING, other_id=ROMASHKA)
    given(*THERE, BEGAN).when(round_).then_refused(
        RelationIsTheOtherWayError, client_id=HOLDING, other_id=ROMASHKA, kind=RelationKind.REFERRER
    )
    anew = on(relation_of(HOLDING, ROMASHKA, "referrer"), fact(ClientsRelated, client_id=HOLDING, other_id=ROMASHKA))
    given(*THERE, BEGAN, ENDED).when(round_).then(anew)


def test_nobody_is_related_to_themselves_nor_to_who_is_not_there() -> None:
    given(*THERE).when(command(RelateClients, other_id=ROMASHKA)).then_refused(SameClientError, client_id=ROMASHKA)
    given(*THERE).when(command(RelateClients, other_id=OLGA)).then_refused(NotFoundError, kind="client", id=OLGA)


def test_it_stands_in_the_histories_of_both() -> None:
    [event] = given(*THERE).when(command(RelateClients)).recorded
    assert (event.subject_id, event.parties) == (ROMASHKA, (ROMASHKA, HOLDING))
