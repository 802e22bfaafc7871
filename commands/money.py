"""Money as a caller or an old record gives it: an amount in the one way to write it, in a currency that there is."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

from events.prices import Percent, Quantity
from events.values import Money, Value
from infra.amounts import AMOUNT, DECIMALS, Currency, decimals_needed

_ANY_LENGTH = re.compile(r"(0|[1-9][0-9]*)(\.[0-9]+)?")


def _written_out(value: Any) -> Any:
    """Take no number, of which JSON readers make a float, and no text that reads as an amount by luck only."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _ANY_LENGTH.fullmatch(value):
        raise PydanticCustomError("not_an_amount", "digits, and a point before the decimals")
    if not re.fullmatch(AMOUNT, value):
        raise PydanticCustomError("too_many_digits", "at most 14 digits before the point and 4 after it")
    return Decimal(value)


_Amount = Annotated[
    Decimal,
    BeforeValidator(_written_out),
    Field(ge=0, max_digits=18, decimal_places=4, allow_inf_nan=False),
    WithJsonSchema({"type": "string", "pattern": AMOUNT, "examples": ["1200.50"]}),
]


GivenPercent = Annotated[
    Percent, BeforeValidator(_written_out), WithJsonSchema({"type": "string", "pattern": AMOUNT, "examples": ["22"]})
]
"""So many per cent, as a caller gives it: digits, and a point before the decimals."""


GivenQuantity = Annotated[
    Quantity, BeforeValidator(_written_out), WithJsonSchema({"type": "string", "pattern": AMOUNT, "examples": ["10"]})
]
"""How much of a product, as a caller gives it: digits, and a point before the decimals."""


class MoneyGiven(Value):
    """An amount in a currency: digits, and a point before the decimals, of which no more than the currency has."""

    # First: how many decimals the amount may have depends on it.
    currency: Currency
    amount: _Amount

    @field_validator("amount")
    @classmethod
    def _in_its_currency(cls, amount: Decimal, info: ValidationInfo) -> Decimal:
        currency = info.data.get("currency")
        if currency is not None and decimals_needed(amount) > DECIMALS[currency]:
            known = {"currency": currency, "decimals": DECIMALS[currency]}
            raise PydanticCustomError("too_many_decimals", "{currency} has {decimals} decimals", known)
        return amount


def given_money(value: Any) -> Money:
    """Return the money that somebody gives, as its parts or whole; raises pydantic.ValidationError."""
    given = MoneyGiven.of(dict(value) if isinstance(value, Money) else value)
    return Money.of({"amount": given.amount, "currency": given.currency})


GivenMoney = Annotated[Money, BeforeValidator(given_money, json_schema_input_type=MoneyGiven)]
"""The money of a command: a fact may hold whatever was once recorded, a command no more than there should be."""
