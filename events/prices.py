"""The whole values that prices are made of: a share, a quantity, a price from a quantity on."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from events.values import Money, Value

Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2, allow_inf_nan=False)]
"""So many parts of a hundred, to the hundredth."""

Quantity = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=3, allow_inf_nan=False)]
"""How much of a product, in its unit."""


class Tier(Value):
    """What one unit costs from a quantity on; it is the price of the whole quantity, not of what is beyond."""

    from_quantity: Quantity = Decimal(0)
    price: Money
