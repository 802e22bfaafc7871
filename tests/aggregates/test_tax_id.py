"""A tax number is its digits, with the check digits of its kind; what cannot be one is refused."""

import pytest

from aggregates.identity_errors import WrongTaxIdError
from aggregates.tax_id import tax_id_key
from events.values import ClientKind


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
