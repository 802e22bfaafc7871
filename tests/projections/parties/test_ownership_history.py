"""Whose client it was, since when and why: every change is kept."""

from datetime import timedelta
from typing import Any

from events.client import ClientClaimed, ClientReleased, ClientTransferred
from projections.parties.ownership_history import OwnershipRow, ownership_history
from tests.examples import ANNA, BORIS, LUTIK, ROMASHKA, fact
from tests.story import given, moment, on

CLAIM, TRANSFER = fact(ClientClaimed), fact(ClientTransferred)
RELEASE = fact(ClientReleased, from_owner_id=BORIS)


def change(position: int, **columns: Any) -> OwnershipRow:
    """Return a row of Romashka's as the story records it."""
    when = {"occurred_at": moment(position), "recorded_at": moment(position) + timedelta(minutes=1)}
    nobody = {"from_owner_id": None, "to_owner_id": None, "reason": None}
    return OwnershipRow(
        **{"client_id": ROMASHKA, "event_position": position, "actor": "story", **nobody, **when, **columns}
    )


def test_each_change_is_a_row_with_its_owners_cause_and_reason_and_who_recorded_it_when() -> None:
    given(on(LUTIK, CLAIM), on(ROMASHKA, CLAIM, TRANSFER, RELEASE)).shows(
        ownership_history,
        change(1, client_id=LUTIK, to_owner_id=ANNA, cause="offer"),
        change(2, to_owner_id=ANNA, cause="offer"),
        change(3, from_owner_id=ANNA, to_owner_id=BORIS, cause="conflict", reason="they quarrelled"),
        change(4, from_owner_id=BORIS, cause="release", reason="nobody follows it"),
    )
