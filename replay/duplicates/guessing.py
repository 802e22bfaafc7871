"""What the columns of a file are compared as: guessed from their headings and from what stands in them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from infra.linkage.columns import Column, Kind, Value
from infra.mailboxes import one_mailbox
from infra.typed import with_plain_digits

FEW = 60
"""So many different values at most have the columns that tell groups: a region, a sex, a state."""

MOSTLY = 0.9
"""So many of the values look as those of a kind do."""

_PARTS_OF_A_NAME = re.compile(
    r"\b(given|first|last|middle|family|second|maiden|sur)[ _]?name\b|\bsurname\b|\bforename\b|\bpatronymic\b"
    r"|\bфамилия\b|\bимя\b|\bотчество\b"
)
_NAMES = re.compile(
    r"\b(full|company|client|customer|person|organi[sz]ation)?[ _]?name\b|\bcompany\b|\bfirm\b"
    r"|\bфио\b|\bф\.и\.о\b|\bназвание\b|\bнаименование\b|\bорганизация\b|\bконтрагент\b|\bклиент\b|\bкомпания\b"
)
_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}.*|(18|19|20)\d\d[01]\d[0-3]\d")
_PHONE = re.compile(r"\+?[\d\s()./-]{7,25}")
_SEVERAL = re.compile(r"[;,]")

PHONE_DIGITS = 10
"""The last digits of a phone number that are compared: what is before them is the country, or how one dials it."""


class Read(NamedTuple):
    """A column to be compared, the places in a row that it is read from, and what its values are: SETs of which."""

    column: Column
    places: tuple[int, ...]
    what: str = ""

    def value(self, cells: Sequence[str]) -> Value:
        """Return what a row says in it."""
        if self.what == "phone":
            digits = (re.sub(r"\D", "", with_plain_digits(one)) for one in _SEVERAL.split(cells[self.places[0]]))
            return [number[-PHONE_DIGITS:] for number in digits if number] or None
        if self.what == "email":
            told = (one.strip().lower() for one in _SEVERAL.split(cells[self.places[0]]))
            return [one_mailbox(one) for one in told if one] or None
        return " ".join(filter(None, (cells[place].strip() for place in self.places))) or None


def guessed(headings: Sequence[str], rows: Sequence[Sequence[str]], truth: int) -> list[Read]:
    """Return what the columns are compared as, but for the one with the truth and those that number the rows.

    The parts of a name are one name, since people put them into each other's columns.
    """
    folded = [heading.strip().casefold().replace("-", "_") for heading in headings]
    parts = tuple(place for place, heading in enumerate(folded) if _PARTS_OF_A_NAME.search(heading) and place != truth)
    found = [Read(Column("name", Kind.NAME), parts)] if parts else []
    for place, heading in enumerate(folded):
        if place == truth or place in parts:
            continue
        values = [told for row in rows if (told := row[place].strip())]
        if not values or _numbers_the_rows(values, len(rows)):
            continue
        kind, what = _kind_of(heading, values)
        found.append(Read(Column(headings[place].strip() or f"column {place + 1}", kind), (place,), what))
    return found


def _numbers_the_rows(values: Sequence[str], rows: int) -> bool:
    """Tell whether each row has a number of its own here, which no other row could share."""
    return len(values) == rows and len(set(values)) == rows and all(value.isalnum() for value in values)


def _kind_of(heading: str, values: Sequence[str]) -> tuple[Kind, str]:
    def look(pattern: re.Pattern[str]) -> bool:
        return sum(pattern.fullmatch(value) is not None for value in values) >= MOSTLY * len(values)

    if look(_E_MAIL):
        return Kind.SET, "email"
    if look(_DATE):
        return Kind.DATE, ""
    if ("phone" in heading or "тел" in heading or heading.startswith(("mob", "моб"))) and look(_PHONE):
        return Kind.SET, "phone"
    if len(set(values)) <= FEW < len(values):
        return Kind.CATEGORY, ""
    if sum(any(map(str.isdigit, value)) and " " not in value for value in values) >= MOSTLY * len(values):
        return Kind.NUMBER, ""
    return (Kind.NAME if _NAMES.search(heading) else Kind.TEXT), ""
