"""Questions about addressing a client: whether they may be, by which channel for which purpose, and what they said."""

from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from read_api import views
from read_api.client_card import card_from
from read_api.lists import PermissionChannel, PermissionPurpose
from read_api.reading.answer import Answer, Sql, Whole, json_of, list_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import either, everybody, is_among, is_client
from read_api.reading.question import PastQuestion
from read_api.reading.seen import text
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE

router = Questions("clients")

PermissionHindrance = Literal["objection", "withdrawn", "no_consent"]
"""Why a client may not be addressed: they object, they agree no more, or they never agreed."""

MOST_TOLD = 200
"""So many words are told with an answer, the latest."""


def hindrance(client: str, addressed_by: str, purpose: str) -> str:
    """Return the SQL of why a client may not be addressed by a channel for a purpose; NULL: they may.

    It is the one place that says so. Of each kind of word, of consent and of objection, the last one counts that is of
    the channel and the purpose; of two of one moment the stricter. An objection beats every consent. Of clients who
    turned out to be one each has its own words, of which the strictest counts, until it is said otherwise of the one.
    """
    objects, agrees = (_last_word(client, addressed_by, purpose, kind) for kind in ("", "NOT "))
    return f"""CASE
            WHEN NOT coalesce({objects}, true) THEN 'objection'
            ELSE CASE {agrees} WHEN true THEN NULL WHEN false THEN 'withdrawn' ELSE 'no_consent' END
        END"""


def has_agreed(client: str, addressed_by: str, purpose: str) -> str:
    """Return the condition that a client ever agreed, as whom of those who turned out to be it: few have, in any base.

    By it those are looked up of whom `hindrance` is then asked; it decides nothing.
    """
    return is_among(
        client,
        "given.client_id",
        f"""{views.CLIENT_PERMISSIONS} AS given
            WHERE given.allows AND NOT given.is_objection AND given.retracted_at IS NULL
                AND given.addressed_by = {addressed_by} AND given.purpose = {purpose}""",
    )


def _last_word(client: str, addressed_by: str, purpose: str, kind: str) -> str:
    """Return the SQL of whether the last word allows, of an objection or ("NOT ") of a consent; NULL: there is none."""

    def last(whose: str) -> str:
        """Return what selects the last word of some clients."""
        return f"""SELECT word.allows FROM {views.CLIENT_PERMISSIONS} AS word
            WHERE {whose} AND {kind}word.is_objection AND word.retracted_at IS NULL
                AND (word.addressed_by IS NULL OR word.addressed_by = {addressed_by})
                AND (word.purpose IS NULL OR word.purpose = {purpose})
            ORDER BY word.said_at DESC, word.allows, word.number DESC
            LIMIT 1"""  # noqa: S608 - put together from constants

    since = f"SELECT max(joined.merged_at) FROM {views.CANONICAL_MAP} AS joined WHERE joined.survivor_id = {client}"  # noqa: S608
    return either(
        f"({last(f'word.client_id = {client}')})",
        f"""coalesce(
            ({last(f"word.client_id = ANY({everybody(client)}) AND word.said_at > ({since})")}),
            (
                SELECT bool_and(own.allows)
                FROM unnest({everybody(client)}) AS one (id)
                CROSS JOIN LATERAL ({last("word.client_id = one.id")}) AS own
            )
        )""",  # noqa: S608 - put together from constants
    )


class Permitted(Answer):
    """Whether the client may be addressed by a channel for a purpose (docs/figures.md); `hindrance`: why not."""

    addressed_by: Annotated[PermissionChannel, Sql("by.channel")]
    purpose: Annotated[PermissionPurpose, Sql("for_what.purpose")]
    may_be_addressed: Annotated[bool, Sql("may.hindrance IS NULL")]
    hindrance: Annotated[PermissionHindrance | None, Sql("may.hindrance")]


class PermissionEntry(Answer):
    """What the client said, and where it is kept: under a number among the words of one client.

    Without a channel it is of every one, without a purpose of every purpose. `retracted_at`: they never said so.
    """

    client_id: UUID
    number: int
    says: Annotated[
        Literal["consent_given", "consent_withdrawn", "objection_raised", "objection_lifted"],
        Sql("""CASE
                WHEN {row}.is_objection THEN CASE WHEN {row}.allows THEN 'objection_lifted' ELSE 'objection_raised' END
                WHEN {row}.allows THEN 'consent_given' ELSE 'consent_withdrawn'
            END"""),
    ]
    addressed_by: PermissionChannel | None
    purpose: PermissionPurpose | None
    text_version: str | None
    source: str
    evidence: Annotated[str | None, Sql(text("{column}"))]
    said_at: datetime
    actor: str
    staff_id: UUID | None
    staff_name: Annotated[str | None, Sql("s.name")]
    retracted_at: datetime | None
    retracted_by: str | None
    retracted_by_name: Annotated[str | None, Sql("t.name")]
    retract_reason: Annotated[str | None, Sql(text("{column}"))]


def _words(kind: tuple[str, ...]) -> str:
    return f"'{{{','.join(kind)}}}'::text[]"


_MATRIX = Sql(
    list_of(
        json_of(Permitted, "may"),
        f"""unnest({_words(get_args(PermissionChannel))}) WITH ORDINALITY AS by (channel, place)
            CROSS JOIN unnest({_words(get_args(PermissionPurpose))}) WITH ORDINALITY AS for_what (purpose, place)
            CROSS JOIN LATERAL (
                SELECT {hindrance("c.client_id", "by.channel", "for_what.purpose")} AS hindrance
            ) AS may""",
        order="by.place, for_what.place",
    )
)
_WHOSE = is_client("p.client_id", "c.client_id")
_ENTRIES = Sql(
    list_of(
        json_of(PermissionEntry, "p"),
        f"""(
                SELECT * FROM {views.CLIENT_PERMISSIONS} AS p
                WHERE {_WHOSE}
                ORDER BY p.said_at DESC, p.client_id, p.number DESC
                LIMIT {MOST_TOLD}
            ) AS p
            LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = p.staff_id
            LEFT JOIN {views.STAFF_DIRECTORY} AS t ON t.staff_id = p.retract_staff_id""",  # noqa: S608 - constants
        order="p.said_at DESC, p.client_id, p.number DESC",
    )
)


class Permissions(Whole):
    """By which channels for which purposes a client may be addressed, and what they said, the latest first."""

    client_id: UUID
    permitted: Annotated[list[Permitted], _MATRIX]
    entries: Annotated[
        list[PermissionEntry],
        _ENTRIES,
        Field(description=f"The latest {MOST_TOLD}; all: /clients/{{client_id}}/timeline."),
    ]


PERMISSIONS = Statement(
    f"""
SELECT seen.*, (
    SELECT {json_of(Permissions, "c")}::text
    FROM {card_from()}
)
FROM seen""",  # noqa: S608 - put together from constants
    (views.CLIENT_CARD, views.CLIENT_PERMISSIONS),
    (views.STAFF_DIRECTORY,),
)


@router.question(
    "/clients/{client_id}/permissions",
    "How a client may be addressed, and what they said of it",
    answers=Permissions,
    roles=FRONT_OFFICE,
    note=" Of a past moment: by what the client had said by then.",
)
async def get_client_permissions(client_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(PERMISSIONS, {"client_id": client_id}, question, ("client", client_id))
