"""By what a client is recognised: phone, e-mail and tax number, each brought to the one form it is compared in."""

import re

from aggregates.base import WrongValueError
from events.values import ClientKind, ContactKind, ContactPoint

HOME_REGION = "RU"
INN_LENGTH = {ClientKind.ORGANISATION: 10, ClientKind.PERSON: 12}
# The weights of the check digits of the INN: order of the Federal Tax Service of 29.06.2012, MMV-7-6/435@, annex 7.
INN_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
# Ten digits behind +7 or 8, written with spaces, brackets and hyphens: nearly every number typed here, and its key
# needs no rules of numbering plans, which take longer than all the rest of entering a client.
PUNCTUATION = str.maketrans("", "", " ()-")
RUSSIAN = re.compile(r"(?:\+7|8)([3489]\d{9})", re.ASCII)


class WrongPhoneError(WrongValueError):
    """This is no phone number; no facts, for it may be somebody's all the same."""

    code = "wrong-phone"
    field = "phone"


class WrongEmailError(WrongValueError):
    """This is no e-mail address; no facts."""

    code = "wrong-email"
    field = "email"


class WrongTaxIdError(WrongValueError):
    """This is no tax number of such a client; facts: digits (how many it must have)."""

    code = "wrong-tax-id"
    field = "tax_id"


def phone_key(typed: str, *, region: str = HOME_REGION, area_code: str | None = None) -> str:
    """Return the number in E.164, with ";ext=" when it has an extension; raises WrongPhoneError.

    A number typed without its city code is taken to be of the company's own city, if `area_code` is given.
    """
    if region == HOME_REGION and (plain := RUSSIAN.fullmatch(typed.translate(PUNCTUATION))):
        return f"+7{plain[1]}"
    return _key_by_numbering_plans(typed, region, area_code)


def _key_by_numbering_plans(typed: str, region: str, area_code: str | None) -> str:
    # Loaded when the first such number is met: most programs that know clients never meet one.
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, ValidationResult

    def fits(number: phonenumbers.PhoneNumber) -> int:
        return phonenumbers.is_possible_number_with_reason(number)

    try:
        number = phonenumbers.parse(typed, region)
        if area_code and fits(number) == ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            number = phonenumbers.parse(area_code + typed, region)
    except phonenumbers.NumberParseException:
        raise WrongPhoneError from None
    if fits(number) != ValidationResult.IS_POSSIBLE:
        raise WrongPhoneError
    key = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{key};ext={number.extension}" if number.extension else key


def email_key(typed: str) -> str:
    """Return the address in lower case; raises WrongEmailError when it cannot be one."""
    key = typed.strip().lower()
    name, at, domain = key.rpartition("@")
    if not (at and name and "." in domain.strip(".")) or domain != domain.strip(".") or any(c.isspace() for c in key):
        raise WrongEmailError
    return key


def plain_key(typed: str) -> str:
    """Return a text in the form two spellings of one thing share: lower case, single spaces."""
    return " ".join(typed.casefold().split())


def contact_point(
    kind: ContactKind, value: str, label: str | None = None, *, region: str = HOME_REGION, area_code: str | None = None
) -> ContactPoint:
    """Return the contact point as typed, with its key; raises WrongPhoneError, WrongEmailError."""
    return ContactPoint.of({"kind": kind, "value": value, "key": _key(kind, value, region, area_code), "label": label})


def _key(kind: ContactKind, value: str, region: str, area_code: str | None) -> str:
    if kind is ContactKind.PHONE:
        return phone_key(value, region=region, area_code=area_code)
    if kind is ContactKind.EMAIL:
        return email_key(value)
    return plain_key(value)


def tax_id_key(typed: str, kind: ClientKind) -> str:
    """Return the INN as its bare digits; raises WrongTaxIdError when length or check digits are wrong."""
    digits = "".join(typed.split())
    length = INN_LENGTH[kind]
    if not (len(digits) == length and digits.isascii() and digits.isdigit()):
        raise WrongTaxIdError(digits=length)
    checked = range(length - 1 if kind is ClientKind.ORGANISATION else length - 2, length)
    if any(_check_digit(digits[:place]) != digits[place] for place in checked) or set(digits) == {"0"}:
        raise WrongTaxIdError(digits=length)
    return digits


def _check_digit(digits: str) -> str:
    weights = INN_WEIGHTS[-len(digits) :]
    return str(sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 % 10)
