"""Whether a client may be addressed: one figure, told of one client and of merged ones, now and as the words came."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from random import Random
from typing import Any, NamedTuple, get_args
from uuid import UUID

import pytest

from events.base import Event
from events.client import ClientRegistered
from events.client_merge import ClientMergedInto, ClientUnmergedFrom
from events.client_permission import (
    ConsentGiven,
    ConsentWithdrawn,
    ObjectionLifted,
    ObjectionRaised,
    PermissionEntryRetracted,
)
from events.examples import MAY_ROMASHKA
from events.ids import permission_of
from events.permission import PermissionChannel, PermissionPurpose
from events.staff import StaffHired
from read_api.client_permissions import PermissionEntry, PermissionHindrance, Permissions
from tests.examples import ANNA, HOLDING, LUTIK, ROMASHKA, fact
from tests.read_api.office import Office
from tests.read_api.visit import Visit
from tests.story import Told, given, moment, on

EMAIL, CALL, SMS = PermissionChannel.EMAIL, PermissionChannel.CALL, PermissionChannel.SMS
NEWS, EVENTS = PermissionPurpose.NEWS, PermissionPurpose.EVENTS
THERE = on(ROMASHKA, fact(ClientRegistered))
OTHER = on(HOLDING, fact(ClientRegistered, name="Holding"))
THIRD = on(LUTIK, fact(ClientRegistered, name="Lutik"))
Word = ConsentGiven | ConsentWithdrawn | ObjectionRaised | ObjectionLifted


def said(
    kind: type[Word],
    addressed_by: PermissionChannel | None = EMAIL,
    purpose: PermissionPurpose | None = NEWS,
    *,
    at: int | None = None,
    by: UUID = ROMASHKA,
) -> Told:
    """Return a word of a client's; `at`: the moment of that number, whenever it was recorded."""
    event = fact(kind, client_id=by, addressed_by=addressed_by, purpose=purpose)
    return on(permission_of(by), event, occurred_at=None if at is None else moment(at))


def joined(client_id: UUID, into: UUID, *, at: int | None = None) -> Told:
    event = fact(ClientMergedInto, survivor_id=into, into_id=into)
    return on(client_id, event, occurred_at=None if at is None else moment(at))


def hindrances(visit: Visit, client_id: UUID = ROMASHKA) -> dict[tuple[str, str], str | None]:
    told = visit.asks(f"/clients/{client_id}/permissions").response.json()
    Permissions.model_validate(told)
    cells = told["permitted"]
    assert all(cell["may_be_addressed"] is (cell["hindrance"] is None) for cell in cells)
    return {(cell["addressed_by"], cell["purpose"]): cell["hindrance"] for cell in cells}


def of_email(desk: Office, *told: Told, client_id: UUID = ROMASHKA) -> str | None:
    """Return why the client may not be written to with news."""
    return hindrances(given(THERE, *told).at(desk), client_id)["email", "news"]


def test_of_every_channel_and_purpose_it_is_told_and_nobody_agrees_by_saying_nothing(desk: Office) -> None:
    found = hindrances(given(THERE).at(desk))
    assert set(found) == {(one.value, other.value) for one in PermissionChannel for other in PermissionPurpose}
    assert set(found.values()) == {"no_consent"}


def test_a_consent_is_of_one_channel_and_one_purpose(desk: Office) -> None:
    found = hindrances(given(THERE, said(ConsentGiven)).at(desk))
    assert [cell for cell, hindrance in found.items() if hindrance is None] == [("email", "news")]


@pytest.mark.parametrize(("addressed_by", "purpose"), [(EMAIL, NEWS), (None, NEWS), (EMAIL, None), (None, None)])
def test_a_withdrawal_ends_what_it_is_of_and_a_later_consent_begins_anew(
    desk: Office, addressed_by: PermissionChannel | None, purpose: PermissionPurpose | None
) -> None:
    withdrawn = said(ConsentWithdrawn, addressed_by, purpose)
    assert of_email(desk, said(ConsentGiven), withdrawn) == "withdrawn"
    assert of_email(desk, said(ConsentGiven), withdrawn, said(ConsentGiven)) is None


def test_a_withdrawal_of_another_channel_or_purpose_ends_nothing(desk: Office) -> None:
    assert of_email(desk, said(ConsentGiven), said(ConsentWithdrawn, SMS, None)) is None
    assert of_email(desk, said(ConsentGiven), said(ConsentWithdrawn, None, EVENTS)) is None


def test_an_objection_beats_every_consent_also_one_given_since(desk: Office) -> None:
    objected = said(ObjectionRaised, None, None)
    assert of_email(desk, said(ConsentGiven), objected) == "objection"
    assert of_email(desk, objected, said(ConsentGiven)) == "objection"
    assert of_email(desk, objected, said(ConsentGiven), said(ObjectionLifted)) is None
    assert of_email(desk, objected, said(ObjectionLifted)) == "no_consent"


