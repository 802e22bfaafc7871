"""A question in SQL, the same for the present and the past, with the views that it is asked of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from read_api.reading.reach import Reach, Sight
from read_api.reading.seen import GUARDED, expanded, is_marked, looked_at

# How far the views of a question are, and the first position that something waits for in them (in what is asked about,
# if that is one thing): in the same statement as the question, so in the same snapshot. -1: one of them is of another
# log (a backup was restored, and it is not built anew yet), and none of its rows may be told.
# What is always the same stands in the text: of a parameter PostgreSQL would expect too much, and would rather plan
# each question anew, which takes three times as long as to answer it.
_SEEN_NOW = """
WITH seen AS (
    SELECT coalesce(min(CASE WHEN s.is_of_another_log THEN -1 ELSE s.position END), 0) AS position, (
        SELECT min(p.position)
        FROM read.parked AS p
        WHERE p.view = ANY('{views}'){about}
    ) AS parked
    FROM read.shown AS s
    WHERE s.view = ANY('{views}')
)"""
_ABOUT = " AND %(about)s::text = ANY(p.concerns)"

_SEEN_THEN = """
WITH seen AS (SELECT %(seen_position)s::bigint AS position, NULL::bigint AS parked)"""


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

    def now(self, sight: Sight, *, is_about: bool) -> bytes:
        """Return the statement for the present; its parameters are the question's and, but for WHOLE, the reach's.

        If it `is_about` one thing (`about`), it tells of what waits only if that waits in this one.
        """
        made = self._made.get((sight, is_about))
        if made is None:
            # PostgreSQL's own way to write an array.
            views = f"{{{','.join(self.rests_on(sight))}}}"
            seen = _SEEN_NOW.format(views=views, about=_ABOUT if is_about else "")
            made = self._made[sight, is_about] = (seen + expanded(self.sql, sight)).encode()
        return made

    def then(self, sight: Sight) -> str:
        """Return the statement for the past; `seen_position` is how far the log was."""
        return _SEEN_THEN + expanded(self.sql, sight, is_past=True)

    @cached_property
    def _made(self) -> dict[tuple[Sight, bool], bytes]:
        return {}

    @cached_property
    def all_views(self) -> tuple[str, ...]:
        """Every view it selects from, once."""
        return tuple(dict.fromkeys((*self.views, *self.names)))

    def rests_on(self, sight: Sight) -> tuple[str, ...]:
        """Return every view that the answer rests on, those included that say who may see what."""
        looked = () if sight is Sight.WHOLE else looked_at(self.sql)
        return tuple(dict.fromkeys((*self.all_views, *looked)))

    def asked(self, parameters: Mapping[str, Any], about: UUID | None, reach: Reach) -> tuple[bytes, Mapping[str, Any]]:
        """Return the statement for the present and all its parameters; what it is `about` is one thing, or nothing."""
        told = parameters if about is None else {**parameters, "about": str(about)}
        statement = self.now(reach.sight, is_about=about is not None)
        return statement, told if reach.sight is Sight.WHOLE else {**reach.values, **told}
