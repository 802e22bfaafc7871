"""Questions about tags: which a client has, who has one, and which there are."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.reading.answer import Answer, Items, Sql, json_of, list_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import answers, is_among, is_client
from read_api.reading.question import PastQuestion
from read_api.reading.seen import sees
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE

router = Questions("clients")

MOST_TOLD = 500
"""So many tags are told of all that there are."""


class Tag(Answer):
    """A tag of a client; `client_ids` are those who have it, where others turned out to be the client."""

    tag: str
    client_ids: list[UUID]
    since: datetime


class TagInUse(Answer):
    """A tag, and how many of the clients that the caller sees have it, those put away not counted."""

    tag: str
    clients: int


_OF_CLIENT = f"""(
                SELECT t.tag_key, min(t.tag) AS tag, min(t.since) AS since,
                    array_agg(t.client_id ORDER BY t.client_id) AS client_ids
                FROM {views.CLIENT_TAGS} AS t
                WHERE {{}}
                GROUP BY t.tag_key
            ) AS t"""  # noqa: S608 - put together from constants


def tags_of(client: str) -> str:
    """Return the SQL of the tags of a client, in order, as JSON."""
    return list_of(json_of(Tag, "t"), _OF_CLIENT.format(is_client("t.client_id", client)), order="t.tag_key")


TAG_NAMES = Sql(list_of("t.tag", _OF_CLIENT.format(is_client("t.client_id", "c.client_id")), order="t.tag_key"))
"""The tags of the client of a row, bare."""


OF_TAGS = {"tag": (views.CLIENT_TAGS,)}
"""Where the condition of `has_tag` looks."""


def has_tag(client: str, key: str) -> str:
    """Return the condition that a client has a tag, itself or as who turned out to be it."""
    return is_among(client, "marked.client_id", f"{views.CLIENT_TAGS} AS marked WHERE marked.tag_key = {key}")


IN_USE = Statement(
    f"""
SELECT seen.*, json_build_object('items', {
        list_of(
            json_of(TagInUse, "u"),
            f'''(
        SELECT min(t.tag) AS tag, count(DISTINCT c.client_id) AS clients, t.tag_key
        FROM {views.CLIENT_TAGS} AS t
        JOIN {views.CLIENT_CARD} AS c ON c.client_id = {answers("t.client_id")}
        WHERE c.registered_at IS NOT NULL AND c.archived_at IS NULL AND {sees("client", "c")}
        GROUP BY t.tag_key
        ORDER BY clients DESC, t.tag_key
        LIMIT {MOST_TOLD}
    ) AS u''',
            order="u.clients DESC, u.tag_key",
        )
    })::text
FROM seen""",  # noqa: S608 - put together from constants
    (views.CLIENT_TAGS, views.CLIENT_CARD),
)


@router.question(
    "/clients/tags",
    "The tags that clients have, the most frequent first",
    answers=Items[TagInUse],
    roles=FRONT_OFFICE,
    note=f" Up to {MOST_TOLD}, counted among the clients whom the caller sees.",
)
async def list_tags(ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(IN_USE, {}, question)
