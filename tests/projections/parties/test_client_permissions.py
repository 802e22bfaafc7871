"""Every word of a client's on being addressed has a row; one that was recorded in error says so."""

from events.client_permission import (
    ConsentGiven,
    ConsentWithdrawn,
    ObjectionLifted,
    ObjectionRaised,
    PermissionEntryRetracted,
)
from events.examples import MAY_ROMASHKA
from projections.parties.client_permissions import PermissionRow, client_permissions
from tests.examples import ANNA, ROMASHKA, fact
from tests.story import given, moment, on

PROOF = "Ticked the box, and answered the letter of confirmation"


def test_a_word_is_told_as_it_was_said() -> None:
    row = PermissionRow(
        ROMASHKA, 1, False, True, "email", "news", "2026-06", "web form", PROOF, moment(1), str(ANNA), ANNA
    )
    given(on(MAY_ROMASHKA, fact(ConsentGiven), actor=ANNA)).shows(client_permissions, row)


def test_what_was_an_error_stays_and_says_so() -> None:
    story = given(on(MAY_ROMASHKA, fact(ConsentGiven)), on(MAY_ROMASHKA, fact(PermissionEntryRetracted), actor=ANNA))
    story.shows_row(
        client_permissions,
        ROMASHKA,
        1,
        retracted_at=moment(2),
        retracted_by=str(ANNA),
        retract_staff_id=ANNA,
        retract_reason="it was another client",
        allows=True,
    )


def test_each_kind_of_word_says_of_what_it_is_and_whether_it_allows() -> None:
    story = given(on(MAY_ROMASHKA, *map(fact, (ConsentWithdrawn, ObjectionRaised, ObjectionLifted))))
    for number, (is_objection, allows) in enumerate([(False, False), (True, False), (True, True)], 1):
        story.shows_row(client_permissions, ROMASHKA, number, is_objection=is_objection, allows=allows)


def test_an_error_of_which_the_word_is_not_known_shows_nothing() -> None:
    given(on(MAY_ROMASHKA, fact(PermissionEntryRetracted))).shows(client_permissions)
