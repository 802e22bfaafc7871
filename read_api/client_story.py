"""Questions about what happened with a client: the story, fact by fact, and the owners."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from read_api import views
from read_api.lists import Channel, Direction, OwnershipCause
from read_api.reading.answer import Answer, Page, Sql, exists
from read_api.reading.asking import Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import answering, answers, either, is_named, whoever
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion
from read_api.reading.seen import TEXTS, sees, sees_one
from read_api.roles import FRONT_OFFICE

router = Questions("clients")


WRITTEN = (
    "contact_data",
    "contact_name",
    "digest",
    "duplicate_reason",
    "evidence",
    "file_name",
    "from_place",
    "from_text",
    "from_title",
    "place",
    "reason",
    "result",
    "sent_name",
    "text",
    "title",
    "to_place",
    "to_text",
    "to_title",
    "topic",
)
"""The members of a fact's details that people wrote, and what tells of a paper what is in it."""

_UNWRITTEN = f"({{column}}::jsonb - '{{{','.join(WRITTEN)}}}'::text[])::json"
_DETAILS = f"CASE WHEN {TEXTS} THEN {{column}} ELSE {_UNWRITTEN} END"


class TimelineEntry(Answer):
    """One fact in a client's story."""

    event_position: int
    occurred_at: datetime
    recorded_at: datetime
    topic: str
    stream_id: UUID
    actor: str
    staff_id: UUID | None
    staff_name: Annotated[str | None, Sql("s.name")]
    channel: Channel | None
    direction: Direction | None
    details: Annotated[dict[str, Any], Sql(_DETAILS)]


# Whose somebody was who turned out to be this client, they were until then.
_UNTIL = Sql(
    either(
        "{column}",
        f"""coalesce({{column}}, (
            SELECT m.merged_at FROM {views.CANONICAL_MAP} AS m WHERE m.client_id = {{row}}.client_id
        ))""",  # noqa: S608 - put together from constants
    )
)


class OwnershipChange(Answer):
    """One change of a client's owning manager; `until` is empty for the state that holds now.

    `client_id`: whose, where others turned out to be the client.
    """

    client_id: UUID
    event_position: int
    from_owner_id: UUID | None
    from_owner_name: Annotated[str | None, Sql("f.name")]
    to_owner_id: UUID | None
    to_owner_name: Annotated[str | None, Sql("t.name")]
    cause: OwnershipCause
    reason: str | None
    occurred_at: datetime
    recorded_at: datetime
    until: Annotated[datetime | None, _UNTIL]
    actor: str


# What a client's activities and deals had before it was known that they are this client's. The fact has rows of others:
# of itself, or of a contact person. Where one is the client's own, it is in the story already.
_OTHERS = either("t.party_id <> %(client_id)s", f"t.party_id <> ALL({whoever('%(client_id)s')})")
_OWN_LAST = either("o.party_id <> %(client_id)s", f"o.party_id <> ALL({whoever('%(client_id)s')})")
# Of two who turned out to be one a fact is told once, and that they are one by who answers for both.
_IS_TOLD_ONCE = either(
    "true",
    f"""NOT EXISTS (
            SELECT FROM {views.CLIENT_TIMELINE} AS o
            WHERE o.event_position = t.event_position AND o.party_id = ANY({whoever("%(client_id)s")})
                AND o.party_id < t.party_id
        ) AND NOT (
            t.topic IN ('client.merged_into', 'client.unmerged_from')
            AND t.stream_id <> {answering("%(client_id)s::uuid")}
        )""",
)
_BEFORE = f"""{_OTHERS} AND (t.event_position, t.party_id) IN (
            SELECT e.position, (
                SELECT o.party_id
                FROM {views.CLIENT_TIMELINE} AS o
                WHERE o.event_position = e.position
                ORDER BY {_OWN_LAST}, o.party_id
                LIMIT 1
            )
            FROM (
                SELECT unnest(a.before_client)
                FROM {views.ACTIVITIES} AS a
                WHERE {is_named("a.client_id", "%(client_id)s")} AND a.before_client IS NOT NULL
                UNION
                SELECT unnest(a.before_contact)
                FROM {views.ACTIVITIES} AS a
                WHERE {is_named("a.contact_id", "%(client_id)s")} AND a.before_contact IS NOT NULL
                UNION
                SELECT unnest(d.before_client)
                FROM {views.PIPELINE_BOARD} AS d
                WHERE {is_named("d.client_id", "%(client_id)s")} AND d.before_client IS NOT NULL
            ) AS e (position)
        )"""  # noqa: S608 - put together from constants

TIMELINE = Listing(
    name="timeline",
    view=views.CLIENT_TIMELINE,
    alias="t",
    item=TimelineEntry,
    order={"occurred_at": "timestamptz", "event_position": "bigint"},
    always=sees_one("client", "%(client_id)s"),
    filters={
        "client_id": f"{is_named('t.party_id', '%(client_id)s')} AND {_IS_TOLD_ONCE}",
        "channel": "t.channel = %(channel)s",
        "stream_id": "t.stream_id = %(stream_id)s",
    },
    also={"client_id": _BEFORE},
    steady=frozenset({"client_id"}),
    rests_on=(views.ACTIVITIES, views.PIPELINE_BOARD),
    joins=f"LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = t.staff_id",
    names=(views.STAFF_DIRECTORY,),
    descending=True,
)

OWNERSHIP = Listing(
    name="ownership",
    view=views.OWNERSHIP_HISTORY,
    alias="h",
    item=OwnershipChange,
    order={"event_position": "bigint"},
    always=f"{is_named('h.client_id', '%(client_id)s')} AND {sees_one('client', '%(client_id)s')}",
    filters={"client_id": "true"},
    steady=frozenset({"client_id"}),
    joins=f"""LEFT JOIN {views.STAFF_DIRECTORY} AS f ON f.staff_id = h.from_owner_id
LEFT JOIN {views.STAFF_DIRECTORY} AS t ON t.staff_id = h.to_owner_id""",
    names=(views.STAFF_DIRECTORY,),
)


class TimelineQuestion(PageQuestion):
    """Which of a client's facts."""

    channel: Annotated[
        Channel | None, Field(description="Only touchpoints and tasks of this channel: what was planned, and held.")
    ] = None
    stream_id: Annotated[
        UUID | None, Field(description="Only what happened to this deal or activity, or to the client as such.")
    ] = None


EXISTS = exists(
    views.CLIENT_CARD,
    f"v.client_id = {answers('%(client_id)s::uuid')} AND v.registered_at IS NOT NULL AND {sees('client', 'v')}",
)


@router.question(
    "/clients/{client_id}/timeline", "A client's story, newest first", answers=Page[TimelineEntry], roles=FRONT_OFFICE
)
async def get_client_timeline(client_id: UUID, ask: Asking, question: Annotated[TimelineQuestion, Query()]) -> Response:
    filters = question.filters(ask.desk.zone)
    return await _page_of(ask, client_id, TIMELINE, question, **filters)


@router.question(
    "/clients/{client_id}/ownership",
    "Who owned a client when, and why",
    answers=Page[OwnershipChange],
    roles=FRONT_OFFICE,
)
async def get_client_ownership(client_id: UUID, ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    return await _page_of(ask, client_id, OWNERSHIP, question)


async def _page_of(ask: Ask, client_id: UUID, listing: Listing, question: PageQuestion, **filters: Any) -> Response:
    return await ask.page_about(listing, question, ("client", client_id), EXISTS, client_id=client_id, **filters)
