"""Who puts a slip of the pen right: whoever made it, for a day, if no other owns the client; an operator always."""

from datetime import timedelta

import pytest

from aggregates.client_errors import (
    ClientIsArchivedError,
    ClientIsOwnedError,
    ContactPointIsUnknownError,
    CorrectionNeedsRightError,
    LastContactPointError,
)
from commands.base import Actor, Command
from commands.client import AdvanceLifecycle, CorrectProfile, RenameClient
from commands.contact_point import AddContactPoint, ContactPointGiven, CorrectContactPoint, RemoveContactPoint
from commands.registration import CorrectTaxId
from commands.registry import COMMANDS
from events.base import Event
from events.client import (
    ClientArchived,
    ClientClaimed,
    ClientRegistered,
    ClientRenamed,
    ContactPointAdded,
    ContactPointCorrected,
    ContactPointRemoved,
    TaxIdCorrected,
)
from events.staff import StaffHired
from events.values import ContactKind, StaffRole
from tests.examples import ANNA, BORIS, EMAIL, INN, OFFICE_PHONE, OLGAS_EMAIL, ROMASHKA, VERA, command, fact
from tests.story import TODAY, Told, by, given, on

AS_ANNA, AS_BORIS, AS_VERA, OPERATOR = by("seller", ANNA), by("seller", BORIS), by("head", VERA), by("operator", BORIS)
COMPANY = (
    on(ANNA, fact(StaffHired, name="Anna")),
    on(BORIS, fact(StaffHired, name="Boris")),
    on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD)),
)
OTHER_EMAIL = ContactPointGiven(kind=ContactKind.EMAIL, value="olga@romashka.org")
SLIPS: tuple[Command, ...] = (
    command(RenameClient),
    command(CorrectTaxId, tax_id=None),
    command(CorrectContactPoint),
    command(RemoveContactPoint),
)
NAMES = [slip.command_name() for slip in SLIPS]


def entered(hours: float, *more: Event, who: object = ANNA) -> Told:
    """Romashka with a phone and an e-mail, entered so many hours ago."""
    points = fact(ClientRegistered).contact_points
    return on(
        ROMASHKA,
        fact(ClientRegistered, contact_points=points if more else (*points, EMAIL)),
        *more,
        occurred_at=TODAY - timedelta(hours=hours),
        actor=str(who),
    )


def slip(asked: Command) -> Command:
    """The command as it is asked of a client who has both points: a phone is corrected to another e-mail."""
    return asked.model_copy(update={"to_point": OTHER_EMAIL}) if isinstance(asked, CorrectContactPoint) else asked


@pytest.mark.parametrize("asked", SLIPS, ids=NAMES)
@pytest.mark.parametrize("who", [AS_ANNA, by("head", ANNA)])
def test_who_entered_a_value_corrects_it_for_a_day(asked: Command, who: Actor) -> None:
    for hours in (23, 24):
        assert given(*COMPANY, entered(hours)).when(slip(asked), who).recorded
    story = given(*COMPANY, entered(25)).when(slip(asked), who)
    story.then_refused(CorrectionNeedsRightError, client_id=ROMASHKA, hours=24, since=TODAY - timedelta(hours=25))
    assert story.refusal is not None
    assert f"{story.refusal.facts['hours']} hours" == "24 hours"


@pytest.mark.parametrize("asked", SLIPS, ids=NAMES)
def test_nobody_else_does_but_operators_and_admins_always(asked: Command) -> None:
    for who in (AS_BORIS, AS_VERA):
        given(*COMPANY, entered(1)).when(slip(asked), who).then_refused(CorrectionNeedsRightError, since=None)
    for who in (OPERATOR, by("admin", "letopis")):
        assert given(*COMPANY, entered(10_000)).when(slip(asked), who).recorded
    assert {"operator", "admin", "seller", "head"} == type(asked).ROLES


@pytest.mark.parametrize("asked", SLIPS, ids=NAMES)
def test_a_client_of_somebody_else_is_left_alone_and_ones_own_is_not(asked: Command) -> None:
    theirs, own = (on(ROMASHKA, fact(ClientClaimed, owner_id=whose)) for whose in (BORIS, ANNA))
    given(*COMPANY, entered(1), theirs).when(slip(asked), AS_ANNA).then_refused(ClientIsOwnedError, owner_id=BORIS)
    assert given(*COMPANY, entered(1), own).when(slip(asked), AS_ANNA).recorded


