"""The days of a year on which a client is remembered: birthdays, anniversaries, a gift that was ordered."""

from calendar import monthrange
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from events.base import Event
from events.examples import DATES_OF_ROMASHKA, ROMASHKA, example
from events.ids import ClientId
from events.marks import PERSONAL
from events.values import ShortText, Value

LEAP_YEAR = 2000
"""A year with every day that any year has."""


class ClientDateKind(StrEnum):
    """What is remembered on the day; of what is not among these the label says it."""

    BIRTHDAY = "birthday"
    NAME_DAY = "name_day"
    WEDDING = "wedding"
    FOUNDED = "founded"
    CONTRACT = "contract"
    GIFT = "gift"
    OTHER = "other"


class YearlyDay(Value):
    """A day of every year; `year` is the first one, if it is known.

    What falls on 29 February is remembered on the 28th in a year without it: nobody is congratulated too late.
    """

    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    year: Annotated[int | None, Field(ge=1000, le=2100)] = None

    @model_validator(mode="after")
    def _is_a_day(self) -> Self:
        if self.day > monthrange(LEAP_YEAR if self.year is None else self.year, self.month)[1]:
            raise ValueError("there is no such day")
        return self


@example(
    on=DATES_OF_ROMASHKA,
    client_id=ROMASHKA,
    kind=ClientDateKind.FOUNDED,
    on_day=YearlyDay(month=2, day=29, year=1996),
    source="their website",
)
class ClientDateNoted(Event):
    """It is known on which day of the year something of a client is remembered; what was known before is wrong."""

    TOPIC: ClassVar[str] = "client_date.noted"

    client_id: ClientId
    kind: ClientDateKind
    label: Annotated[ShortText | None, PERSONAL] = None
    on_day: Annotated[YearlyDay, PERSONAL]
    source: Annotated[ShortText, PERSONAL]


@example(on=DATES_OF_ROMASHKA, client_id=ROMASHKA, kind=ClientDateKind.FOUNDED)
class ClientDateDropped(Event):
    """That day of a client is not remembered any more."""

    TOPIC: ClassVar[str] = "client_date.dropped"

    client_id: ClientId
    kind: ClientDateKind
    label: Annotated[ShortText | None, PERSONAL] = None
