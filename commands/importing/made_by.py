"""What an import made, and who has done something with it since: read from the log, many streams at a time."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple, TypeVar
from uuid import UUID

from aggregates.client import Client
from commands.importing.run import BATCH
from events.client import ClientRegistered
from events.ids import revert_of, source_named
from infra.postgres.connection import Borrow

_T = TypeVar("_T")

REACH = 500_000
"""Positions of the log looked through by one question: a second, where nothing of it is in memory."""

OF_MERGES = [kind.TOPIC for kind in Client.PASSING]
CLIENT, DEAL, ACTIVITY = "client", "deal", "activity"
FIELDS, TAGS = "client_field", "client_tag"
BESIDE = frozenset({FIELDS, TAGS})
"""What stands beside a client's card, on streams of its own."""

_MADE: LiteralString = """
SELECT e.stream_id, min(e.position), min(e.occurred_at), split_part(min(e.topic), '.', 1), bool_or(e.topic = %s)
FROM letopis.event AS e
WHERE e.position > %s
    AND e.position <= %s
    AND e.correlation_id = %s
GROUP BY e.stream_id
"""

_BEGAN: LiteralString = """
SELECT min(e.position), (SELECT max(position) FROM letopis.event)
FROM letopis.event AS e
WHERE e.stream_id = %s
"""

# Whose history a stream's facts stand in, less its own; that two were one for a while is told by neither.
_ABOUT: LiteralString = """
SELECT p.party_id, e.stream_id, max(e.position)
FROM letopis.event_party AS p
JOIN letopis.event AS e ON e.position = p.position
WHERE p.party_id = ANY (%s::uuid[])
    AND e.stream_id <> p.party_id
    AND e.topic <> ALL (%s::text[])
GROUP BY p.party_id, e.stream_id
"""

# An activity that is about a deal stands in the history of the deal's client.
_ABOUT_DEALS: LiteralString = """
SELECT DISTINCT d.stream_id, a.stream_id, a.position
FROM letopis.event AS d
JOIN letopis.event_party AS of_deal ON of_deal.position = d.position
JOIN letopis.event_party AS of_other ON of_other.party_id = of_deal.party_id
JOIN letopis.event AS a ON a.position = of_other.position
WHERE d.stream_id = ANY (%s::uuid[])
    AND d.topic = 'deal.opened'
    AND a.topic LIKE 'activity.%%'
    AND a.body ->> 'deal_id' = d.stream_id::text
"""

_LAST: LiteralString = """
SELECT DISTINCT ON (e.stream_id) e.stream_id, e.topic, e.actor, e.occurred_at, e.position
FROM letopis.event AS e
WHERE e.stream_id = ANY (%s::uuid[])
ORDER BY e.stream_id, e.version DESC
"""

_FIRST_OF_OTHERS: LiteralString = """
SELECT DISTINCT ON (e.stream_id) e.stream_id, e.topic, e.actor, e.occurred_at, e.position
FROM letopis.event AS e
WHERE e.stream_id = ANY (%s::uuid[])
    AND e.correlation_id <> ALL (%s::uuid[])
    AND e.position > %s
ORDER BY e.stream_id, e.version
"""


_MATTERS: LiteralString = """
SELECT e.stream_id, max(e.version), array_agg(DISTINCT e.correlation_id)
FROM letopis.event AS e
WHERE e.stream_id = ANY (%s::uuid[])
GROUP BY e.stream_id
"""

_REVERTS: LiteralString = "SELECT count(*) FROM letopis.event WHERE stream_id = %s"


