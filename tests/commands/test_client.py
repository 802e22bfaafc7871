"""A client's card: what may be entered, corrected and put away, and what its identities are then."""

import pytest
from pydantic import ValidationError

from aggregates.base import AlreadyExistsError, Identity, NotFoundError
from aggregates.client import Client
from aggregates.client_errors import (
    ContactPointExistsError,
    ContactPointIsUnknownError,
    DuplicateNeedsRightError,
    LastContactPointError,
    LifecycleRunsForwardError,
    NotAnOrganisationError,
    ReasonNeededError,
    TooManyContactPointsError,
)
from aggregates.client_state import MOST_CONTACT_POINTS
from aggregates.identity import HOME
from aggregates.identity_errors import WrongEmailError, WrongPhoneError, WrongTaxIdError
from commands.base import Command
from commands.client import (
    AdvanceLifecycle,
    ArchiveClient,
    CorrectProfile,
    RegisterClient,
    RenameClient,
    RestoreClient,
)
from commands.contact_point import AddContactPoint, ContactPointGiven, CorrectContactPoint, RemoveContactPoint
from commands.registration import CorrectTaxId
from events.client import (
    ClientAffiliated,
    ClientArchived,
    ClientRegistered,
    ClientRenamed,
    ClientRestored,
    ContactPointAdded,
    ContactPointCorrected,
    ContactPointRemoved,
    LifecycleAdvanced,
    ProfileCorrected,
    TaxIdCorrected,
)
from events.values import AffiliationRole, ClientKind, Confidence, ContactKind, Lifecycle, ProfileField
from tests.examples import EMAIL, INN, OFFICE_PHONE, OLGA, OLGAS_EMAIL, PHONE, ROMASHKA, command, fact
from tests.story import BEFORE, Told, by, given, nth_id, on

THERE = on(ROMASHKA, fact(ClientRegistered))
EMAILED = on(ROMASHKA, fact(ContactPointAdded))
ARCHIVED = on(ROMASHKA, fact(ClientArchived))
PHONE_HELD = Identity("phone", "+79223251293")
EMAIL_HELD = Identity("email", "olga@romashka.example")
INN_HELD = Identity("tax_id", INN)
PERSON = command(RegisterClient, client_id=OLGA, kind=ClientKind.PERSON, name="Olga", tax_id=None)


def test_a_client_is_registered_with_the_phone_as_typed_and_as_it_is_compared() -> None:
    story = given().when(command(RegisterClient)).then(THERE)
    assert story.stream(Client, ROMASHKA).points[ContactKind.PHONE, "+79223251293"].value == "8 (922) 325-12-93"


def test_a_client_without_a_given_id_gets_one() -> None:
    given().when(command(RegisterClient, client_id=None)).then(on(nth_id(1), fact(ClientRegistered)))


def test_the_same_id_is_not_registered_twice() -> None:
    given(THERE).when(command(RegisterClient)).then_refused(AlreadyExistsError, kind="client", id=ROMASHKA)


def test_a_client_without_a_way_to_reach_them_is_no_client() -> None:
    with pytest.raises(ValidationError, match="contact_points"):
        command(RegisterClient, contact_points=())


def test_the_same_phone_typed_twice_is_one_contact_point() -> None:
    again = ContactPointGiven(kind=ContactKind.PHONE, value="+7 922 325 12 93", label="office")
    story = given().when(command(RegisterClient, contact_points=(OFFICE_PHONE, again)))
    assert list(story.stream(Client, ROMASHKA).points) == [(ContactKind.PHONE, "+79223251293")]


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [(ContactKind.PHONE, "call me", WrongPhoneError), (ContactKind.EMAIL, "olga at home", WrongEmailError)],
)
def test_what_cannot_be_a_phone_or_an_email_is_refused(
    kind: ContactKind, value: str, error: type[WrongPhoneError]
) -> None:
    point = ContactPointGiven(kind=kind, value=value)
    given().when(command(RegisterClient, contact_points=(point,))).then_refused(error)


def test_a_persons_tax_number_has_twelve_digits() -> None:
    ask = PERSON.model_copy(update={"tax_id": INN})
    given().when(ask).then_refused(WrongTaxIdError, digits=12)


def test_a_contact_person_is_registered_and_affiliated_in_one_decision() -> None:
    ask = PERSON.model_copy(update={"organisation_id": ROMASHKA, "affiliation_role": AffiliationRole.BUYER})
    registered = fact(ClientRegistered, kind=ClientKind.PERSON, name="Olga", tax_id=None)
    story = given(THERE).when(ask).then(on(OLGA, registered, fact(ClientAffiliated)))
    assert story.stream(Client, OLGA).identities() == {Identity("phone", "+79223251293", (ROMASHKA,))}


def test_only_a_person_is_registered_as_a_contact_person() -> None:
    with pytest.raises(ValidationError, match="only a person"):
        command(RegisterClient, client_id=OLGA, organisation_id=ROMASHKA)


