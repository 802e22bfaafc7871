"""Which tax number was typed, by country; of Russia the INN, and the КПП and ОГРН that go with it."""

import re
from typing import Any, NamedTuple

from aggregates.client_state import TAX_ID
from aggregates.identity_errors import WrongKppError, WrongOgrnError, WrongTaxIdError
from events.registration import HOME_COUNTRY, RUSSIAN, Registration
from events.values import ClientKind, RegistrationNumber
from infra.typed import cleaned, with_plain_digits

INN_LENGTH = {ClientKind.ORGANISATION: 10, ClientKind.PERSON: 12}
# The weights of the check digits of the INN: order of the Federal Tax Service of 29.06.2012, MMV-7-6/435@, annex 7.
INN_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
# The inspection, the reason (two digits or capitals), the number: the same order, annex 2.
KPP = re.compile(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}")
OGRN_LENGTH = {ClientKind.ORGANISATION: 13, ClientKind.PERSON: 15}
ELSEWHERE = re.compile(r"[0-9A-Z]{4,20}")
"""A tax number of a country whose rules are not known."""
_CYRILLIC_CAPITALS = str.maketrans("АВСЕНКМОРТХ", "ABCEHKMOPTX")


def tax_id_key(typed: str, kind: ClientKind, country: str = HOME_COUNTRY) -> str:
    """Return the tax number as it is compared, the INN as its bare digits; raises WrongTaxIdError."""
    text = with_plain_digits(cleaned(typed))
    if country != HOME_COUNTRY:
        return _elsewhere(text, country)
    digits = text.replace(" ", "")
    if not (len(digits) == INN_LENGTH[kind] and is_inn(digits)):
        raise WrongTaxIdError(digits=INN_LENGTH[kind])
    return digits


def _elsewhere(text: str, country: str) -> str:
    """Return the number by the rules of another country, as far as they are known; raises WrongTaxIdError."""
    from stdnum.exceptions import ValidationError
    from stdnum.util import get_cc_module

    rules = get_cc_module(country, "vat")
    try:
        bare = re.sub(r"[\W_]", "", text).upper()
        number: str = bare if rules is None else rules.validate(text)
        if not ELSEWHERE.fullmatch(number):
            raise ValueError(number)
    # A few rules stumble over what is nothing like a number of theirs.
    except (ValidationError, ValueError, LookupError, TypeError):
        raise WrongTaxIdError(kind="elsewhere", country=country) from None
    return number


def registration_key(number: RegistrationNumber, typed: str, kind: ClientKind) -> str:
    """Return the КПП or ОГРН of such a client as it is compared; raises WrongKppError, WrongOgrnError."""
    text = with_plain_digits(cleaned(typed)).replace(" ", "").upper()
    if number is RegistrationNumber.KPP:
        text = text.translate(_CYRILLIC_CAPITALS)
        if kind is not ClientKind.ORGANISATION or not KPP.fullmatch(text):
            raise WrongKppError
        return text
    from stdnum.ru import ogrn

    if len(text) != OGRN_LENGTH[kind] or not ogrn.is_valid(text):
        raise WrongOgrnError(digits=OGRN_LENGTH[kind])
    return text


class Registered(NamedTuple):
    """The numbers by which the state knows a client; a wrong tax number is kept as it was written."""

    tax_id: str | None = None
    tax_country: str = HOME_COUNTRY
    kpp: str | None = None
    ogrn: str | None = None
    is_tax_id_wrong: bool = False

    def typed(self) -> dict[str, Any]:
        """Return the numbers that are given, by their names."""
        return {name: number for name in (TAX_ID, *RegistrationNumber) if (number := getattr(self, name)) is not None}

    def as_told(self) -> dict[str, Any]:
        """Return what the fact of a registration says of them."""
        registration = Registration(country=self.tax_country, kpp=self.kpp, ogrn=self.ogrn)
        return {
            "tax_id": self.tax_id,
            "is_tax_id_wrong": self.is_tax_id_wrong,
            "registration": None if registration == RUSSIAN else registration,
        }


UNREGISTERED = Registered()


def right_numbers(given: Registered, kind: ClientKind) -> Registered:
    """Return the numbers as they are compared; raises WrongTaxIdError, WrongKppError, WrongOgrnError."""
    right: dict[str, Any] = {
        name: _right(name, typed, given.tax_country, kind) for name, typed in given.typed().items()
    }
    return Registered(tax_country=given.tax_country, **right)


def kept_numbers(given: Registered, kind: ClientKind) -> Registered:
    """Return the numbers that old records give: as they are compared, or as they were written where they are wrong."""
    kept, is_tax_id_wrong = given.typed(), False
    for name, typed in kept.items():
        try:
            kept[name] = _right(name, typed, given.tax_country, kind)
        except (WrongTaxIdError, WrongKppError, WrongOgrnError):
            is_tax_id_wrong |= name == TAX_ID
    return Registered(tax_country=given.tax_country, is_tax_id_wrong=is_tax_id_wrong, **kept)


def _right(name: str, typed: str, country: str, kind: ClientKind) -> str:
    if name == TAX_ID:
        return tax_id_key(typed, kind, country)
    return registration_key(RegistrationNumber(name), typed, kind)


def is_inn(digits: str) -> bool:
    """Tell whether these are the digits of an INN, of an organisation or a person, with right check digits."""
    if len(digits) not in INN_LENGTH.values() or not (digits.isascii() and digits.isdigit()) or set(digits) == {"0"}:
        return False
    checked = range(len(digits) - (1 if len(digits) == INN_LENGTH[ClientKind.ORGANISATION] else 2), len(digits))
    return all(_check_digit(digits[:place]) == digits[place] for place in checked)


def _check_digit(digits: str) -> str:
    weights = INN_WEIGHTS[-len(digits) :]
    return str(sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 % 10)