def pieces(things: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Give things a batch at a time, as the log is asked of them and told."""
    for start in range(0, len(things), BATCH):
        yield things[start : start + BATCH]


def times_reverted(borrow: Borrow, source: str) -> int:
    """Return how many imports from a source were reverted: since the last one its rows may be entered once more."""
    with borrow() as connection:
        ((count,),) = connection.execute(_REVERTS, [source_named(source)]).fetchall()
    return int(count)


def _standing(matters: set[UUID]) -> set[UUID]:
    """Return the matters less those of imports that were reverted, and of their reverts."""
    reverts = {revert_of(each): each for each in matters}
    over = matters & reverts.keys()
    return matters - over - {reverts[each] for each in over}


class Made(NamedTuple):
    """A stream on which an import recorded facts: since which position, the earliest day they tell of, and whose.

    `is_entered`: it was the import that entered it.
    """

    stream_id: UUID
    position: int
    occurred_at: datetime
    noun: str
    is_entered: bool


class Deed(NamedTuple):
    """A fact that somebody recorded."""

    stream_id: UUID
    topic: str
    actor: str
    occurred_at: datetime
    position: int

    @property
    def stands(self) -> bool:
        """Whether that which it is the last fact of is there."""
        return not self.topic.endswith(".entry_reverted")


class Log:
    """What is asked of the log about one import; raises psycopg.Error."""

    def __init__(self, borrow: Borrow, import_id: UUID) -> None:
        self._borrow = borrow
        self._import_id = import_id
        self._began = 0

    def made(self) -> list[Made]:
        """Return the streams on which the import recorded facts, what it came to last first.

        The log is read once, from where the import began: it may have been run again at any time since.
        """
        with self._borrow() as connection:
            ((began, end),) = connection.execute(_BEGAN, [self._import_id]).fetchall()
        self._began = began or 0
        found: dict[int, Made] = {}
        for start in range(self._began, end or 0, REACH):
            with self._borrow() as connection:
                asked = [ClientRegistered.TOPIC, start, start + REACH, self._import_id]
                rows = connection.execute(_MADE, asked).fetchall()
            for row in rows:
                made = Made(*row)
                made = made._replace(is_entered=made.is_entered or made.noun in {DEAL, ACTIVITY})
                before = found.get(made.stream_id.int)
                if before is not None:
                    made = before._replace(
                        occurred_at=min(before.occurred_at, made.occurred_at),
                        is_entered=before.is_entered or made.is_entered,
                    )
                found[made.stream_id.int] = made
        return sorted(found.values(), key=lambda each: each.position, reverse=True)

    def about(self, noun: str, ids: Sequence[UUID]) -> list[tuple[UUID, UUID, int]]:
        """Return, of clients or deals, which other streams are about them, and until which position."""
        if noun == ACTIVITY or not ids:
            return []
        with self._borrow() as connection:
            if noun == DEAL:
                return connection.execute(_ABOUT_DEALS, [list(ids)]).fetchall()
            return connection.execute(_ABOUT, [list(ids), OF_MERGES]).fetchall()

    def own(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        """Return the versions of those of these streams on which nobody else recorded anything that stands.

        What other imports recorded, and was taken back, does not.
        """
        with self._borrow() as connection:
            rows = connection.execute(_MATTERS, [list(ids)]).fetchall()
        ours = {self._import_id, revert_of(self._import_id)}
        return {stream_id: version for stream_id, version, matters in rows if not _standing(set(matters) - ours)}

    def standing(self, ids: Iterable[UUID]) -> dict[UUID, Deed]:
        """Return the last fact of those of these streams that were not taken back."""
        deeds = self._deeds(_LAST, [list(ids)])
        return {stream_id: deed for stream_id, deed in deeds.items() if deed.stands}

    def first_of_others(self, ids: Iterable[UUID]) -> dict[UUID, Deed]:
        """Return of each of these streams what somebody else did first since the import began."""
        return self._deeds(_FIRST_OF_OTHERS, [list(ids), [self._import_id, revert_of(self._import_id)], self._began])

    def _deeds(self, statement: LiteralString, asked: list[object]) -> dict[UUID, Deed]:
        if not asked[0]:
            return {}
        with self._borrow() as connection:
            rows = connection.execute(statement, asked).fetchall()
        return {deed.stream_id: deed for deed in (Deed(*row) for row in rows)}
