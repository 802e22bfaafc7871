"""A tax number is its digits, with the check digits of its kind; what cannot be one is refused."""

import pytest

from aggregates.identity_errors import WrongKppError, WrongOgrnError, WrongTaxIdError
from aggregates.tax_id import Registered, kept_numbers, registration_key, right_numbers, tax_id_key
from events import registration
from events.values import ClientKind, RegistrationNumber
from infra import mailboxes

FIRM, PERSON = ClientKind.ORGANISATION, ClientKind.PERSON
KPP, OGRN = RegistrationNumber


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("7707083893", ClientKind.ORGANISATION),
        ("77 07 083893", ClientKind.ORGANISATION),
        ("500100732259", ClientKind.PERSON),
    ],
)
def test_a_tax_number_with_right_check_digits_is_kept_as_digits(typed: str, kind: ClientKind) -> None:
    assert tax_id_key(typed, kind) == typed.replace(" ", "")


@pytest.mark.parametrize("place", range(10))
def test_one_wrong_digit_of_an_organisations_tax_number_is_found(place: int) -> None:
    right = "7707083893"
    wrong = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
    with pytest.raises(WrongTaxIdError):
        tax_id_key(wrong, ClientKind.ORGANISATION)


@pytest.mark.parametrize("place", [10, 11])
def test_both_check_digits_of_a_persons_tax_number_are_checked(place: int) -> None:
    right = "500100732259"
    wrong = right[:place] + str((int(right[place]) + 1) % 10) + right[place + 1 :]
    with pytest.raises(WrongTaxIdError):
        tax_id_key(wrong, ClientKind.PERSON)


@pytest.mark.parametrize("typed", ["", "0000000000", "770708389", "77070838933", "770708389X", "7707-083-893"])
def test_what_is_no_tax_number_of_an_organisation_is_refused(typed: str) -> None:
    with pytest.raises(WrongTaxIdError) as refused:
        tax_id_key(typed, ClientKind.ORGANISATION)
    assert refused.value.facts == {"digits": 10}


def test_a_check_digit_of_ten_is_a_nought() -> None:
    assert tax_id_key("7700000070", ClientKind.ORGANISATION) == "7700000070"


def test_both_check_digits_of_a_person_count() -> None:
    assert tax_id_key("500100732259", ClientKind.PERSON) == "500100732259"
    for typed in ("500100732202", "500100732258"):
        with pytest.raises(WrongTaxIdError):
            tax_id_key(typed, ClientKind.PERSON)


TAX_IDS: dict[tuple[str, ClientKind, str], str | None] = {
    ("7707083893", FIRM, "RU"): "7707083893",
    (" 7707083893 ", FIRM, "RU"): "7707083893",
    ("77\u00a007\u00a0083893", FIRM, "RU"): "7707083893",
    ("\u200b7707083893", FIRM, "RU"): "7707083893",
    ("７７０７０８３８９３", FIRM, "RU"): "7707083893",
    ("٧٧٠٧٠٨٣٨٩٣", FIRM, "RU"): "7707083893",
    ("500100732259", PERSON, "RU"): "500100732259",
    ("5001 0073 2259", PERSON, "RU"): "500100732259",
    ("7707083894", FIRM, "RU"): None,
    ("500100732259", FIRM, "RU"): None,
    ("7707083893", PERSON, "RU"): None,
    ("770708389З", FIRM, "RU"): None,
    ("ИНН 7707083893", FIRM, "RU"): None,
    ("192039399", FIRM, "BY"): None,
    ("200988541", FIRM, "BY"): "200988541",
    ("УНП 200988541", FIRM, "BY"): "200988541",
    ("DE 136,695 976", FIRM, "DE"): "136695976",
    ("DE136695976", FIRM, "DE"): "136695976",
    ("136695978", FIRM, "DE"): None,
    ("14360570", FIRM, "UA"): "14360570",
    ("27725414-2-13", FIRM, "HU"): None,
    ("27725414-2-133", FIRM, "HU"): None,
    ("1234567A", FIRM, "TW"): None,
    ("123456789012", FIRM, "KZ"): "123456789012",
    ("1234 5678 9012", FIRM, "KZ"): "123456789012",
    ("12", FIRM, "KZ"): None,
    ("нет", FIRM, "KZ"): None,
    ("", FIRM, "DE"): None,
}

REGISTRATIONS: dict[tuple[RegistrationNumber, str, ClientKind], str | None] = {
    (KPP, "770701001", FIRM): "770701001",
    (KPP, "7707 01 001", FIRM): "770701001",
    (KPP, "7707\u00a001\u00a0001", FIRM): "770701001",
    (KPP, "7707ab001", FIRM): "7707AB001",
    # Cyrillic capitals that look like Latin ones
    (KPP, "7707АВ001", FIRM): "7707AB001",
    (KPP, "77070100", FIRM): None,
    (KPP, "7707010011", FIRM): None,
    (KPP, "нет", FIRM): None,
    (KPP, "770701001", PERSON): None,
    (OGRN, "1027700132195", FIRM): "1027700132195",
    (OGRN, "1 027 700 132 195", FIRM): "1027700132195",
    (OGRN, "1027700132196", FIRM): None,
    (OGRN, "102770013219", FIRM): None,
    (OGRN, "385768585948949", PERSON): "385768585948949",
    (OGRN, "385768585948949", FIRM): None,
    (OGRN, "385768585948948", PERSON): None,
}


@pytest.mark.parametrize(("given", "key"), TAX_IDS.items())
def test_a_tax_number_is_one_by_the_rules_of_its_country(given: tuple[str, ClientKind, str], key: str | None) -> None:
    if key is None:
        with pytest.raises(WrongTaxIdError):
            tax_id_key(*given)
    else:
        assert tax_id_key(*given) == key


@pytest.mark.parametrize(("given", "key"), REGISTRATIONS.items())
def test_kpp_and_ogrn_are_what_the_state_gives_such_a_client(
    given: tuple[RegistrationNumber, str, ClientKind], key: str | None
) -> None:
    if key is None:
        with pytest.raises(WrongKppError if given[0] is KPP else WrongOgrnError):
            registration_key(*given)
    else:
        assert registration_key(*given) == key


def test_of_old_records_each_number_is_kept_as_it_was_written_where_it_is_wrong() -> None:
    written = Registered("77 07 083893", kpp="7707 01 001", ogrn="1")
    assert kept_numbers(written, FIRM) == Registered("7707083893", kpp="770701001", ogrn="1")
    assert kept_numbers(Registered("7707083894"), FIRM) == Registered("7707083894", is_tax_id_wrong=True)
    assert kept_numbers(Registered(), FIRM) == right_numbers(Registered(), FIRM) == Registered()
    with pytest.raises(WrongOgrnError):
        right_numbers(written, FIRM)


def test_facts_and_what_compares_them_mean_the_same_country_where_none_is_said() -> None:
    assert mailboxes.HOME_COUNTRY == registration.HOME_COUNTRY