def test_who_objects_to_everything_may_allow_one_channel_again(desk: Office) -> None:
    agreed = [said(ConsentGiven, each) for each in (EMAIL, CALL)]
    found = hindrances(given(THERE, *agreed, said(ObjectionRaised, None, None), said(ObjectionLifted, EMAIL)).at(desk))
    assert (found["email", "news"], found["call", "news"]) == (None, "objection")


def test_it_counts_when_it_was_said_and_not_when_it_was_recorded(desk: Office) -> None:
    assert of_email(desk, said(ConsentWithdrawn, at=9), said(ConsentGiven, at=5)) == "withdrawn"
    assert of_email(desk, said(ObjectionLifted, at=9), said(ObjectionRaised, at=5), said(ConsentGiven)) is None


@pytest.mark.parametrize("order", [(ConsentGiven, ConsentWithdrawn), (ConsentWithdrawn, ConsentGiven)])
def test_of_two_words_of_one_moment_the_stricter_counts(desk: Office, order: Sequence[type[Word]]) -> None:
    assert of_email(desk, *(said(each, at=5) for each in order)) == "withdrawn"


def test_what_was_recorded_in_error_counts_no_more_and_what_it_hid_counts_again(desk: Office) -> None:
    error = on(MAY_ROMASHKA, fact(PermissionEntryRetracted, number=2))
    assert of_email(desk, said(ConsentGiven), said(ConsentWithdrawn), error) is None
    assert of_email(desk, said(ConsentGiven), said(ObjectionRaised, CALL), error) is None
    first = on(MAY_ROMASHKA, fact(PermissionEntryRetracted))
    assert of_email(desk, said(ConsentGiven), first) == "no_consent"


@pytest.mark.parametrize(("whose", "answers"), [(ROMASHKA, HOLDING), (HOLDING, ROMASHKA)])
def test_of_two_who_are_one_the_stricter_counts_and_apart_each_has_its_own(
    desk: Office, whose: UUID, answers: UUID
) -> None:
    """Whichever of them answers, and whichever said it last."""
    words = said(ConsentGiven), said(ConsentWithdrawn, by=HOLDING, at=1)
    merged = joined(whose, answers)
    for asked in (ROMASHKA, HOLDING):
        assert of_email(desk, OTHER, *words, merged, client_id=asked) == "withdrawn"
    apart = on(whose, fact(ClientUnmergedFrom, survivor_id=answers))
    assert of_email(desk, OTHER, *words, merged, apart) is None
    assert of_email(desk, OTHER, *words, merged, apart, client_id=HOLDING) == "withdrawn"


def test_an_objection_of_either_counts_of_both(desk: Office) -> None:
    words = said(ConsentGiven), said(ObjectionRaised, None, None, by=HOLDING, at=1)
    assert of_email(desk, OTHER, *words, joined(HOLDING, ROMASHKA)) == "objection"
    assert of_email(desk, OTHER, *words, joined(ROMASHKA, HOLDING)) == "objection"


def test_a_consent_of_either_is_enough_where_the_other_said_nothing(desk: Office) -> None:
    assert of_email(desk, OTHER, said(ConsentGiven, by=HOLDING), joined(HOLDING, ROMASHKA)) is None


def test_what_is_said_since_two_are_one_is_said_of_both(desk: Office) -> None:
    words = said(ConsentWithdrawn, by=HOLDING), said(ObjectionRaised, by=HOLDING), joined(HOLDING, ROMASHKA)
    again = said(ConsentGiven), said(ObjectionLifted)
    assert of_email(desk, OTHER, *words, *again) is None
    assert of_email(desk, OTHER, *words, *again, said(ObjectionRaised, by=HOLDING)) == "objection"
    # What is dated before they were one is its own's.
    before = said(ConsentGiven, at=4), said(ObjectionLifted, at=4)
    assert of_email(desk, OTHER, *words, *before) == "objection"


def test_of_a_chain_it_is_said_since_the_last_one_came(desk: Office) -> None:
    told = OTHER, THIRD, said(ConsentWithdrawn, by=LUTIK), joined(LUTIK, HOLDING), said(ConsentGiven)
    chain = joined(HOLDING, ROMASHKA), on(LUTIK, fact(ClientMergedInto, survivor_id=ROMASHKA, into_id=HOLDING))
    assert of_email(desk, *told, *chain) == "withdrawn"
    assert of_email(desk, *told, *chain, said(ConsentGiven)) is None


