"""Which tax number was typed: the INN with its check digits."""

from aggregates.identity_errors import WrongTaxIdError
from events.values import ClientKind
from infra.typed import cleaned, with_plain_digits

INN_LENGTH = {ClientKind.ORGANISATION: 10, ClientKind.PERSON: 12}
# The weights of the check digits of the INN: order of the Federal Tax Service of 29.06.2012, MMV-7-6/435@, annex 7.
INN_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)


def tax_id_key(typed: str, kind: ClientKind) -> str:
    """Return the INN as its bare digits; raises WrongTaxIdError when length or check digits are wrong."""
    digits = with_plain_digits(cleaned(typed)).replace(" ", "")
    if not (len(digits) == INN_LENGTH[kind] and is_inn(digits)):
        raise WrongTaxIdError(digits=INN_LENGTH[kind])
    return digits


def right_tax_id(typed: str | None, kind: ClientKind) -> str | None:
    """Return the tax number that was given, if one was; raises WrongTaxIdError."""
    return None if typed is None else tax_id_key(typed, kind)


def kept_tax_id(typed: str | None, kind: ClientKind) -> tuple[str | None, bool]:
    """Return the tax number that old records give, and whether it is wrong: then it is kept as it was written."""
    try:
        return right_tax_id(typed, kind), False
    except WrongTaxIdError:
        return typed, True


def is_inn(digits: str) -> bool:
    """Tell whether these are the digits of an INN, of an organisation or a person, with right check digits."""
    if len(digits) not in INN_LENGTH.values() or not (digits.isascii() and digits.isdigit()) or set(digits) == {"0"}:
        return False
    checked = range(len(digits) - (1 if len(digits) == INN_LENGTH[ClientKind.ORGANISATION] else 2), len(digits))
    return all(_check_digit(digits[:place]) == digits[place] for place in checked)


def _check_digit(digits: str) -> str:
    weights = INN_WEIGHTS[-len(digits) :]
    return str(sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 % 10)