def test_correcting_again_and_again_does_not_begin_the_day_anew() -> None:
    email = EMAIL.model_copy(update={"value": OTHER_EMAIL.value, "key": OTHER_EMAIL.value})
    corrected: tuple[tuple[Event, Command], ...] = (
        (ClientRenamed(from_name="x", to_name="Romashka"), command(RenameClient)),
        (TaxIdCorrected(from_tax_id=None, to_tax_id=INN, source="x"), command(CorrectTaxId, tax_id=None)),
        (
            ContactPointCorrected(from_point=fact(ClientRegistered).contact_points[0], to_point=email, source="x"),
            RemoveContactPoint(client_id=ROMASHKA, point=OTHER_EMAIL),
        ),
    )
    for told, again in corrected:
        by_anna, by_boris = (on(ROMASHKA, told, occurred_at=TODAY, actor=str(who)) for who in (ANNA, BORIS))
        given(*COMPANY, entered(25), by_anna).when(again, AS_ANNA).then_refused(CorrectionNeedsRightError)
        # Whoever put another's value right entered the new one.
        assert given(*COMPANY, entered(25), by_boris).when(again, AS_BORIS).recorded
    by_operator = on(ROMASHKA, ClientRenamed(from_name="x", to_name="Romashka"), occurred_at=TODAY, actor="operator")
    given(*COMPANY, entered(1), by_operator).when(command(RenameClient), AS_ANNA).then_refused(
        CorrectionNeedsRightError, since=None
    )


def test_a_point_that_was_corrected_or_taken_away_is_unknown_whoever_asks() -> None:
    corrected = ContactPointCorrected(from_point=fact(ClientRegistered).contact_points[0], to_point=EMAIL, source="x")
    asked = CorrectContactPoint(client_id=ROMASHKA, from_point=OFFICE_PHONE, to_point=OTHER_EMAIL)
    given(*COMPANY, entered(1, corrected)).when(asked, AS_ANNA).then_refused(ContactPointIsUnknownError)
    again = RemoveContactPoint(client_id=ROMASHKA, point=OFFICE_PHONE)
    given(*COMPANY, entered(1, corrected)).when(again, AS_ANNA).then_nothing()


def test_a_seller_gives_a_tax_number_that_is_missing() -> None:
    bare = on(ROMASHKA, fact(ClientRegistered, tax_id=None))
    asked = command(CorrectTaxId)
    given(*COMPANY, bare).when(asked, AS_ANNA).then(on(ROMASHKA, TaxIdCorrected(to_tax_id=INN, source="contract")))
    there = on(ROMASHKA, TaxIdCorrected(to_tax_id=INN, source="contract"), occurred_at=TODAY, actor=ANNA)
    nothing = command(CorrectTaxId, tax_id=None)
    assert given(*COMPANY, bare, there).when(nothing, AS_ANNA).recorded
    given(*COMPANY, bare, there).when(nothing, AS_BORIS).then_refused(CorrectionNeedsRightError)


@pytest.mark.parametrize(
    ("asked", "fact_of"),
    [
        (command(AddContactPoint, point=OTHER_EMAIL), ContactPointAdded),
        (command(CorrectContactPoint, to_point=OTHER_EMAIL), ContactPointCorrected),
        (command(RemoveContactPoint), ContactPointRemoved),
        (command(CorrectTaxId, tax_id=None), TaxIdCorrected),
    ],
)
def test_what_an_archived_client_would_be_recognised_by_is_corrected_in_the_archive(
    asked: Command, fact_of: type[Event]
) -> None:
    """Else a phone that was given away meanwhile would keep the card there for ever."""
    (recorded,) = given(entered(1), on(ROMASHKA, fact(ClientArchived))).when(asked, OPERATOR).recorded
    assert type(recorded) is fact_of


@pytest.mark.parametrize("asked", [command(RenameClient), command(CorrectProfile), command(AdvanceLifecycle)])
def test_what_nobody_is_recognised_by_waits_until_the_card_is_restored(asked: Command) -> None:
    given(entered(1), on(ROMASHKA, fact(ClientArchived))).when(asked, OPERATOR).then_refused(ClientIsArchivedError)


def test_the_last_point_of_an_archived_client_is_replaced_and_not_removed() -> None:
    archived = (on(ROMASHKA, fact(ClientRegistered)), on(ROMASHKA, fact(ClientArchived)))
    remove = RemoveContactPoint(client_id=ROMASHKA, point=OFFICE_PHONE)
    given(*archived).when(remove, OPERATOR).then_refused(LastContactPointError)
    add = AddContactPoint(client_id=ROMASHKA, point=OLGAS_EMAIL)
    assert len(given(*archived).when(add, OPERATOR).when(remove, OPERATOR).recorded) == 2


def test_the_description_says_for_how_long() -> None:
    for name in NAMES:
        assert "24 hours" in (COMMANDS[name].__doc__ or "")