def test_the_words_are_told_the_latest_first_with_where_they_stand(desk: Office) -> None:
    visit = given(
        on(ANNA, fact(StaffHired)), THERE,
        on(MAY_ROMASHKA, fact(ConsentGiven), actor=ANNA), on(MAY_ROMASHKA, fact(ObjectionRaised), actor="shop"),
        on(MAY_ROMASHKA, fact(PermissionEntryRetracted, number=2), actor=ANNA),
    ).at(desk)  # fmt: skip
    objection = {"number": 2, "says": "objection_raised", "addressed_by": "call", "purpose": None, "source": "call",
                 "evidence": None, "text_version": None, "said_at": moment(4), "actor": "shop", "staff_name": None,
                 "retracted_at": moment(5), "retracted_by": ANNA, "retracted_by_name": "Anna",
                 "retract_reason": "it was another client"}  # fmt: skip
    consent = {"client_id": ROMASHKA, "number": 1, "says": "consent_given", "text_version": "2026-06",
               "said_at": moment(3), "staff_id": ANNA, "staff_name": "Anna", "retracted_at": None,
               "evidence": "Ticked the box, and answered the letter of confirmation"}  # fmt: skip
    visit.asks(f"/clients/{ROMASHKA}/permissions").answers({"client_id": ROMASHKA, "entries": [objection, consent]})


def test_whoever_reads_no_texts_is_not_told_how_it_can_be_proved(desk: Office) -> None:
    visit = given(THERE, said(ConsentGiven)).at(desk)
    [entry] = visit.asks(f"/clients/{ROMASHKA}/permissions", "marketer").response.json()["entries"]
    assert PermissionEntry.model_validate(entry).evidence is None


class Said(NamedTuple):
    """A word, as the naive twin of the figure has it."""

    by: UUID
    is_objection: bool
    allows: bool
    addressed_by: str | None
    purpose: str | None
    at: datetime
    number: int


def may(words: Iterable[Said], parts: dict[UUID, datetime], cell: tuple[str, str]) -> PermissionHindrance | None:
    """Return why not, worked out the long way: word by word, client by client."""
    of_cell = [word for word in words if word.addressed_by in {None, cell[0]} and word.purpose in {None, cell[1]}]

    def last(some: Iterable[Said]) -> bool | None:
        ordered = sorted(some, key=lambda word: (word.at, not word.allows))
        return ordered[-1].allows if ordered else None

    def counts(is_objection: bool) -> bool | None:
        some = [word for word in of_cell if word.is_objection is is_objection]
        if parts:
            since = last(word for word in some if word.at > max(parts.values()))
            if since is not None:
                return since
        each = [last(word for word in some if word.by == one) for one in (ROMASHKA, *parts)]
        known = [one for one in each if one is not None]
        return all(known) if known else None

    if counts(True) is False:
        return "objection"
    return {True: None, False: "withdrawn", None: "no_consent"}[counts(False)]


@pytest.mark.parametrize("seed", range(12))
def test_it_is_what_it_is_worked_out_the_long_way(desk: Office, seed: int) -> None:
    random = Random(seed)
    members = (ROMASHKA, HOLDING, LUTIK)[: 1 + seed % 3]
    told: list[Told] = [THERE, OTHER, THIRD]
    words: list[Said] = []
    numbers = dict.fromkeys(members, 0)
    parts = {each: moment(random.randint(5, 25)) for each in members[1:]}
    told += [on(each, fact(ClientMergedInto, survivor_id=ROMASHKA, into_id=ROMASHKA), occurred_at=at)
             for each, at in parts.items()]  # fmt: skip
    for _ in range(25):
        by, kind = random.choice(members), random.choice(get_args(Word))
        is_wide = kind is not ConsentGiven and random.random() < 0.5
        addressed_by = None if is_wide else random.choice((EMAIL, CALL))
        purpose = None if is_wide and random.random() < 0.7 else random.choice((NEWS, EVENTS))
        at = random.randint(1, 30)
        told.append(said(kind, addressed_by, purpose, at=at, by=by))
        numbers[by] += 1
        words.append(
            Said(by, kind in {ObjectionRaised, ObjectionLifted}, kind in {ConsentGiven, ObjectionLifted},
                 addressed_by, purpose, moment(at), numbers[by])
        )  # fmt: skip
    for word in random.sample(words, 5):
        event: Event = fact(PermissionEntryRetracted, client_id=word.by, number=word.number)
        told.append(on(permission_of(word.by), event))
        words.remove(word)
    visit = given(*told).at(desk)
    found = hindrances(visit)
    expected: dict[tuple[str, str], Any] = {cell: may(words, parts, cell) for cell in found}
    assert found == expected
    for cell in ((by.value, purpose.value) for by in (EMAIL, CALL) for purpose in (NEWS, EVENTS)):
        listed = visit.asks("/clients?addressed_by={}&purpose={}&fields=name".format(*cell)).response.json()["items"]
        assert (str(ROMASHKA) in {one["client_id"] for one in listed}) is (found[cell] is None)
