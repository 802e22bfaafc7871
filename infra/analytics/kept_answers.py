"""Answers to reports, each good until a fact comes into a table that it was made of.

Many look at the same report, and a page of it asks for its rows, its chart and its files one after the other.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from infra.analytics.lent import Lent

MOST = 100
MOST_BYTES = 128 * 1024
"""So many answers are kept of a file, none larger than this."""

Question = tuple[str, str, tuple[tuple[str, tuple[tuple[str | None, ...], ...]], ...]]
"""All that an answer depends on besides the facts: the SQL, its values and the tables that are handed in."""


def question_of(statement: str, values: Mapping[str, Any], lent: Lent) -> Question:
    """Return by what an answer is found again."""
    handed_in = tuple((name, tuple(map(tuple, rows))) for name, rows in sorted(lent.items()))
    return statement, repr(sorted(values.items())), handed_in


class KeptAnswers:
    """The answers that are kept of one open file of facts; `changes` counts the loads into each of its tables."""

    def __init__(self) -> None:
        self.changes = Counter[str]()
        self._lock = Lock()
        self._answers: OrderedDict[Question, tuple[tuple[int, ...], Any]] = OrderedDict()

    def stamp(self, tables: Sequence[str]) -> tuple[int, ...]:
        """Return how often facts have come into these tables; taken before an answer is made, it is kept with it."""
        return tuple(self.changes[table] for table in tables)

    def find(self, question: Question, stamp: tuple[int, ...]) -> Any:
        """Return the answer that was made when its tables were as they are by this stamp; None if there is none."""
        with self._lock:
            kept = self._answers.get(question)
            if kept is None or kept[0] != stamp:
                return None
            self._answers.move_to_end(question)
            return kept[1]

    def keep(self, question: Question, stamp: tuple[int, ...], table: Any) -> None:
        """Keep an answer, and let go of the one that was longest not asked for."""
        if table.nbytes > MOST_BYTES:
            return
        with self._lock:
            self._answers[question] = stamp, table
            self._answers.move_to_end(question)
            while len(self._answers) > MOST:
                self._answers.popitem(last=False)
