"""Which phone number was typed: one form for every way to write it; and what else it is if it is none."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from aggregates.identity_errors import WrongPhoneError
from aggregates.tax_id import is_inn
from events.values import ContactDoubt
from infra.typed import cleaned, with_plain_digits

HOME_REGION = "RU"
# Ten digits behind +7 or 8, written with spaces, brackets and hyphens: nearly every number typed here, and its key
# needs no rules of numbering plans, which take longer than all the rest of entering a client. Of the codes below the
# plan has all numbers; 9999999999 and 4950000000 are typed by those who know none.
PUNCTUATION = str.maketrans("", "", " ()-")
CODES = (
    "9(?:[0-24-9][0-9]|3[1-9])|80[04]|3(?:0[12]|36|4[1-35-79]|5[1-3]|65|8[1-58]|9[0145])"
    "|4(?:01|1[1356]|2[13467]|7[1-5]|8[1-7]|9[1-689])"
    "|8(?:1[1-8]|2[01]|3[13-6]|4[0-8]|5[15-7]|6[0-35-79]|7[1-37-9])"
)
RUSSIAN = re.compile(rf"(?:\+7|8)(?!([0-9])\1{{9}}|[348][0-9]{{2}}0{{7}})(?P<national>(?:{CODES})[0-9]{{7}})")
PLACEHOLDER = re.compile(r"\+7[348][0-9]{2}0{7}|\+?[0-9]{0,3}?([0-9])\1{6,}")

EXTENSION = re.compile(
    r"[\s,;(]*\b(?:добавочный|добав|доб|внутренний|внутр|вн)\b\.?\s*(?:номер|№)?\s*:?\s*(\d{1,9})\s*\)?$", re.IGNORECASE
)
_BETWEEN_NUMBERS = re.compile(r"[,;/|]|\s(?:и|или|and|or)\s", re.IGNORECASE)
LEAST_DIGITS = 5
"""So many a number has, of however small a town."""
_DATE = re.compile(
    r"(?:(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d\d)|(\d{4})([./-])(\d{1,2})\6(\d{1,2}))(?:[ T]\d{1,2}:\d\d.*)?"
)
_GLUED = re.compile(r"[^\W\d_]\d{5}")
"""A name of something, such as id89223251293, and no word before a number."""


def _with_numbers(region: str) -> str:
    if region != HOME_REGION:
        import phonenumbers

        if region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{region} is no country with phone numbers; name one by ISO 3166, like RU or KZ")
    return region


Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(_with_numbers)]
"""Whose numbers need no country code, by ISO 3166."""
AreaCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")]


def phone_key(typed: str, *, region: str = HOME_REGION, area_code: str | None = None) -> str:
    """Return the number in E.164, with ";ext=" when it has an extension; raises WrongPhoneError.

    A number typed without its city code is taken to be of the company's own city, if `area_code` is given.
    """
    if region == HOME_REGION and (plain := RUSSIAN.fullmatch(typed.translate(PUNCTUATION))):
        return f"+7{plain['national']}"
    text = EXTENSION.sub(r";ext=\1", with_plain_digits(cleaned(typed)))
    if _is_date(text):
        raise WrongPhoneError(ContactDoubt.DATE)
    if _GLUED.search(text.partition(";ext=")[0]):
        raise WrongPhoneError
    return _by_numbering_plans(text, region, area_code)


def sought_phone_key(typed: str, *, region: str = HOME_REGION, area_code: str | None = None) -> str:
    """Return the key to look for: of what is no number by today's rules, the one that older facts may have.

    Raises WrongPhoneError where none can have it.
    """
    try:
        return phone_key(typed, region=region, area_code=area_code)
    except WrongPhoneError:
        import phonenumbers

        try:
            number = phonenumbers.parse(typed, region)
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise
        key = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        return _with_extension(key, number.extension)


def _by_numbering_plans(text: str, region: str, area_code: str | None) -> str:
    # Loaded when the first such number is met: most programs that know clients never meet one.
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, ValidationResult

    try:
        number = phonenumbers.parse(text, region)
        if area_code and not phonenumbers.is_valid_number(number):
            of_city = phonenumbers.parse(area_code + phonenumbers.national_significant_number(number), region)
            of_city.extension = number.extension
            number = of_city if phonenumbers.is_valid_number(of_city) else number
    except phonenumbers.NumberParseException:
        raise _no_phone(text) from None
    key = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    # Ten bare digits that only another country has are no number of ours: there are ten in an INN too.
    is_foreign = text.isdigit() and key.endswith(text) and phonenumbers.region_code_for_number(number) != region
    if not phonenumbers.is_valid_number(number) or PLACEHOLDER.fullmatch(key) or is_foreign:
        reason = phonenumbers.is_possible_number_with_reason(number)
        raise _no_phone(text, is_local=reason == ValidationResult.IS_POSSIBLE_LOCAL_ONLY)
    return _with_extension(key, number.extension)


def _with_extension(key: str, extension: str | None) -> str:
    return f"{key};ext={extension}" if extension else key


def _no_phone(text: str, *, is_local: bool = False) -> WrongPhoneError:
    """Return the error that says what it is instead, as far as that is seen."""
    parts = _BETWEEN_NUMBERS.split(text)
    digits = "".join(letter for letter in text if letter.isdigit())
    if sum(sum(map(str.isdigit, part)) >= LEAST_DIGITS for part in parts) > 1:
        kind = ContactDoubt.SEVERAL
    elif PLACEHOLDER.fullmatch(digits) or PLACEHOLDER.fullmatch(f"+7{digits[-10:]}"):
        kind = ContactDoubt.PLACEHOLDER
    elif is_inn(text):
        kind = ContactDoubt.TAX_ID
    else:
        kind = ContactDoubt.LOCAL if is_local else ContactDoubt.UNREADABLE
    return WrongPhoneError(kind)


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    day, sign, month, year, year_first, _, month_after, day_after = found.groups()
    # 22-51-29 is how six digits of a city's numbers are written.
    if year is not None and len(year) < len("2026") and sign == "-":
        return False
    try:
        date(int(year or year_first), int(month or month_after), int(day or day_after))
    except ValueError:
        return False
    return True
