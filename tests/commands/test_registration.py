"""The numbers by which the state knows a client are given and corrected, each with its country and its source."""

import pytest

from aggregates.client_errors import CorrectionNeedsRightError
from aggregates.identity_errors import WrongKppError, WrongOgrnError, WrongTaxIdError
from commands.client import RegisterClient
from commands.registration import CorrectRegistrationNumber, CorrectTaxId
from events.client import ClientRegistered, RegistrationNumberCorrected, TaxIdCorrected
from events.examples import INN, KPP
from events.registration import Registration
from events.values import ClientKind, Confidence, RegistrationNumber
from tests.examples import ANNA, ROMASHKA, command, fact
from tests.story import by, given, on

REGISTERED = on(ROMASHKA, fact(ClientRegistered))
GIVEN = fact(RegistrationNumberCorrected)


def test_a_client_is_entered_with_the_numbers_of_its_country() -> None:
    branch = command(RegisterClient, kpp="7707 01 001", ogrn="1027700132195")
    said = fact(ClientRegistered, registration=Registration(kpp=KPP, ogrn="1027700132195"))
    given().when(branch).then(on(ROMASHKA, said))
    minsk = command(RegisterClient, tax_id="УНП 200988541", tax_country="BY")
    abroad = fact(ClientRegistered, tax_id="200988541", registration=Registration(country="BY"))
    given().when(minsk).then(on(ROMASHKA, abroad))


def test_a_kpp_is_given_corrected_and_taken_back_and_said_again_it_records_nothing() -> None:
    given(REGISTERED).when(command(CorrectRegistrationNumber)).then(on(ROMASHKA, GIVEN))
    known = given(REGISTERED, on(ROMASHKA, GIVEN))
    known.when(command(CorrectRegistrationNumber, value="7707 01 001")).then_nothing()
    sure = command(CorrectRegistrationNumber, value=None, confidence=Confidence.VERIFIED)
    taken_back = fact(RegistrationNumberCorrected, from_value=KPP, to_value=None, confidence=Confidence.VERIFIED)
    given(REGISTERED, on(ROMASHKA, GIVEN)).when(sure).then(on(ROMASHKA, taken_back))


@pytest.mark.parametrize(
    ("number", "value", "error"),
    [
        (RegistrationNumber.KPP, "77070100", WrongKppError),
        (RegistrationNumber.OGRN, "1027700132196", WrongOgrnError),
    ],
)
def test_what_is_none_is_told_at_its_field(number: RegistrationNumber, value: str, error: type) -> None:
    asked = command(CorrectRegistrationNumber, number=number, value=value)
    given(REGISTERED).when(asked).then_refused(error, pointer="/value")


def test_a_person_has_no_kpp() -> None:
    person = on(ROMASHKA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None))
    given(person).when(command(CorrectRegistrationNumber)).then_refused(WrongKppError)


def test_a_tax_number_is_corrected_to_one_of_another_country() -> None:
    abroad = command(CorrectTaxId, tax_id="200988541", country="BY")
    moved = fact(TaxIdCorrected, from_tax_id=INN, to_tax_id="200988541", to_country="BY")
    given(REGISTERED).when(abroad).then(on(ROMASHKA, moved))
    wrong = command(CorrectTaxId, tax_id=INN, country="BY")
    given(REGISTERED).when(wrong).then_refused(WrongTaxIdError, kind="elsewhere", country="BY")


def test_a_wrong_number_of_old_records_is_put_right_and_claimed() -> None:
    old = on(ROMASHKA, fact(ClientRegistered, tax_id="7707083894", is_tax_id_wrong=True))
    story = given(old).when(command(CorrectTaxId))
    story.then(on(ROMASHKA, fact(TaxIdCorrected, from_tax_id="7707083894", to_tax_id=INN)))


def test_a_seller_gives_one_that_is_missing_and_leaves_another_s_alone() -> None:
    seller = by("seller", ANNA)
    given(REGISTERED).when(command(CorrectRegistrationNumber), seller).then(on(ROMASHKA, GIVEN))
    given(REGISTERED, on(ROMASHKA, GIVEN)).when(command(CorrectRegistrationNumber, value=None), seller).then_refused(
        CorrectionNeedsRightError
    )