def test_a_contact_person_is_an_organisations_and_no_other_persons() -> None:
    person = on(ROMASHKA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None))
    ask = PERSON.model_copy(update={"organisation_id": ROMASHKA})
    given(person).when(ask).then_refused(NotAnOrganisationError, client_id=ROMASHKA)


@pytest.mark.parametrize("role", ["head", "operator", "admin"])
def test_a_duplicate_is_entered_knowingly_with_a_right_and_a_reason(role: str) -> None:
    ask = command(RegisterClient, allow_duplicate=True, duplicate_reason="twins")
    story = given().when(ask, by(role)).then(on(ROMASHKA, fact(ClientRegistered, duplicate_reason="twins")))
    held = story.stream(Client, ROMASHKA).identities()
    assert held == {PHONE_HELD._replace(may_share_with=None), INN_HELD._replace(may_share_with=None)}


def test_a_seller_enters_no_duplicate() -> None:
    ask = command(RegisterClient, allow_duplicate=True, duplicate_reason="twins")
    given().when(ask, by("seller")).then_refused(DuplicateNeedsRightError, role="seller")
    ask_more = command(AddContactPoint, allow_duplicate=True, duplicate_reason="twins")
    given(THERE).when(ask_more, by("seller")).then_refused(DuplicateNeedsRightError)


def test_a_duplicate_without_a_reason_is_not_asked_for() -> None:
    with pytest.raises(ValidationError, match="go together"):
        command(RegisterClient, allow_duplicate=True)
    with pytest.raises(ValidationError, match="go together"):
        command(RegisterClient, duplicate_reason="twins")


CHANGES: list[tuple[Command, tuple[object, ...]]] = [
    (command(RenameClient), (fact(ClientRenamed),)),
    (command(AddContactPoint), (fact(ContactPointAdded),)),
    (command(CorrectContactPoint), (fact(ContactPointCorrected),)),
    (command(CorrectTaxId, tax_id=None), (TaxIdCorrected(from_tax_id=INN, source="contract"),)),
    (command(CorrectProfile), (fact(ProfileCorrected),)),
    (command(AdvanceLifecycle), (fact(LifecycleAdvanced),)),
]
NAMES = [ask.command_name() for ask, _ in CHANGES]


@pytest.mark.parametrize(("ask", "facts"), CHANGES, ids=NAMES)
def test_a_change_is_recorded_once(ask: Command, facts: tuple[object, ...]) -> None:
    change = on(ROMASHKA, *facts)  # type: ignore[arg-type]
    given(THERE).when(ask).then(change)


@pytest.mark.parametrize(
    ("ask", "facts"), [each for each in CHANGES if not isinstance(each[0], CorrectContactPoint)], ids=str
)
def test_a_change_that_is_there_already_records_nothing(ask: Command, facts: tuple[object, ...]) -> None:
    given(THERE, on(ROMASHKA, *facts)).when(ask).then_nothing()  # type: ignore[arg-type]


@pytest.mark.parametrize("ask", [ask for ask, _ in CHANGES], ids=NAMES)
def test_nobodys_card_is_not_changed(ask: Command) -> None:
    given().when(ask).then_refused(NotFoundError, kind="client", id=ROMASHKA)


def test_a_contact_point_corrected_to_itself_records_nothing() -> None:
    given(THERE).when(command(CorrectContactPoint, to_point=OFFICE_PHONE)).then_nothing()


def test_an_unknown_contact_point_is_not_corrected() -> None:
    ask = command(CorrectContactPoint, from_point=OLGAS_EMAIL, to_point=OFFICE_PHONE)
    given(THERE).when(ask).then_refused(ContactPointIsUnknownError, kind=ContactKind.EMAIL)


def test_two_contact_points_do_not_become_one() -> None:
    given(THERE, EMAILED).when(command(CorrectContactPoint)).then_refused(
        ContactPointExistsError, kind=ContactKind.EMAIL
    )


def test_a_contact_point_is_removed_but_never_the_last() -> None:
    ask = command(RemoveContactPoint)
    removed = on(ROMASHKA, fact(ContactPointRemoved))
    given(THERE, EMAILED).when(ask).then(removed)
    given(THERE, EMAILED, removed).when(ask).then_nothing()
    given(THERE).when(command(RemoveContactPoint, point=OFFICE_PHONE)).then_refused(LastContactPointError)


def test_a_point_that_is_there_is_not_added_in_another_spelling() -> None:
    labelled = command(AddContactPoint, point=OFFICE_PHONE.model_copy(update={"label": "home"}))
    given(THERE).when(labelled).then_refused(ContactPointExistsError, kind=ContactKind.PHONE)


def written_to(count: int) -> Told:
    """Give the client, who has a phone, so many addresses beside it."""
    mails = [ContactPointGiven(kind=ContactKind.EMAIL, value=f"{number}@x.example") for number in range(count)]
    return on(ROMASHKA, *(fact(ContactPointAdded, point=mail.with_key("", HOME)) for mail in mails))


