"""A relation is told since it began last, and until it ended."""

from events.client_relation import ClientsRelated, RelationEnded
from events.examples import HOLDING_REFERRED_ROMASHKA
from projections.parties.client_relations import RelationRow, client_relations
from tests.examples import HOLDING, ROMASHKA, fact
from tests.story import given, moment, on

BEGAN, ENDED = fact(ClientsRelated), fact(RelationEnded)


def test_a_relation_ends_and_may_begin_anew() -> None:
    row = RelationRow(HOLDING_REFERRED_ROMASHKA, ROMASHKA, HOLDING, "referrer", moment(1))
    ended = row._replace(ended_at=moment(2), end_reason="it was another one")
    given(on(HOLDING_REFERRED_ROMASHKA, BEGAN)).shows(client_relations, row)
    given(on(HOLDING_REFERRED_ROMASHKA, BEGAN, ENDED)).shows(client_relations, ended)
    given(on(HOLDING_REFERRED_ROMASHKA, BEGAN, ENDED, BEGAN)).shows(client_relations, row._replace(since=moment(3)))
