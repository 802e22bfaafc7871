"""What other clients are to the client of a card: family, partners, who referred whom; told on both cards."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from read_api import views
from read_api.lists import RelationKind
from read_api.reading.answer import Answer, Sql, json_of, list_of
from read_api.reading.joined import answers, is_client
from read_api.reading.seen import sees, text


class Relation(Answer):
    """What another client is to the client: `other_id` is who they are now.

    By `between` it is ended: the two as they were named, where one of them turned out to be another.
    """

    relation_id: UUID
    other_id: Annotated[UUID, Sql(answers("r.other_id"))]
    name: Annotated[str | None, Sql("n.name"), Field(description="Empty for who may not see them.")]
    kind: RelationKind
    since: datetime | None
    ended_at: datetime | None
    end_reason: Annotated[str | None, Sql(text("{column}"))]
    between: Annotated[list[UUID], Sql("json_build_array(r.own_id, r.other_id)")]


RELATIONS = list_of(
    json_of(Relation, "r"),
    f"""(
                SELECT r.relation_id, r.client_id AS own_id, r.other_id, r.kind, r.since, r.ended_at, r.end_reason
                FROM {views.CLIENT_RELATIONS} AS r
                WHERE {is_client("r.client_id", "c.client_id")}
                UNION ALL
                SELECT r.relation_id, r.other_id, r.client_id,
                    CASE r.kind WHEN 'parent' THEN 'child' WHEN 'referrer' THEN 'referred' ELSE r.kind END,
                    r.since, r.ended_at, r.end_reason
                FROM {views.CLIENT_RELATIONS} AS r
                WHERE {is_client("r.other_id", "c.client_id")}
            ) AS r
            LEFT JOIN {views.CLIENT_CARD} AS n ON n.client_id = {answers("r.other_id")} AND {sees("client", "n")}
            WHERE {answers("r.other_id")} <> c.client_id""",  # noqa: S608 - put together from constants
    order="r.ended_at IS NOT NULL, r.since, r.other_id, r.kind",
)
"""The relations of the client of a card `c`, those that stand first; two who turned out to be one have none."""
