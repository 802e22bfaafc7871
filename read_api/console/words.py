"""What the console says, in its user's language: words, plurals, days and money as CLDR has them."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta
from babel.lists import format_list
from babel.numbers import format_compact_decimal, format_currency, format_decimal, get_currency_symbol
from babel.units import format_unit

LANGUAGES = ("en", "ru")

# English with the day before the month and 24 hours: what both offices read without a second look.
_LOCALES = {"en": "en_GB", "ru": "ru_RU"}

_SIZES = (("gigabyte", 2**30), ("megabyte", 2**20), ("kilobyte", 2**10))

Catalogue = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""page → word → language → sentence, or sentences by CLDR's plural category"""


def own_words() -> Catalogue:
    """Return the words that the console has of its own."""
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


class Words:
    """What is said to one user: `labels` are the API's words of its lists."""

    def __init__(self, language: str, zone: ZoneInfo, own: Catalogue, labels: Catalogue, now: datetime) -> None:
        self.language = language
        self.zone = zone
        self._own = own
        self._labels = labels
        self.locale = Locale.parse(_LOCALES.get(language, "en_GB"))
        self.now = now.astimezone(zone)

    def __call__(self, name: str, /, **facts: Any) -> str:
        """Return a sentence by page and word (`my_day.overdue`); `n` chooses its plural. Raises KeyError."""
        page, _, word = name.partition(".")
        told = self._own[page][word][self.language]
        if isinstance(told, Mapping):
            told = told[self.locale.plural_form(facts["n"])]
        if "n" in facts:
            facts["n"] = self.number(facts["n"])
        return str(told).format_map(facts)

    def known(self, name: str, otherwise: str) -> str:
        """Return a sentence by page and word, or else what is given."""
        page, _, word = name.partition(".")
        return self(name) if word in self._own[page] else otherwise

    def stored(self, text: str) -> str:
        """Return a text that the API may have written down itself, in the user's language; people's own as it is."""
        told = self._own["stored"].get(text)
        return text if told is None else str(told[self.language])

    def label(self, name: str, word: str | None) -> str:
        """Return what people call a word of one of the API's lists; the word itself where it is not known."""
        return "" if word is None else str(self._labels.get(name, {}).get(word, {}).get(self.language, word))

    def actor(self, actor: str) -> str:
        """Return what a policy, a timer, an import or a program is called: it has no name that people know."""
        kind, _, name = actor.partition(":")
        called = self.known(f"policy.{name}", name)
        return self(f"actor.{kind}", name=called) if name and kind in self._own["actor"] else actor

    def labels_of(self, name: str) -> Mapping[str, str]:
        """Return every word of one of the API's lists with what people call it."""
        return {word: told[self.language] for word, told in self._labels.get(name, {}).items()}

    def number(self, value: float | Decimal) -> str:
        """Return a number with its digits grouped."""
        return str(format_decimal(value, locale=self.locale))

    def compact(self, value: Decimal) -> str:
        """Return a large number as a scale has it: 1.2M."""
        return str(format_compact_decimal(value, locale=self.locale, fraction_digits=1))

    def money(self, amount: str | Decimal, currency: str) -> str:
        """Return an amount of money; without its cents where there are none."""
        return _money(str(amount), currency, self.locale)

    def sums(self, sums: Sequence[Mapping[str, Any]]) -> str:
        """Return amounts of several currencies."""
        return " + ".join(self.money(one["amount"], one["currency"]) for one in sums)

    def size(self, size_bytes: float) -> str:
        """Return how much room something takes."""
        unit, bytes_each = next((one for one in _SIZES if size_bytes >= one[1]), _SIZES[-1])
        return str(format_unit(round(size_bytes / bytes_each, 1), f"digital-{unit}", "short", locale=self.locale))

    def duration(self, seconds: float) -> str:
        """Return how long something takes, as one says it: a second at least."""
        told = format_timedelta(
            timedelta(seconds=max(1, round(seconds))), threshold=2, format="short", locale=self.locale
        )
        return str(told)

    def listed(self, parts: Sequence[str]) -> str:
        """Return words as a sentence lists them."""
        return str(format_list(list(parts), locale=self.locale))

    def local(self, moment: str | datetime) -> datetime:
        """Return a moment as the company's clocks show it."""
        known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return known.astimezone(self.zone)

    def time(self, moment: str | datetime) -> str:
        """Return the time of day of a moment."""
        return str(format_time(self.local(moment), "HH:mm", locale=self.locale))

    def day(self, moment: str | date | None) -> str:
        """Return the day of a moment, or a day; its year only when it is not this one."""
        if moment is None:
            return ""
        known = self._day_of(moment)
        return _date(known, "d MMMM" if known.year == self.now.year else "d MMMM y", self.locale)

    def short_day(self, moment: str | date) -> str:
        """Return the day of a moment as a column has it."""
        known = self._day_of(moment)
        return _date(known, "d MMM" if known.year == self.now.year else "d MMM y", self.locale)

    def long_day(self, moment: str | date) -> str:
        """Return the day of a moment with its day of the week, as a heading has it; today and yesterday by name."""
        known = self._day_of(moment)
        told = str(
            format_date(known, "EEEE, d MMMM" if known.year == self.now.year else "d MMMM y", locale=self.locale)
        )
        near = {timedelta(): "common.today", timedelta(1): "common.yesterday", timedelta(-1): "common.tomorrow"}
        name = near.get(self.now.date() - known)
        return told[:1].upper() + told[1:] if name is None else f"{self(name)}, {self.day(known)}"

    def when(self, moment: str | datetime) -> str:
        """Return a moment as a list has it: of today its time, else its day."""
        known = self.local(moment)
        return self.time(known) if known.date() == self.now.date() else self.short_day(known)

    def moment(self, moment: str | datetime) -> str:
        """Return a moment with its day and time."""
        return f"{self.day(moment)}, {self.time(moment)}"

    def month(self, given: str) -> str:
        """Return a month (`2026-01`, or its first day) as a table has it."""
        return str(format_date(date.fromisoformat(f"{given[:7]}-01"), "LLL y", locale=self.locale))

    def as_of(self, given: str) -> str:
        """Return the past that an address says: a day, or a moment; anything else as it is."""
        try:
            return self.day(given) if len(given) == len("2026-01-31") else self.moment(given)
        except ValueError:
            return given

    def _day_of(self, moment: str | date) -> date:
        if isinstance(moment, str) and len(moment) == len("2026-01-31"):
            return date.fromisoformat(moment)
        if isinstance(moment, date) and not isinstance(moment, datetime):
            return moment
        return self.local(moment).date()


# The same amounts and days are shown again and again: to who looks once more, to who looks as well.
@lru_cache(maxsize=10_000)
def _money(amount: str, currency: str, locale: Locale) -> str:
    exact, pattern = Decimal(amount), str(locale.currency_formats["standard"].pattern)
    if exact == exact.to_integral_value():
        pattern = pattern.replace(".00", "")
    if get_currency_symbol(currency, locale).isalpha():
        # A code is a word, and stands apart from its number.
        pattern = pattern.replace("¤#", "¤\u00a0#")
    return str(format_currency(exact, currency, pattern, locale, currency_digits=False, decimal_quantization=False))


@lru_cache(maxsize=10_000)
def _date(day: date, pattern: str, locale: Locale) -> str:
    return str(format_date(day, pattern, locale=locale))
