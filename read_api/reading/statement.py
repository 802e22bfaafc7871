"""A question in SQL, the same for the present and the past, with the views that it is asked of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from read_api.reading.reach import GUARDED, Reach, Sight, expanded, is_marked, looked_at

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
    in the answer, such as the name of a client. Who may see what, marks in the SQL say (read_api.reading.reach).
    """

    sql: str
    views: tuple[str, ...]
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        looks = GUARDED & {*self.views, *self.names}
        assert not looks or is_marked(self.sql), f"{sorted(looks)}: say who may see it (read_api/reading/reach.py)"  # noqa: S101

    @cached_property
    def now(self) -> bytes:
        """The statement for the present, for who sees everything; its parameters are the question's."""
        return self._now("", Sight.WHOLE)

    @cached_property
    def now_about(self) -> bytes:
        """The same, which tells of what waits only if it waits in the one thing that is asked about (`about`)."""
        return self._now(_ABOUT, Sight.WHOLE)

    @cached_property
    def seen_now(self) -> bytes:
        """The statement for the present, for who sees a part; its parameters are the reach's as well."""
        return self._now("", Sight.NOW)

    @cached_property
    def seen_now_about(self) -> bytes:
        """The same, about one thing."""
        return self._now(_ABOUT, Sight.NOW)

    def _now(self, about: str, sight: Sight) -> bytes:
        # PostgreSQL's own way to write an array.
        views = f"{{{','.join(self.rests_on(is_whole=sight is Sight.WHOLE))}}}"
        return (_SEEN_NOW.format(views=views, about=about) + expanded(self.sql, sight)).encode()

    @cached_property
    def then(self) -> str:
        """The statement for the past, for who sees everything; `seen_position` is how far the log was."""
        return _SEEN_THEN + expanded(self.sql, Sight.WHOLE)

    @cached_property
    def seen_then(self) -> str:
        """The statement for the past, for who sees a part."""
        return _SEEN_THEN + expanded(self.sql, Sight.THEN)

    @cached_property
    def all_views(self) -> tuple[str, ...]:
        """Every view it selects from, once."""
        return tuple(dict.fromkeys((*self.views, *self.names)))

    def rests_on(self, *, is_whole: bool) -> tuple[str, ...]:
        """Return every view that the answer rests on, those included that say who may see what."""
        return self.all_views if is_whole else tuple(dict.fromkeys((*self.all_views, *looked_at(self.sql))))

    def asked(self, parameters: Mapping[str, Any], about: UUID | None, reach: Reach) -> tuple[bytes, Mapping[str, Any]]:
        """Return the statement for the present and all its parameters; what it is `about` is one thing, or nothing."""
        told: Mapping[str, Any] = parameters if about is None else {**parameters, "about": str(about)}
        if reach.is_whole:
            return (self.now if about is None else self.now_about), told
        return (self.seen_now if about is None else self.seen_now_about), {**told, **reach.values}
