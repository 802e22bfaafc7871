"""The statements of the present asked at many moments at once: of each row the version of that moment."""

import re
from collections.abc import Collection, Mapping

from infra.projector.row_versions import LATEST, Moment
from read_api import views

_VIEWS = "|".join(sorted(value for name, value in vars(views).items() if name.isupper()))
# Who may see a thing is asked of the views as they are, which are named with their schema.
_BARE = re.compile(rf"(?<![.\w])({_VIEWS}) AS (\w+)")

_THEN = r"""(
    SELECT v.*
    FROM \1_versions AS v
    WHERE (v.valid_from_at, v.valid_from) <= (m.at, m.position) AND (m.at, m.position) < (v.valid_to_at, v.valid_to)
) AS \2"""

_EVER = r"\1_versions AS \2"

AT_FIRST = "SELECT %(from_at)s::timestamptz AS at, %(from_position)s::bigint AS position"
"""One moment."""


def looked_into(sql: str) -> dict[str, frozenset[str]]:
    """Return the views that a piece of a statement looks into, and the columns of each that it names."""
    found: dict[str, frozenset[str]] = {}
    for view, alias in _BARE.findall(sql):
        found[view] = found.get(view, frozenset()) | frozenset(re.findall(rf"\b{alias}\.(\w+)", sql))
    return found


def changes_of(looked: Mapping[str, Collection[str]]) -> str:
    """Return what gives a first moment, and every one after it and up to another at which a row of a view changed.

    Of a view with columns only a change of one of these counts; what ends as it begins again is none.
    """
    ends = "\n        UNION ALL ".join(
        f"SELECT e.ends_at, e.ends FROM ({_ends(view, one, other, columns)}) AS e"  # noqa: S608 - constants
        for view, columns in sorted(looked.items())
        for one, other in (("from", "to"), ("to", "from"))
    )
    return f"""
    SELECT each.at, each.position
    FROM (
        {ends}
    ) AS each (at, position)
    UNION {AT_FIRST}"""  # noqa: S608 - put together from constants


def _ends(view: str, one: str, other: str, columns: Collection[str]) -> str:
    more = "".join(f", v.{name}" for name in sorted(columns))
    found, else_found = (
        f"""SELECT v.valid_{end}_at AS ends_at, v.valid_{end} AS ends{more}
            FROM {view}_versions AS v
            WHERE (v.valid_{end}_at, v.valid_{end}) > (%(from_at)s, %(from_position)s)
                AND (v.valid_{end}_at, v.valid_{end}) <= (%(to_at)s, %(to_position)s)"""  # noqa: S608 - constants
        for end in (one, other)
    )
    return f"{found} EXCEPT {else_found}" if columns else found


def at_each(moments: str, select: str) -> str:
    """Return what gives, of each moment `m`, as `one` what a SELECT of the present gives."""
    return f"({moments}\n) AS m\nCROSS JOIN LATERAL (\n{_BARE.sub(_THEN, select)}\n) AS one"


def summed_at_each(moments: str, each: str, figures: str) -> str:
    """Return the common table expressions of which `summed` has the figures at each moment (at, position).

    `each` is a SELECT of what is summed up, with the moments between which it counts; `figures` sums up a set `t`, and
    sums of sets. So it is not done anew at each moment: a set that counts at many in a row (of 1, 2, 4, 8, … that begin
    at a multiple of as many) is summed up once, and every moment has one of each length, of which its own sum is made.
    """
    return f"""
, moment AS MATERIALIZED (
    SELECT m.at, m.position, row_number() OVER (ORDER BY m.at, m.position) - 1 AS n
    FROM ({moments}
    ) AS m
), counted AS (
    SELECT t.*, coalesce(since.n, 0) AS since, coalesce(upto.n, (SELECT count(*) FROM moment)) AS upto
    FROM ({_BARE.sub(_EVER, each)}
    ) AS t
    LEFT JOIN moment AS since ON since.at = t.valid_from_at AND since.position = t.valid_from
    LEFT JOIN moment AS upto ON upto.at = t.valid_to_at AND upto.position = t.valid_to
    WHERE (t.valid_from_at, t.valid_from) <= (%(to_at)s, %(to_position)s)
        AND (t.valid_to_at, t.valid_to) > (%(from_at)s, %(from_position)s)
), size AS MATERIALIZED (
    SELECT generate_series(0, ceil(log(2, greatest(count(*), 1)))::integer) AS n
    FROM moment
), within AS (
    SELECT t.size, t.place, {figures}
    FROM (
        SELECT s.*, CASE WHEN side.is_last THEN s.last - 1 ELSE s.first END AS place, side.is_last
        FROM (
            SELECT t.*, size.n AS size, (t.since + (1 << size.n) - 1) >> size.n AS first, t.upto >> size.n AS last
            FROM counted AS t
            CROSS JOIN size
        ) AS s
        CROSS JOIN (VALUES (false), (true)) AS side (is_last)
        WHERE s.first < s.last
    ) AS t
    WHERE (t.place & 1 = 0) = t.is_last
    GROUP BY t.size, t.place
), summed AS (
    SELECT m.at, m.position, {figures}
    FROM moment AS m
    CROSS JOIN size
    LEFT JOIN within AS t ON t.size = size.n AND t.place = m.n >> size.n
    GROUP BY m.at, m.position
)"""  # noqa: S608 - put together from constants


def parameters(first: Moment, last: Moment = LATEST) -> dict[str, object]:
    """Return the moments that a statement is asked about."""
    return {"from_at": first[0], "from_position": first[1], "to_at": last[0], "to_position": last[1]}
