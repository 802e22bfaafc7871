"""Whose client it was, since when and why: every change is kept."""

from events.client import ClientClaimed, ClientReleased, ClientTransferred
from events.values import OwnershipCause
from projections.parties.ownership_history import ownership_history
from tests.projections.facts import ANNA, BORIS, ROMASHKA, VASILEK, at, fact, folded

CLAIM = ClientClaimed(owner_id=ANNA, cause=OwnershipCause.OFFER)
TRANSFER = ClientTransferred(from_owner_id=ANNA, to_owner_id=BORIS, cause=OwnershipCause.CONFLICT, reason="They asked")
RELEASE = ClientReleased(from_owner_id=BORIS, cause=OwnershipCause.RELEASE, reason="Gone quiet")


def test_each_change_is_a_row_with_its_owners_cause_and_reason() -> None:
    rows = folded(
        ownership_history,
        fact(CLAIM, VASILEK, 1),
        fact(CLAIM, ROMASHKA, 2),
        fact(TRANSFER, ROMASHKA, 3),
        fact(RELEASE, ROMASHKA, 4),
    )

    told = [(r.event_position, r.from_owner_id, r.to_owner_id, r.cause, r.reason, r.occurred_at) for r in rows.values()]
    assert [client_id for client_id, _ in rows] == [VASILEK, ROMASHKA, ROMASHKA, ROMASHKA]
    assert told == [
        (1, None, ANNA, "offer", None, at(1)),
        (2, None, ANNA, "offer", None, at(2)),
        (3, ANNA, BORIS, "conflict", "They asked", at(3)),
        (4, BORIS, None, "release", "Gone quiet", at(4)),
    ]


def test_a_row_says_who_recorded_it_and_when() -> None:
    fact_at_nine = fact(CLAIM, ROMASHKA, 9)

    row = folded(ownership_history, fact_at_nine)[ROMASHKA, 9]

    assert (row.actor, row.recorded_at) == (str(ANNA), fact_at_nine.recorded_at)
