"""One phone number is one key however it is typed; what is no phone is refused, and told for what it is."""

import re

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregates.identity_errors import WrongPhoneError
from aggregates.phone_number import CODES, PUNCTUATION, RUSSIAN, phone_key

PERM = "342"
MOBILE, OFFICE, TOLL_FREE = "+79223251293", "+74951234567", "+78001216681"

NUMBERS: dict[str, str] = {
    # a mobile number in the masks of the files there are
    "+79223251293": MOBILE,
    "+7 922 325-12-93": MOBILE,
    "+7 (922) 325-12-93": MOBILE,
    "8 (922) 325-12-93": MOBILE,
    "8-922-325-12-93": MOBILE,
    "89223251293": MOBILE,
    "(922) 325-12-93": MOBILE,
    "922 325 12 93": MOBILE,
    "9223251293": MOBILE,
    " 9223251293 ": MOBILE,
    "7 922 325-12-93": MOBILE,
    "79223251293": MOBILE,
    "+7.922.325.12.93": MOBILE,
    "+7/922/325-12-93": MOBILE,
    "8(922)3251293": MOBILE,
    "tel:+79223251293": MOBILE,
    "tel:+7-922-325-12-93": MOBILE,
    "007 922 325-12-93": "",
    "810 7 922 325-12-93": MOBILE,
    "8~10 7 922 325-12-93": MOBILE,
    "+ 7 922 325 12 93": MOBILE,
    "8 922 32 512 93": MOBILE,
    "+7 922 325–12–93": MOBILE,
    "+7 922 325—12—93": MOBILE,
    "+7 922 325−12−93": MOBILE,
    "+7 922 325‑12‑93": MOBILE,
    # words before it
    "тел. 8 (922) 325-12-93": MOBILE,
    "Тел.: +7 922 325-12-93": MOBILE,
    "моб. 8-922-325-12-93": MOBILE,
    "phone: 8-922-325-12-93": MOBILE,
    "т.8(922)325-12-93": MOBILE,
    # what nobody sees
    "+7\u00a0922\u00a0325-12-93": MOBILE,
    "\u202a+7 922 325-12-93\u202c": MOBILE,
    "\u200b89223251293": MOBILE,
    "8922\u200b3251293\ufeff": MOBILE,
    "+7\u2009922\u202f325\u201112\u201193": MOBILE,
    "8\t922\t325-12-93": MOBILE,
    "89223251293\n": MOBILE,
    "\u00ad8-922-325-12-93": MOBILE,
    # digits of other scripts
    "＋７ ９２２ ３２５−１２−９３": MOBILE,
    "８９２２３２５１２９３": MOBILE,
    "٨٩٢٢٣٢٥١٢٩٣": MOBILE,
    "+۷ ۹۲۲ ۳۲۵ ۱۲ ۹۳": MOBILE,
    "+७ ९२२ ३२५ १२ ९३": MOBILE,
    # dear numbers, and real
    "+7 926 000-00-00": "+79260000000",
    "8 999 777-77-77": "+79997777777",
    # city numbers
    "8 (495) 123-45-67": OFFICE,
    "(495) 123-45-67": OFFICE,
    "4951234567": OFFICE,
    "+7 495 1234567": OFFICE,
    "(812) 267-19-59": "+78122671959",
    "8122147394": "+78122147394",
    "(3522) 67-39-26": "+73522673926",
    # a digit too many
    "(35222) 67-39-26": "",
    "35222465474": "",
    "8 (35222) 67-39-26": "",
    "8-800-121-66-81": TOLL_FREE,
    "88001216681": TOLL_FREE,
    "8 800 555-55-50": "+78005555550",
    "8 (495) 777-77-77": "+74957777777",
    "8-800-FLOWERS": "+78003569377",
    # extensions
    "8 (495) 123-45-67 доб. 12": f"{OFFICE};ext=12",
    "8 (495) 123-45-67 доб.12": f"{OFFICE};ext=12",
    "8 (495) 123-45-67, доб 12": f"{OFFICE};ext=12",
    "8 (495) 123-45-67 (доб. 12)": f"{OFFICE};ext=12",
    "8 (495) 123-45-67 Добавочный: 12": f"{OFFICE};ext=12",
    "8 (495) 123-45-67 добавочный номер 12": f"{OFFICE};ext=12",
    "8 (495) 123-45-67 вн. 12": f"{OFFICE};ext=12",
    "8 (495) 123-45-67, внутр. 12": f"{OFFICE};ext=12",
    "8 (495) 123-45-67 внутренний 012": f"{OFFICE};ext=012",
    "8 (495) 123-45-67 ext. 12": f"{OFFICE};ext=12",
    "+7 495 123-45-67 x12": f"{OFFICE};ext=12",
    "+7 495 123-45-67#12": f"{OFFICE};ext=12",
    "+74951234567;ext=12": f"{OFFICE};ext=12",
    "tel:+7-495-123-45-67;ext=12": f"{OFFICE};ext=12",
    "8 (495) 123-45-67 доб. １２": f"{OFFICE};ext=12",
    # other countries
    "+1 212 555 0100": "+12125550100",
    "+44 20 7183 8750": "+442071838750",
    "0044 20 7183 8750": "",
    "810 44 20 7183 8750": "+442071838750",
    "+49 30 901820": "+4930901820",
    "+375 29 123-45-67": "+375291234567",
    "+380 44 123-45-67": "+380441234567",
    "+998 90 123 45 67": "+998901234567",
    "+86 138 0013 8000": "+8613800138000",
    "+7 701 234 56 78": "+77012345678",
    "8 (701) 234-56-78": "+77012345678",
}
"""As typed in a Russian company with no city of its own → key; "": no number."""