def test_a_client_has_only_so_many_contact_points() -> None:
    ask = command(AddContactPoint)
    given(THERE, written_to(MOST_CONTACT_POINTS - 2)).when(ask).then(EMAILED)
    full = (THERE, written_to(MOST_CONTACT_POINTS - 2), EMAILED)
    given(*full).when(ask).then_nothing()
    other = command(AddContactPoint, point=ContactPointGiven(kind=ContactKind.SITE, value="romashka.example"))
    given(*full).when(other).then_refused(TooManyContactPointsError, client_id=ROMASHKA, most=MOST_CONTACT_POINTS)
    removed = on(ROMASHKA, fact(ContactPointRemoved))
    given(*full, removed).when(other).then(
        on(ROMASHKA, fact(ContactPointAdded, point=other.point.with_key("", HOME), source=other.source))
    )


def test_a_client_who_had_more_already_keeps_them_and_everything_else_works() -> None:
    crowded = (THERE, written_to(MOST_CONTACT_POINTS + 20), EMAILED)
    asked = [each for each in CHANGES if not isinstance(each[0], AddContactPoint | CorrectContactPoint)]
    renewed = OLGAS_EMAIL.model_copy(update={"label": "new"})
    asked += [
        (command(RemoveContactPoint), (fact(ContactPointRemoved),)),
        (
            command(CorrectContactPoint, from_point=OLGAS_EMAIL, to_point=renewed),
            (fact(ContactPointCorrected, from_point=EMAIL, to_point=renewed.with_key("", HOME)),),
        ),
    ]
    for ask, facts in asked:
        given(*crowded).when(ask).then(on(ROMASHKA, *facts))  # type: ignore[arg-type]


def test_a_trait_is_told_again_when_it_is_told_more_surely() -> None:
    ask = CorrectProfile(
        client_id=ROMASHKA, field=ProfileField.SECTOR, value="retail", source="call", confidence=Confidence.STATED
    )
    told = ProfileCorrected(
        field=ProfileField.SECTOR, from_value="retail", to_value="retail", source="call", confidence=Confidence.STATED
    )
    given(THERE).when(ask).then(on(ROMASHKA, told))


def test_a_trait_that_nobody_knew_is_not_forgotten() -> None:
    ask = CorrectProfile(client_id=ROMASHKA, field=ProfileField.BIRTHDAY, value=None)
    given(THERE).when(ask).then_nothing()


def test_a_relationship_does_not_run_backwards() -> None:
    regular = on(ROMASHKA, fact(LifecycleAdvanced, to_state=Lifecycle.REGULAR))
    story = given(THERE, regular).when(command(AdvanceLifecycle, reason="why not"))
    story.then_refused(LifecycleRunsForwardError, from_state=Lifecycle.REGULAR, to_state=Lifecycle.CONTACTED)


def test_losing_a_client_and_winning_one_back_need_a_reason() -> None:
    lost = on(ROMASHKA, fact(LifecycleAdvanced, to_state=Lifecycle.LOST, reason="prices"))
    given(THERE).when(command(AdvanceLifecycle, to_state=Lifecycle.LOST)).then_refused(ReasonNeededError)
    given(THERE).when(command(AdvanceLifecycle, to_state=Lifecycle.LOST, reason="prices")).then(lost)
    given(THERE, lost).when(command(AdvanceLifecycle)).then_refused(ReasonNeededError)
    back = fact(LifecycleAdvanced, from_state=Lifecycle.LOST, to_state=Lifecycle.CONTACTED, reason="new prices")
    given(THERE, lost).when(command(AdvanceLifecycle, reason="new prices")).then(on(ROMASHKA, back))


def test_an_archived_client_holds_no_identity_until_restored() -> None:
    archived = given(THERE).when(command(ArchiveClient)).then(ARCHIVED)
    assert archived.stream(Client, ROMASHKA).identities() == frozenset()
    given(THERE, ARCHIVED).when(command(ArchiveClient)).then_nothing()
    restored = given(THERE, ARCHIVED).when(command(RestoreClient)).then(on(ROMASHKA, fact(ClientRestored)))
    assert restored.stream(Client, ROMASHKA).identities() == {PHONE_HELD, INN_HELD}
    given(THERE).when(command(RestoreClient)).then_nothing()


def test_an_address_is_no_identity() -> None:
    place = ContactPointGiven(kind=ContactKind.ADDRESS, value="Lenina 1")
    story = given(THERE).when(command(AddContactPoint, point=place))
    assert story.stream(Client, ROMASHKA).identities() == {PHONE_HELD, INN_HELD}


def test_a_corrected_email_is_another_identity() -> None:
    story = given(THERE).when(command(CorrectContactPoint))
    assert story.stream(Client, ROMASHKA).identities() == {EMAIL_HELD, INN_HELD}
    assert (PHONE.key, EMAIL.key) == (PHONE_HELD.key, EMAIL_HELD.key)


def test_a_command_takes_its_own_moment() -> None:
    story = given().when(command(RegisterClient, occurred_at=BEFORE))
    assert story.recorded[0].occurred_at == BEFORE


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "\ud800", "x" * 201])
def test_a_name_is_a_line_of_text(name: str) -> None:
    with pytest.raises(ValidationError):
        command(RenameClient, name=name)
