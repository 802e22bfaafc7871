"""How an amount of money is written everywhere: with a point, no exponent, and the decimals of its currency.

1200.5 EUR is written 1200.50, 4821 JPY 4821, 1.5 KWD 1.500. What has more decimals than its currency keeps them:
nothing is rounded. A currency that is not on the list (an old log may hold one) is written with two decimals.

The list is ISO 4217's tables A.1 and A.2 as of amendment 179 (2025), without what nobody pays in (metals, units of
account, codes for tests), and with the codes that were withdrawn since 2010, which old records hold. A currency whose
decimals ISO changes keeps the old ones here until nothing but a change of its text hangs on it.
"""

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_BY_DECIMALS: Mapping[int, str] = {
    0: "BIF BYR CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF
        CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
        HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL LTL LVL MAD MDL MGA MKD MMK MNT MOP
        MRO MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
        SDG SEK SGD SHP SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED
        VEF VES WST XCD XCG YER ZAR ZMK ZMW ZWG ZWL
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS: Mapping[str, int] = {code: places for places, codes in _BY_DECIMALS.items() for code in codes.split()}
"""How many decimals each currency has; its keys are all the currencies there are."""

AMOUNT = r"^(0|[1-9][0-9]{0,13})(\.[0-9]{1,4})?$"
"""How callers write an amount."""


def is_amount(text: str) -> bool:
    """Return whether a text is an amount, or a quantity, as callers write it."""
    return re.fullmatch(AMOUNT, text) is not None


def _known(value: Any) -> Any:
    """Take no code that is no currency: two spellings of one currency would be two sums."""
    if isinstance(value, str) and value not in DECIMALS:
        raise PydanticCustomError("not_a_currency", "an ISO 4217 code")
    return value


Currency = Annotated[str, BeforeValidator(_known), WithJsonSchema({"type": "string", "enum": sorted(DECIMALS)})]
"""A currency of ISO 4217, as callers name it."""

USUAL = 2
MOST = max(_BY_DECIMALS)

# A sum of DuckDB's has 38 digits; Python's own context would round it to 28.
_EXACT = Context(prec=80)


def decimals_needed(amount: Decimal) -> int:
    """Return how many decimals say the whole of an amount: none for 100.00, two for 0.25."""
    exponent = _plain(amount).as_tuple().exponent
    return max(0, -int(exponent))


def canonical(amount: Decimal, currency: str) -> Decimal:
    """Return the same amount with the decimals of its currency, or with more if it has more; -0 is 0."""
    places = max(DECIMALS.get(currency, USUAL), decimals_needed(amount))
    return _EXACT.quantize(_plain(amount), Decimal((0, (1,), -places)))


def amount_text(amount: Decimal, currency: str) -> str:
    """Return how an amount in a currency is written."""
    return f"{canonical(amount, currency):f}"


def _plain(amount: Decimal) -> Decimal:
    """Return the amount without zeros that say nothing; a zero is 0, whatever its sign and exponent."""
    return _EXACT.normalize(amount) if amount else Decimal(0)


def _by_currency(currency: str, value: Mapping[int, str]) -> str:
    """Return the SQL that chooses a value by the decimals of a currency."""
    cases = " ".join(
        f"WHEN {currency} IN ({', '.join(repr(code) for code in codes.split())}) THEN {value[places]}"
        for places, codes in _BY_DECIMALS.items()
        if places != USUAL
    )
    return f"CASE {cases} ELSE {value[USUAL]} END"


def postgres_text(amount: str, currency: str) -> str:
    """Return the same as `amount_text` in PostgreSQL's SQL, of a numeric and a text; NULL where the amount is."""
    # A sum has the decimals of that one of its parts which has more.
    zeros = {places: f"{Decimal((0, (0,), -places)):f}" for places in _BY_DECIMALS}
    return f"(trim_scale({amount}) + {_by_currency(currency, zeros)})::text"


# DuckDB writes such a number with all its four decimals: those are cut off that say nothing.
_ENDINGS = {places: rf"'0{{0,{MOST - places}}}$'" if places else rf"'\.?0{{0,{MOST}}}$'" for places in _BY_DECIMALS}
DUCKDB_MACRO = (
    "CREATE OR REPLACE MACRO amount_text(amount, currency) AS regexp_replace("
    f"CAST(CAST(amount AS DECIMAL(38, {MOST})) AS VARCHAR), {_by_currency('currency', _ENDINGS)}, '')"
)
"""The same as `amount_text` in DuckDB's SQL."""
