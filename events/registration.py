"""The values by which a state knows a client: a tax number has its country, a Russian one КПП and ОГРН beside it."""

from typing import Annotated

from pydantic import StringConstraints

from events.values import ShortText, Value

HOME_COUNTRY = "RU"
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""By ISO 3166; where old facts do not say which, it is Russia."""


class Registration(Value):
    """What goes with a tax number: of which country it is, and of a Russian one КПП and ОГРН."""

    country: Country = HOME_COUNTRY
    kpp: ShortText | None = None
    ogrn: ShortText | None = None


RUSSIAN = Registration()
"""What is known where nothing is said."""
