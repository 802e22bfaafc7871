"""What reads may be asked with, whatever they are about."""

import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from infra.amounts import AMOUNT
from read_api.reading.moments import WRITTEN_OUT, period

# PostgreSQL's text has every character but this one.
PlainText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]

AsOfText = Annotated[str | None, Field(max_length=100, examples=["2026-06-30"])]

# Parameters that may be given several times: any of the values will do.
REPEATABLE = frozenset({"topic", "ids", "fields", "include", "line"})

AT_ONCE = 200
"""So many ids one question names, and so many items a page has."""


def one_by_one(value: Any) -> Any:
    """Take a text with commas in it, or several such texts, for the parts between the commas."""
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
        return [part for text in texts for part in text.split(",")]
    return value


def _day(value: Any) -> Any:
    """Take no bare number for a day: "0" would be read as seconds, and be a day of 1970."""
    if isinstance(value, str) and not WRITTEN_OUT.fullmatch(value):
        raise PydanticCustomError("date_parsing", "a day is its year, month and day")
    return value


def _amount(value: Any) -> Any:
    """Take no amount that is written otherwise than answers write it."""
    if isinstance(value, str) and not re.fullmatch(AMOUNT, value):
        raise PydanticCustomError("not_an_amount", "digits, and a point before the decimals")
    return value


Day = Annotated[date, BeforeValidator(_day)]
"""A day of the company's zone, from its first moment or up to its last one."""

PlainDay = Annotated[Day, AfterValidator(date.isoformat)]
"""A day that is one whatever the zone, as YYYY-MM-DD."""

Amount = Annotated[Decimal, BeforeValidator(_amount), WithJsonSchema({"type": "string", "pattern": AMOUNT})]


class Question(BaseModel):
    """What every read may be asked with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_position: Annotated[
        int | None, Field(ge=0, lt=2**63, description="Wait until the view has reached this position of the log.")
    ] = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        for (first, _), (last, told) in _ranges(type(self)):
            begin, end = getattr(self, first), getattr(self, last)
            if begin is not None and end is not None and end < begin:
                code = "ends_before_it_begins" if isinstance(end, date | str) else "less_than_the_least"
                raise PydanticCustomError(code, "the end is before the beginning", {"field": told})
        return self


@lru_cache(maxsize=100)
def _ranges(kind: type[Question]) -> tuple[tuple[tuple[str, str], tuple[str, str]], ...]:
    """Return the pairs of parameters `…from` and `…to` of a question, each as its member and as it is asked with."""
    members = {field.alias or name: name for name, field in kind.model_fields.items()}
    ends = {told: f"{told.removesuffix('from')}to" for told in members if told.endswith("from")}
    return tuple(((members[told], told), (members[end], end)) for told, end in ends.items() if end in members)


class PastQuestion(Question):
    """What a read may be asked with that can also say how things stood."""

    as_of: AsOfText = None


class PageQuestion(PastQuestion):
    """What every list may be asked with; the other members are its filters."""

    limit: Annotated[int, Field(ge=1, le=AT_ONCE, description="How many items a page has at most.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next` of the page before.")] = None
    count: Annotated[bool, Field(description="Count all items; it costs time.")] = False

    def filters(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return the filters that are given; of days their beginning or, of the last one, their end in a zone."""
        names, kind = self.model_fields_set - NO_FILTERS, type(self)
        given = {kind.model_fields[name].alias or name: getattr(self, name) for name in sorted(names)}
        return {name: _moment(name, value, zone) for name, value in given.items() if value is not None}

    @property
    def page_size(self) -> int:
        """How many items the page has at most."""
        return self.limit

    @property
    def order(self) -> str | None:
        """How the list is sorted, if otherwise than by itself."""
        return None

    @property
    def members(self) -> frozenset[str] | None:
        """The members of the items that are wanted, if not all."""
        return None


class ListQuestion(PageQuestion):
    """What a list may be asked with of which anybody may want certain items, certain members and another order."""

    ids: Annotated[list[UUID] | None, BeforeValidator(one_by_one), Field(max_length=AT_ONCE)] = None
    fields: Annotated[
        list[Annotated[str, Field(max_length=100)]] | None, BeforeValidator(one_by_one), Field(max_length=100)
    ] = None
    sort: str | None = None

    @property
    def page_size(self) -> int:
        """How many items the page has at most: as many as are named, unless less are wanted."""
        return self.limit if self.ids is None or "limit" in self.model_fields_set else AT_ONCE

    @property
    def order(self) -> str | None:
        """How the list is sorted, if otherwise than by itself."""
        return self.sort

    @property
    def members(self) -> frozenset[str] | None:
        """The members of the items that are wanted, if not all."""
        return None if self.fields is None else frozenset(self.fields)


NO_FILTERS = frozenset(PageQuestion.model_fields) | {"fields", "sort"}
"""What a list is asked with that is no filter."""


def _moment(name: str, value: Any, zone: ZoneInfo) -> Any:
    if not isinstance(value, date):
        return value
    begin, end = period(value, value, zone)
    return end if name.endswith("to") else begin
