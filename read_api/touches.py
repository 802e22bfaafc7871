"""What touched a client: every contact with them, or with them as a contact person, counted from what lists show.

A statement that shows the figures of a client `c` joins TOUCHES, as `k`.
"""

from read_api import views
from read_api.activities import CONTACT
from read_api.reading.seen import counts_at_client

# The conditions are those of the partial indexes activities_touching and activities_touching_contact. Who is client and
# contact person of one activity was touched once.
_CLIENT_S = f"a.client_id = c.client_id AND {CONTACT} AND {counts_at_client('activity', 'a')}"
_CONTACT_S = (
    f"a.contact_id = c.client_id AND a.client_id IS DISTINCT FROM a.contact_id AND {CONTACT}"
    f" AND {counts_at_client('activity', 'a')}"
)


def _touches(whose: str) -> str:
    return f"""SELECT a.takes_place_at, a.activity_id, a.channel, a.direction
        FROM {views.ACTIVITIES} AS a
        WHERE {whose}"""  # noqa: S608 - put together from constants


def _last(column: str) -> str:
    return f"(array_agg(t.{column} ORDER BY t.takes_place_at DESC, t.activity_id DESC))[1]"


TOUCHES = f"""LEFT JOIN LATERAL (
    SELECT
        count(*) AS number,
        max(t.takes_place_at) AS last_at,
        {_last("channel")} AS last_channel,
        {_last("direction")} AS last_direction
    FROM (
        {_touches(_CLIENT_S)}
        UNION ALL
        {_touches(_CONTACT_S)}
    ) AS t
) AS k ON true"""  # noqa: S608 - put together from constants


def _touched_since(whose: str) -> str:
    since = "a.takes_place_at >= %(untouched_since)s"
    return f"EXISTS (SELECT FROM {views.ACTIVITIES} AS a WHERE {whose} AND {since})"


UNTOUCHED = f"NOT {_touched_since(_CLIENT_S)} AND NOT {_touched_since(_CONTACT_S)}"
"""No touch since a moment; it is true of those who never had one."""
