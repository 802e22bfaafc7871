"""What changes for whom: of each new fact only where it stands, what it is about, and which staff it concerns."""

from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from infra.projector.tables import view_of
from projections.interactions.activities import activities
from projections.parties.canonical_map import canonical_map
from projections.parties.client_card import client_card
from projections.parties.contact_persons import contact_persons
from projections.sales.pipeline_board import pipeline_board

LIMIT = 500
"""Facts looked at for one page."""

OWNED = ("client", "deal", "activity")
"""What belongs to a member of the staff; a fact about it concerns those whom it names: the old owner and the new."""


_TOUCHED = f"""ARRAY(
    SELECT unnest(e.parties)
    UNION
    SELECT d.client_id
    FROM read.{view_of(pipeline_board)} AS d
    WHERE d.deal_id = e.stream_id
    UNION
    SELECT unnest(ARRAY[a.client_id, a.contact_id])
    FROM read.{view_of(activities)} AS a
    WHERE a.activity_id = e.stream_id)"""  # noqa: S608 - put together from constants


def _answering(ids: str) -> str:
    """Return the SQL of who answers for some clients: a fact about one concerns who owns that one."""
    return f"""ARRAY(
    SELECT coalesce(m.survivor_id, each.id)
    FROM unnest({ids}) AS each (id)
    LEFT JOIN read.{view_of(canonical_map)} AS m ON m.client_id = each.id)"""  # noqa: S608 - constants


_SIGNALS = f"""
SELECT e.position, split_part(e.topic, '.', 1), e.stream_id, ARRAY(
    SELECT c.owner_id
    FROM read.{view_of(client_card)} AS c
    WHERE c.client_id = ANY (about.named)
        AND c.owner_id IS NOT NULL
    UNION
    SELECT d.seller_id
    FROM read.{view_of(pipeline_board)} AS d
    WHERE d.deal_id = e.stream_id
        AND d.seller_id IS NOT NULL
    UNION
    SELECT a.staff_id
    FROM read.{view_of(activities)} AS a
    WHERE a.activity_id = e.stream_id
        AND a.staff_id IS NOT NULL
    UNION
    SELECT named.value::uuid
    FROM json_each_text(e.body) AS named
    WHERE split_part(e.topic, '.', 1) = ANY (%(owned)s)
        AND named.value ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$'
), ARRAY(
    SELECT c.owner_id
    FROM unnest(about.clients) AS touched (client_id)
    JOIN read.{view_of(client_card)} AS c ON c.client_id = touched.client_id
    WHERE c.owner_id IS NOT NULL
    UNION
    SELECT o.owner_id
    FROM unnest(about.clients) AS touched (client_id)
    JOIN read.{view_of(client_card)} AS c ON c.client_id = touched.client_id AND c.owner_id IS NULL
    JOIN read.{view_of(contact_persons)} AS p ON p.person_id = c.client_id AND p.is_active
    JOIN read.{view_of(client_card)} AS o ON o.client_id = p.organisation_id
    WHERE o.owner_id IS NOT NULL
    UNION
    SELECT unnest(a.participant_staff_ids)
    FROM read.{view_of(activities)} AS a
    WHERE a.activity_id = e.stream_id
), EXISTS (
    SELECT
    FROM unnest(about.clients) AS touched (client_id)
    JOIN read.{view_of(client_card)} AS c ON c.client_id = touched.client_id
    WHERE c.owner_id IS NULL
        AND NOT EXISTS (
            SELECT
            FROM read.{view_of(contact_persons)} AS p
            JOIN read.{view_of(client_card)} AS o ON o.client_id = p.organisation_id
            WHERE p.person_id = c.client_id AND p.is_active AND o.owner_id IS NOT NULL))
FROM letopis.event AS e
CROSS JOIN LATERAL (SELECT {_answering("e.parties")} AS named, {_answering(_TOUCHED)} AS clients) AS about
WHERE e.position > %(after)s
ORDER BY e.position
LIMIT %(limit)s
"""  # noqa: S608 - put together from constants

_HEAD = "SELECT coalesce(max(position), 0) FROM letopis.event"


class Signal(NamedTuple):
    """That something changed: what it is about, its id, the position of the fact, and whom of the staff it concerns.

    Among these may be ids of others that the fact names; nobody is called by them. `others` of the staff whose it is
    besides them: who takes part, who owns the client it is with. `is_nobodys`: such a client is nobody's.
    """

    position: int
    kind: str
    id: UUID
    staff: frozenset[UUID]
    others: frozenset[UUID] = frozenset()
    is_nobodys: bool = False


class SignalPage(NamedTuple):
    """The facts after a position, the last position examined, and the log's end.

    `staff` are the members of the staff of whose own streams there is something among them.
    """

    facts: list[Signal]
    examined: int
    head: int
    staff: frozenset[str] = frozenset()


def signal_page(connection: psycopg.Connection[Any], *, after: int) -> SignalPage:
    """Return what the facts after a position are about, and whom they concern as the views say now.

    The views may not have taken in a fact yet: whom it names it concerns all the same. Raises psycopg.Error.
    """
    ((head,),) = connection.execute(_HEAD).fetchall()
    found = connection.execute(_SIGNALS, {"after": after, "limit": LIMIT, "owned": list(OWNED)}).fetchall()
    facts = [
        Signal(position, kind, about, frozenset(staff), frozenset(others), is_nobodys)
        for position, kind, about, staff, others, is_nobodys in found
    ]
    examined = facts[-1].position if facts else after
    staff = frozenset(str(fact.id) for fact in facts if fact.kind == "staff")
    return SignalPage(facts, examined, max(head, examined), staff)
