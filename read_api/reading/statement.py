"""A question in SQL, the same for the present and the past, with the views that it is asked of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from read_api import views
from read_api.reading.joined import MERGED, chosen, is_mapped
from read_api.reading.reach import Reach, Sight
from read_api.reading.seen import GUARDED, expanded, is_marked, looked_at

# How far the views of a question are, and the first position that something waits for in them (in what is asked about,
# if that is one thing): in the same statement as the question, so in the same snapshot. -1: one of them is of another
# log (a backup was restored, and it is not built anew yet), and none of its rows may be told.
# What is always the same stands in the text: of a parameter PostgreSQL would expect too much, and would rather plan
# each question anew, which takes three times as long as to answer it.
# -2 (MERGED): it was asked without the map of merged clients, and there are some.
_SEEN_NOW = """
WITH seen AS (
    SELECT {position} AS position, (
        SELECT min(p.position)
        FROM read.parked AS p
        WHERE p.view = ANY('{views}'){about}
    ) AS parked
    FROM read.shown AS s
    WHERE s.view = ANY('{views}')
)"""
_POSITION = "coalesce(min(CASE WHEN s.is_of_another_log THEN -1 ELSE s.position END), 0)"
_UNLESS_MERGED = f"CASE WHEN EXISTS (SELECT FROM {views.CANONICAL_MAP} AS merged) THEN {MERGED} ELSE {_POSITION} END"
_ABOUT = " AND %(about)s::text = ANY(p.concerns)"

_SEEN_THEN = """
WITH seen AS (SELECT %(seen_position)s::bigint AS position, NULL::bigint AS parked)"""


STATEMENTS = 2_048
"""So many are kept with their parameters by number; there are some hundred, and more pages of lists with filters."""

_NAMED = re.compile(rb"%(?:\((\w+)\)s|%)")


@lru_cache(STATEMENTS)
def numbered_parameters(statement: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return a statement with its parameters by number, as PostgreSQL has them, and their names in this order.

    psycopg does so by itself, and again each time for a statement of more than 4,096 bytes.
    """
    names: dict[bytes, int] = {}

    def number(named: re.Match[bytes]) -> bytes:
        return b"%" if named[1] is None else b"$%d" % names.setdefault(named[1], len(names) + 1)

    return _NAMED.sub(number, statement), tuple(name.decode() for name in names)


class Seen(NamedTuple):
    """How true an answer is: how far its views are; `parked` is the first fact that it should say and does not."""

    position: int
    parked: int | None = None


@dataclass(frozen=True, eq=False)
class Statement:
    """One question: what follows the common table expression `seen` (position, parked), which it selects first.

    `views` are those in which it looks for rows; `names` those from which it only adds something by an id that stands
    in the answer, such as the name of a client. Who may see what, marks in the SQL say (read_api.reading.seen).
    """

    sql: str
    views: tuple[str, ...]
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        looks = GUARDED & {*self.views, *self.names}
        assert not looks or is_marked(self.sql), f"{sorted(looks)}: say who may see it (read_api/reading/seen.py)"  # noqa: S101

    def now(self, sight: Sight, *, is_about: bool, with_map: bool = False) -> bytes:
        """Return the statement for the present; its parameters are the question's and, but for WHOLE, the reach's.

        If it `is_about` one thing (`about`), it tells of what waits only if that waits in this one. `with_map`: it goes
        through the map of merged clients; without it, it says whether there are any.
        """
        made = self._made.get((sight, is_about, with_map))
        if made is None:
            asked = expanded(self.sql, sight)
            # PostgreSQL's own way to write an array.
            looked = f"{{{','.join(self.rests_on(sight))}}}"
            position = _UNLESS_MERGED if is_mapped(asked) and not with_map else _POSITION
            seen = _SEEN_NOW.format(position=position, views=looked, about=_ABOUT if is_about else "")
            made = self._made[sight, is_about, with_map] = (seen + chosen(asked, is_mapped=with_map)).encode()
        return made

    def then(self, sight: Sight) -> str:
        """Return the statement for the past; `seen_position` is how far the log was."""
        return _SEEN_THEN + chosen(expanded(self.sql, sight, is_past=True), is_mapped=True)

    @cached_property
    def _made(self) -> dict[tuple[Sight, bool, bool], bytes]:
        return {}

    @cached_property
    def looks_into(self) -> tuple[str, ...]:
        """Every view in which it looks for rows, the map of merged clients included."""
        return tuple(dict.fromkeys((*self.views, *self._map)))

    @cached_property
    def named(self) -> tuple[str, ...]:
        """Those from which only something is added by an id that stands in the answer, the map included."""
        return tuple(dict.fromkeys((*self.names, *self._map)))

    @cached_property
    def _map(self) -> tuple[str, ...]:
        return (views.CANONICAL_MAP,) if is_mapped(expanded(self.sql, Sight.EVEN)) else ()

    @cached_property
    def all_views(self) -> tuple[str, ...]:
        """Every view it selects from, once."""
        map_of_merged = (views.CANONICAL_MAP,) if views.CANONICAL_MAP in self.sql else ()
        return tuple(dict.fromkeys((*self.views, *self.names, *map_of_merged)))

    def rests_on(self, sight: Sight) -> tuple[str, ...]:
        """Return every view that the answer rests on, those included that say who may see what."""
        looked = () if sight is Sight.WHOLE else looked_at(self.sql)
        return tuple(dict.fromkeys((*self.all_views, *looked, *self._map)))

    def asked(
        self, parameters: Mapping[str, Any], about: UUID | None, reach: Reach, *, with_map: bool = False
    ) -> tuple[bytes, Mapping[str, Any]]:
        """Return the statement for the present and all its parameters; what it is `about` is one thing, or nothing."""
        told = parameters if about is None else {**parameters, "about": str(about)}
        statement = self.now(reach.sight, is_about=about is not None, with_map=with_map)
        return statement, told if reach.sight is Sight.WHOLE else {**reach.values, **told}
