"""What touched a client: every contact with them, or with them as a contact person, counted from what lists show.

A statement that shows the figures of a client `c` joins TOUCHES, as `k`.
"""

from read_api import views
from read_api.activities import CONTACT
from read_api.reading.joined import either, everybody, is_client
from read_api.reading.seen import counts_at_client

# The conditions are those of the partial indexes activities_touching and activities_touching_contact. Who is client and
# contact person of one activity was touched once.
_CLIENT_S = f"{is_client('a.client_id', 'c.client_id')} AND {CONTACT} AND {counts_at_client('activity', 'a')}"
_WITH_ANOTHER = either(
    "a.client_id IS DISTINCT FROM a.contact_id", f"coalesce(a.client_id <> ALL({everybody('c.client_id')}), true)"
)
_CONTACT_S = (
    f"{is_client('a.contact_id', 'c.client_id')} AND {_WITH_ANOTHER} AND {CONTACT}"
    f" AND {counts_at_client('activity', 'a')}"
)


def _touches(whose: str, more: str = "") -> str:
    return f"""SELECT
            1 AS number,
            a.takes_place_at AS last_at,
            a.activity_id AS last_id,
            a.channel AS last_channel,
            a.direction AS last_direction{more}
        FROM {views.ACTIVITIES} AS a
        WHERE {whose}"""  # noqa: S608 - put together from constants


def _both(more: str = "") -> str:
    return f"""
        {_touches(_CLIENT_S, more)}
        UNION ALL
        {_touches(_CONTACT_S, more)}"""


def _last(column: str) -> str:
    return f"(array_agg(t.{column} ORDER BY t.last_at DESC NULLS LAST, t.last_id DESC))[1] AS {column}"


# A touch is the figures of itself, so that those of many are summed up of those of some and of some more.
FIGURES = f"""
        coalesce(sum(t.number), 0)::bigint AS number,
        max(t.last_at) AS last_at,
        {_last("last_id")},
        {_last("last_channel")},
        {_last("last_direction")}"""
"""The figures of several touches, or of several sets of touches, `t`."""

TOUCHES = f"""LEFT JOIN LATERAL (
    SELECT {FIGURES}
    FROM ({_both()}
    ) AS t
) AS k ON true"""  # noqa: S608 - put together from constants

EVERY_TOUCH = _both(", a.valid_from_at, a.valid_from, a.valid_to_at, a.valid_to")
"""Every touch of a client `c` that there was at any time, and from which moment until before which it was one."""


def _touched_since(whose: str) -> str:
    since = "a.takes_place_at >= %(untouched_since)s"
    return f"EXISTS (SELECT FROM {views.ACTIVITIES} AS a WHERE {whose} AND {since})"


UNTOUCHED = f"NOT {_touched_since(_CLIENT_S)} AND NOT {_touched_since(_CONTACT_S)}"
"""No touch since a moment; it is true of those who never had one."""
