"""What a client says of being addressed is kept word by word, with its day and its proof, and never rewritten."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from aggregates.base import NotFoundError
from aggregates.client_permission import (
    MOST_ENTRIES,
    PermissionEntryIsUnknownError,
    TooManyPermissionEntriesError,
)
from aggregates.client_state import AT_ONCE
from commands.base import Command
from commands.client_permission import (
    LiftObjection,
    RecordConsent,
    RecordObjection,
    RetractPermissionEntry,
    WithdrawConsent,
)
from events.client import ClientArchived, ClientRegistered
from events.client_merge import ClientMergedInto
from events.client_permission import (
    ConsentGiven,
    ConsentWithdrawn,
    ObjectionLifted,
    ObjectionRaised,
    PermissionEntryRetracted,
)
from events.examples import MAY_ROMASHKA
from events.permission import PermissionChannel, PermissionPurpose
from tests.examples import ROMASHKA, command, fact
from tests.story import BEFORE, given, on

THERE = on(ROMASHKA, fact(ClientRegistered))
ARCHIVED = on(ROMASHKA, fact(ClientRegistered), fact(ClientArchived))
MERGED = on(ROMASHKA, fact(ClientRegistered), fact(ClientMergedInto))
GIVEN = on(MAY_ROMASHKA, fact(ConsentGiven))
WITHDRAWN = on(MAY_ROMASHKA, fact(ConsentWithdrawn))
OBJECTED = on(MAY_ROMASHKA, fact(ObjectionRaised))
LIFTED = on(MAY_ROMASHKA, fact(ObjectionLifted))
RETRACTED = on(MAY_ROMASHKA, fact(PermissionEntryRetracted))
AGREED = command(RecordConsent, occurred_at=BEFORE)


@pytest.mark.parametrize("there", [THERE, ARCHIVED, MERGED])
@pytest.mark.parametrize(
    ("kind", "then"),
    [
        (RecordConsent, GIVEN),
        (WithdrawConsent, WITHDRAWN),
        (RecordObjection, OBJECTED),
        (LiftObjection, LIFTED),
    ],
)
def test_each_word_is_kept_whatever_became_of_the_card(there: object, kind: type[Command], then: object) -> None:
    given(there).when(command(kind)).then(then)  # type: ignore[arg-type]


@pytest.mark.parametrize("later", [timedelta(0), AT_ONCE, -AT_ONCE])
def test_said_twice_at_once_it_is_one_word(later: timedelta) -> None:
    given(THERE).when(AGREED).when(AGREED.model_copy(update={"occurred_at": BEFORE + later})).then(GIVEN)


@pytest.mark.parametrize(
    "other",
    [
        {"occurred_at": BEFORE + 2 * AT_ONCE},
        {"addressed_by": PermissionChannel.SMS},
        {"purpose": PermissionPurpose.EVENTS},
        {"text_version": "2026-07"},
    ],
)
def test_later_of_another_thing_or_by_another_text_it_is_a_word_of_its_own(other: dict[str, object]) -> None:
    said = {name: value for name, value in other.items() if name != "occurred_at"}
    again = on(MAY_ROMASHKA, fact(ConsentGiven, **said))
    given(THERE).when(AGREED).when(AGREED.model_copy(update=other)).then(GIVEN, again)


def test_who_agrees_withdraws_and_agrees_within_a_minute_agrees() -> None:
    withdrawn = command(WithdrawConsent, occurred_at=BEFORE)
    given(THERE).when(AGREED).when(withdrawn).when(AGREED).then(GIVEN, WITHDRAWN, GIVEN)


@pytest.mark.parametrize("lacking", ["evidence", "source", "text_version", "addressed_by", "purpose"])
def test_a_consent_that_nobody_could_prove_is_none(lacking: str) -> None:
    told = AGREED.model_dump(exclude={lacking})
    with pytest.raises(ValidationError, match=lacking):
        RecordConsent.model_validate(told)


def test_what_was_an_error_is_said_to_be_one_and_once() -> None:
    retract = command(RetractPermissionEntry)
    given(THERE, GIVEN).when(retract).then(RETRACTED)
    given(THERE, GIVEN).when(retract).when(retract).then(RETRACTED)


def test_what_nobody_recorded_is_not_retracted() -> None:
    wrong = command(RetractPermissionEntry, number=2)
    given(THERE, GIVEN).when(wrong).then_refused(PermissionEntryIsUnknownError, client_id=ROMASHKA, number=2)
    given(THERE).when(wrong).then_refused(PermissionEntryIsUnknownError, client_id=ROMASHKA, number=2)


def test_of_a_client_who_is_not_there_nothing_is_recorded() -> None:
    given().when(command(RecordConsent)).then_refused(NotFoundError, kind="client", id=ROMASHKA)


def test_so_much_stands_and_what_is_retracted_makes_room() -> None:
    full = on(MAY_ROMASHKA, *[fact(ObjectionRaised)] * MOST_ENTRIES)
    given(THERE, full).when(AGREED).then_refused(TooManyPermissionEntriesError, client_id=ROMASHKA, most=MOST_ENTRIES)
    given(THERE, full, RETRACTED).when(AGREED).then(GIVEN)


@pytest.mark.parametrize("kind", [RecordConsent, WithdrawConsent, RecordObjection, LiftObjection])
def test_it_is_sealed_with_the_client_s_key_and_stands_in_their_history(kind: type[Command]) -> None:
    [event] = given(THERE).when(command(kind)).recorded
    assert (event.subject_id, event.parties) == (ROMASHKA, (ROMASHKA,))
    assert {"source", "evidence"} <= event.PERSONAL_FIELDS