NOT_ONE: dict[str, str] = {
    "": "unreadable",
    "call me": "unreadable",
    "нет": "unreadable",
    "-": "unreadable",
    "12": "unreadable",
    "+7 922 325-12-9": "unreadable",
    "+7 922 325-12-93-4444444": "unreadable",
    "+0 123": "unreadable",
    "+7 122 325-12-93": "unreadable",
    "+7 930 000-00-01": "unreadable",
    "8 922 325-12-93 Иван Петрович": "unreadable",
    "vk.com/id89223251293": "unreadable",
    "https://wa.me/id89223251293": "unreadable",
    "olga@romashka.example": "unreadable",
    "Лермонтова, 12": "unreadable",
    "035823, Смоленская область": "unreadable",
    "0000000": "placeholder",
    "000-00-00": "placeholder",
    "8 (000) 000-00-00": "placeholder",
    "+7 (000) 000-00-00": "placeholder",
    "+7 (999) 999-99-99": "placeholder",
    "+79999999999": "placeholder",
    "9999999999": "placeholder",
    "11111111111": "placeholder",
    "+7 (495) 000-00-00": "placeholder",
    "8-800-000-00-00": "placeholder",
    "12.05.2021": "date",
    "2021-05-12": "date",
    "12/05/2021": "date",
    "1.05.2021": "date",
    "12.05.21": "date",
    "2021-05-12 10:30": "date",
    "12-05-2021": "date",
    "7707083893": "tax_id",
    "5024002119": "tax_id",
    "500100732259": "tax_id",
    "225-12-93": "local",
    "22-51-293": "local",
    "8 922 325-12-93, 8 922 325-12-94": "several",
    "(495) 123-45-67; (495) 123-45-68": "several",
    "+7 922 325 12 93 или +7 922 325 12 94": "several",
    "89223251293/89223251294": "several",
    "89223251293,89223251294": "several",
}


@pytest.mark.parametrize(("typed", "key"), NUMBERS.items())
def test_a_number_is_one_however_it_is_typed(typed: str, key: str) -> None:
    if key:
        assert phone_key(typed) == key
    else:
        with pytest.raises(WrongPhoneError):
            phone_key(typed)


@pytest.mark.parametrize(("typed", "instead"), NOT_ONE.items())
def test_what_is_no_phone_is_refused_and_told_for_what_it_is(typed: str, instead: str) -> None:
    with pytest.raises(WrongPhoneError) as refused:
        phone_key(typed)
    assert refused.value.facts == {"kind": instead}


def test_a_city_number_is_of_the_companys_own_city_if_it_has_one() -> None:
    of_perm = {
        "225-12-93": "+73422251293",
        "2251293": "+73422251293",
        "225 12 93": "+73422251293",
        "225-12-93 доб. 4": "+73422251293;ext=4",
        "тел. 225-12-93": "+73422251293",
        # with a code of its own it is not given another
        "8 (343) 222-33-44": "+73432223344",
        "(343) 222-33-44": "+73432223344",
    }
    assert {typed: phone_key(typed, area_code=PERM) for typed in of_perm} == of_perm
    for typed, instead in (("000-00-00", "placeholder"), ("1.05.2021", "date"), ("12.05.2021", "date")):
        with pytest.raises(WrongPhoneError) as refused:
            phone_key(typed, area_code=PERM)
        assert refused.value.facts == {"kind": instead}


def test_six_digits_of_a_small_city_are_no_date() -> None:
    assert phone_key("12-05-21", area_code="3522") == "+73522120521"


def test_elsewhere_other_numbers_need_no_country() -> None:
    assert phone_key("020 7183 8750", region="GB") == "+442071838750"
    assert phone_key("8 701 234 56 78", region="KZ") == "+77012345678"
    assert phone_key("7012345678", region="KZ") == "+77012345678"
    assert phone_key("+7 922 325-12-93", region="KZ") == "+79223251293"


def test_the_short_way_knows_codes_of_which_the_numbering_plan_has_all_numbers() -> None:
    for code in map("{:03d}".format, range(1000)):
        for rest in ("0000001", "1234567", "9999998", "3000000", "0050005") if re.fullmatch(CODES, code) else ():
            assert phonenumbers.is_valid_number(phonenumbers.parse(f"+7{code}{rest}")), f"{code} {rest}"


@given(
    st.from_regex(r"[3489][() -]{0,2}[0-9]{3}[() -]{0,2}[0-9]{3}[() -]?[0-9]{3}", fullmatch=True),
    st.sampled_from(["+7", "8", "+7 ", "(8", "8 ("]),
)
@settings(max_examples=200)
def test_the_short_way_to_a_russian_key_gives_what_the_numbering_plan_gives(rest: str, start: str) -> None:
    number = phonenumbers.parse(start + rest, "RU")
    if RUSSIAN.fullmatch((start + rest).translate(PUNCTUATION)):
        assert phonenumbers.is_valid_number(number)
        assert phone_key(start + rest) == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_any_text_is_a_phone_with_a_stable_key_or_refused(typed: str) -> None:
    try:
        key = phone_key(typed)
    except WrongPhoneError:
        return
    assert phone_key(key) == key
    assert phonenumbers.is_valid_number(phonenumbers.parse(key))


@pytest.mark.parametrize("key", sorted({key for key in NUMBERS.values() if key}))
def test_the_key_of_a_key_is_the_key(key: str) -> None:
    assert phone_key(key) == phone_key(key, area_code=PERM) == phone_key(key, region="GB") == key
