"""Amounts as people type them. Which sign begins the decimals is decided once for a whole file, never cell by cell."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, NamedTuple

from infra.tables.workbook import Number

Sign = Literal[".", ","]

# A rouble's sign has no letters around it; "р" alone is one too.
_CURRENCIES = {
    "₽": "RUB", "руб": "RUB", "рубль": "RUB", "рубля": "RUB", "рублей": "RUB", "р": "RUB", "rub": "RUB",
    "$": "USD", "usd": "USD", "us$": "USD", "€": "EUR", "eur": "EUR", "евро": "EUR", "£": "GBP", "gbp": "GBP",
    "₸": "KZT", "тг": "KZT", "kzt": "KZT", "₴": "UAH", "₺": "TRY", "₹": "INR", "cny": "CNY", "byn": "BYN",
}  # fmt: skip
_FORM = re.compile(
    r"(?P<before>[^\W\d_]{1,6}\.?|[₽$€£₸₴₺₹]|us\$)?\s*(?P<open>\()?\s*(?P<sign>[-+−])?\s*"
    r"(?P<digits>[0-9](?:[0-9\s'’.,]*[0-9])?)(?P<end>[.,]-{1,2})?\s*(?P<minus>-)?(?P<close>\))?\s*"
    r"(?P<after>[^\W\d_]{1,6}\.?|[₽$€£₸₴₺₹])?",
    re.IGNORECASE,
)
_IN_THREES = re.compile(r"[0-9]{1,3}(?:[ '.,][0-9]{3})+|[0-9]+")


class AmbiguousAmountError(ValueError):
    """A text names two amounts, one a thousand times the other, and nothing in the file says which is meant."""


class Amount(NamedTuple):
    """An amount, and the currency that stands beside it in the cell."""

    value: Decimal
    currency: str | None = None


def _digits(match: re.Match[str]) -> str:
    return re.sub(r"[\s’']", " ", match["digits"])


def evidence_of(typed: str) -> Sign | None:
    """Return which sign begins the decimals of an amount, when it can be read in one way only."""
    match = None if isinstance(typed, Number) else _FORM.fullmatch(typed.strip())
    return None if match is None else _decimal_sign(_digits(match))


def _decimal_sign(digits: str) -> Sign | None:
    points, commas = digits.count("."), digits.count(",")
    if not points and not commas:
        return None
    if points and commas:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    sign, other = (".", ",") if points else (",", ".")
    if points + commas > 1:
        return other  # type: ignore[return-value]  # one of the two
    whole, _, fraction = digits.partition(sign)
    is_in_threes = len(fraction) == 3 and len(whole) <= 3 and not whole.startswith("0") and " " not in whole
    return None if is_in_threes else sign  # type: ignore[return-value]  # one of the two


class AmountReader:
    """Reads amounts of one file."""

    def __init__(self, decimal: Sign | None, evidence: Iterable[Sign] = ()) -> None:
        """Take what the mapping says, and what the whole file shows; where that is both it is nothing."""
        shown = set(evidence)
        self._decimal = decimal or (shown.pop() if len(shown) == 1 else None)

    def amount(self, typed: str) -> Amount:
        """Return an amount, with blanks, points, commas or apostrophes between its thousands.

        Raises ValueError for what is none, AmbiguousAmountError for what may be two.
        """
        if isinstance(typed, Number) or (typed.isascii() and typed.isdigit()):
            return Amount(Decimal(typed))
        match = _FORM.fullmatch(typed.strip())
        if match is None or bool(match["open"]) != bool(match["close"]) or (match["before"] and match["after"]):
            raise ValueError(typed)
        beside = (match["before"] or match["after"] or "").casefold().strip(".")
        if beside and beside not in _CURRENCIES:
            raise ValueError(typed)
        digits = _digits(match)
        decimal = self._decimal or _decimal_sign(digits)
        if decimal is None and ("." in digits or "," in digits):
            raise AmbiguousAmountError(typed)
        value = _value(digits, decimal)
        is_negative = match["open"] or match["minus"] or match["sign"] in {"-", "−"}
        return Amount(-value if is_negative else value, _CURRENCIES.get(beside))


def _value(digits: str, decimal: Sign | None) -> Decimal:
    whole, _, fraction = digits.partition(decimal) if decimal else (digits, "", "")
    whole, fraction = whole.strip(), fraction.strip()
    if fraction and not fraction.isdigit():
        raise ValueError(digits)
    if whole and not _IN_THREES.fullmatch(whole):
        raise ValueError(digits)
    return Decimal(re.sub(r"[ .,]", "", whole) + (f".{fraction}" if fraction else ""))
