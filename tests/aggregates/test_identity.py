"""Two spellings of one phone, e-mail or tax number are one; what cannot be one is refused."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregates.identity import (
    PUNCTUATION,
    WrongEmailError,
    WrongPhoneError,
    WrongTaxIdError,
    contact_point,
    email_key,
    phone_key,
    tax_id_key,
)
from aggregates.identity import RUSSIAN as RUSSIAN_TYPED
from events.values import ClientKind, ContactKind

PERM = "342"
RUSSIAN = st.integers(min_value=3_000_000_000, max_value=9_999_999_999).map(str)


@pytest.mark.parametrize(
    "typed",
    ["+79223251293", "+7 922 325-12-93", "8 (922) 325-12-93", "8-922-325-12-93", "(922) 325-12-93", " 9223251293 "],
)
def test_a_phone_is_one_however_it_is_typed(typed: str) -> None:
    assert phone_key(typed) == "+79223251293"


def test_a_city_number_is_of_the_companys_own_city_if_it_has_one() -> None:
    assert phone_key("225-12-93", area_code=PERM) == "+73422251293"
    with pytest.raises(WrongPhoneError):
        phone_key("225-12-93")


def test_a_number_with_its_city_code_is_not_given_another() -> None:
    assert phone_key("8 (343) 222-33-44", area_code=PERM) == "+73432223344"


def test_a_number_of_another_country_keeps_its_country() -> None:
    assert phone_key("+1 212 555 0100") == "+12125550100"
    assert phone_key("020 7183 8750", region="GB") == "+442071838750"


def test_two_extensions_of_one_office_are_two_numbers() -> None:
    office = phone_key("8 (343) 222-33-44")
    assert phone_key("8 (343) 222-33-44 доб. 12") == office + ";ext=12"
    assert phone_key("8 (343) 222-33-44 доб. 13") != phone_key("8 (343) 222-33-44 доб. 12")


@pytest.mark.parametrize("typed", ["", "call me", "12", "+7 922 325-12-9", "+7 922 325-12-93-4444444", "+0 123"])
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(WrongPhoneError):
        phone_key(typed)


@given(
    st.from_regex(r"[3489][() -]{0,2}[0-9]{3}[() -]{0,2}[0-9]{3}[() -]?[0-9]{3}", fullmatch=True),
    st.sampled_from(["+7", "8", "+7 ", "(8", "8 ("]),
)
@settings(max_examples=200)
def test_the_short_way_to_a_russian_key_gives_what_the_numbering_plan_gives(rest: str, start: str) -> None:
    assert RUSSIAN_TYPED.fullmatch((start + rest).translate(PUNCTUATION))
    number = phonenumbers.parse(start + rest, "RU")
    assert phone_key(start + rest) == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@given(RUSSIAN, st.sampled_from(["+7{}", "8{}", "8 ({0:.3}) {0}", "+7-{}", "tel:+7{}"]), st.none() | st.just(PERM))
@settings(max_examples=100)
def test_the_key_of_a_key_is_the_key(digits: str, form: str, area_code: str | None) -> None:
    typed = form.format(digits) if "0:" not in form else f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    key = phone_key(typed, area_code=area_code)
    assert key == f"+7{digits}"
    assert phone_key(key, area_code=area_code) == key


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_any_text_is_a_phone_with_a_stable_key_or_refused(typed: str) -> None:
    try:
        key = phone_key(typed)
    except WrongPhoneError:
        return
    assert phone_key(key) == key
    assert phonenumbers.is_possible_number(phonenumbers.parse(key))


def test_an_email_is_one_in_either_case() -> None:
    assert email_key(" Olga@Romashka.Example ") == "olga@romashka.example"


@pytest.mark.parametrize(
    "typed", ["olga", "@romashka.example", "olga@", "olga@romashka", "a b@romashka.example", "a@.b."]
)
def test_what_is_no_email_is_refused(typed: str) -> None:
    with pytest.raises(WrongEmailError):
        email_key(typed)


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


@pytest.mark.parametrize("typed", ["", "0000000000", "770708389", "77070838933", "٧٧٠٧٠٨٣٨٩٣", "770708389X"])
def test_what_is_no_tax_number_of_an_organisation_is_refused(typed: str) -> None:
    with pytest.raises(WrongTaxIdError) as refused:
        tax_id_key(typed, ClientKind.ORGANISATION)
    assert refused.value.facts == {"digits": 10}


def test_a_contact_point_keeps_what_was_typed() -> None:
    point = contact_point(ContactKind.PHONE, "8 (922) 325-12-93", "office")
    assert (point.value, point.key, point.label) == ("8 (922) 325-12-93", "+79223251293", "office")


def test_an_address_is_one_whatever_its_case_and_spaces() -> None:
    assert contact_point(ContactKind.ADDRESS, "Lenina  1").key == contact_point(ContactKind.ADDRESS, "LENINA 1").key


def test_a_contact_point_has_the_key_of_its_kind_in_the_company_s_own_region() -> None:
    assert contact_point(ContactKind.PHONE, "225-12-93", area_code=PERM).key == "+73422251293"
    assert contact_point(ContactKind.PHONE, "020 7183 8750", region="GB").key == "+442071838750"
    assert contact_point(ContactKind.SITE, "  Romashka\t Shop ").key == "romashka shop"


def test_an_address_is_one_by_what_stands_after_its_last_at() -> None:
    assert email_key('"a@b"@Shop.example') == '"a@b"@shop.example'
    for typed in (
        "olga@.example",
        "olga@shop.",
        "olga@shop.example.",
        "olga@.shop.example",
        "olga@shop",
        '"a@b.c"@shop',
    ):
        with pytest.raises(WrongEmailError):
            email_key(typed)


def test_a_check_digit_of_ten_is_a_nought() -> None:
    assert tax_id_key("7700000070", ClientKind.ORGANISATION) == "7700000070"


def test_both_check_digits_of_a_person_count() -> None:
    assert tax_id_key("500100732259", ClientKind.PERSON) == "500100732259"
    for typed in ("500100732202", "500100732258"):
        with pytest.raises(WrongTaxIdError):
            tax_id_key(typed, ClientKind.PERSON)
