"""What a check of a read model found: how many rows are not what the log makes, which, and where they differ."""

from dataclasses import dataclass, field
from typing import Any

from infra.projector.folding import RowAt
from infra.projector.projection import Key
from infra.told import ToldError

NAMED_AT_MOST = 100
"""Rows that a report names of each kind: it is read by people."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not what the log makes; `columns` has, by name, what is there and what should be."""

    key: Key
    columns: dict[str, tuple[Any, Any]]


@dataclass(slots=True)
class Report:
    """What a check found: counts are complete, the lists name the first of each kind.

    A sample has looked at one row in `one_in`, chosen by chance, and at all the facts that make it. Places that are
    `parked` were compared as they stood before the fact they wait for, and `skipped` facts were passed over here too;
    at `failing` places this code cannot take in what the build did take in.
    """

    projection: str
    generation: int
    position: int
    one_in: int = 1
    is_log_the_same: bool = True
    rows: int = 0
    differing: int = 0
    missing: int = 0
    extra: int = 0
    parked: int = 0
    skipped: int = 0
    failing: int = 0
    differences: list[Difference] = field(default_factory=list)
    missing_keys: list[Key] = field(default_factory=list)
    extra_keys: list[Key] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Count in what somebody else found in other rows."""
        self.rows += other.rows
        self.differing += other.differing
        self.missing += other.missing
        self.extra += other.extra
        self.failing += other.failing
        self.differences = [*self.differences, *other.differences][:NAMED_AT_MOST]
        self.missing_keys = [*self.missing_keys, *other.missing_keys][:NAMED_AT_MOST]
        self.extra_keys = [*self.extra_keys, *other.extra_keys][:NAMED_AT_MOST]

    def note_difference(self, key: Key, there: RowAt, right: RowAt) -> None:
        """Count a row that is not what it should be, and name it if there is room."""
        self.differing += 1
        if len(self.differences) < NAMED_AT_MOST:
            self.differences.append(Difference(key, _columns(there, right)))

    def note_missing(self, key: Key) -> None:
        """Count a row that should be there, and name it if there is room."""
        self.missing += 1
        if len(self.missing_keys) < NAMED_AT_MOST:
            self.missing_keys.append(key)

    def name_extra(self, key: Key) -> None:
        """Name a row that should not be there, if there is room for one more name."""
        if len(self.extra_keys) < NAMED_AT_MOST:
            self.extra_keys.append(key)

    @property
    def is_equal(self) -> bool:
        """True when every row is what the log makes, none is missing and none too many."""
        return self.is_log_the_same and not (self.differing or self.missing or self.extra or self.failing)

    def lines(self) -> list[str]:
        """Return a line for each row that is named: its key, and the columns in which it differs, without values."""
        return [
            *(f"differs: {_key(one.key)}: {', '.join(one.columns)}" for one in self.differences),
            *(f"missing: {_key(key)}" for key in self.missing_keys),
            *(f"extra: {_key(key)}" for key in self.extra_keys),
        ]

    @property
    def summary(self) -> str:
        """Return one line for people and logs; without any values, which may be personal."""
        if not self.is_log_the_same:
            return f"log replaced: another fact is at position {self.position} than the one that was folded"
        columns = sorted({name for one in self.differences for name in one.columns})
        named = f" (columns: {', '.join(columns)})" if columns else ""
        sample = f" (a sample: one in {self.one_in})" if self.one_in > 1 else ""
        odd = {"wait (parked)": self.parked, "facts skipped": self.skipped, "cannot be folded any more": self.failing}
        return (
            f"{self.rows} rows{sample} at position {self.position}: {self.differing} differ{named},"
            f" {self.missing} missing, {self.extra} extra"
            + "".join(f", {count} {what}" for what, count in odd.items() if count)
        )


class NotEqualError(ToldError):
    """A rebuilt read model differs from what the log makes; readers keep the one they had."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{report.projection} was not swapped: {report.summary}")
        self.report = report


def _key(key: Key) -> str:
    return ", ".join(map(str, key))


def _columns(there: RowAt, right: RowAt) -> dict[str, tuple[Any, Any]]:
    touching: dict[str, tuple[Any, Any]] = {
        name: (is_there, should_be)
        for name, is_there, should_be in zip(right.row._fields, there.row, right.row, strict=True)
    }
    touching["position"] = (there.position, right.position)
    return {name: (is_there, should_be) for name, (is_there, should_be) in touching.items() if is_there != should_be}
