"""A client's card: everything a front-office screen shows of one client, in one statement."""

from datetime import datetime
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BeforeValidator, Field

from read_api import views
from read_api.activities import JOINS, Activity
from read_api.client_dates import DATES, ClientDate
from read_api.client_fields import ClientField, fields_of
from read_api.client_recognised import CONTACT_POINTS, ContactPoint, Doubted, ProfileTrait, Registration
from read_api.client_relations import (
    CONTACT_PERSONS_TOLD,
    MERGED,
    ORGANISATIONS,
    PARENT_NAME,
    SUBSIDIARIES,
    Contact,
    MergedClient,
    Subsidiary,
)
from read_api.client_story import TIMELINE, TimelineEntry
from read_api.client_tags import Tag, tags_of
from read_api.client_ties import RELATIONS, Relation
from read_api.deals import DEALS, Deal
from read_api.lists import Channel, ClientKind, Direction, Lifecycle
from read_api.notes import NOTES, Note
from read_api.reading.answer import (
    NOT_SELECTED,
    Answer,
    Page,
    Sql,
    Sum,
    Whole,
    json_of,
    list_of,
    one_told,
    sums_of,
    told_of,
)
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import answers, is_client, is_named
from read_api.reading.paging import Around, first_of
from read_api.reading.question import PageQuestion, PastQuestion, one_by_one
from read_api.reading.seen import counts_at_client, sees
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE
from read_api.touches import TOUCHES

router = Questions("clients")


class Person(Answer):
    """A staff member as others name them."""

    id: Annotated[UUID, Sql("o.staff_id")]
    name: str | None
    branch: Annotated[str | None, Sql("ob.name")]
    branch_id: UUID | None


class Client(Answer):
    """A client in a list; docs/figures.md says what touches one."""

    client_id: UUID
    kind: ClientKind
    name: str
    owner_id: UUID | None
    owner_name: Annotated[str | None, Sql("o.name")]
    owned_since: datetime | None
    lifecycle: Lifecycle
    archived_at: datetime | None
    registered_at: datetime
    last_touch_at: Annotated[datetime | None, Sql("k.last_at")]
    last_touch_channel: Annotated[Channel | None, Sql("k.last_channel")]
    touch_count: Annotated[int, Sql("k.number")]
    version: int
    position: int
    marks: Annotated[
        list[tuple[int, int]] | None,
        NOT_SELECTED,
        Field(
            description="Of clients that `q` finds, told whole: the letters of the name that are what was typed, or"
            " stand for it: where they begin and end, in characters counted from 0."
        ),
    ] = None


class DataNotice(Answer):
    """When the client was told how their data are kept confidential: by which text, in which way, and by whom."""

    text_version: str
    channel: Channel
    given_at: datetime
    actor: str
    staff_id: UUID | None
    staff_name: Annotated[str | None, Sql("s.name")]


class OpenDeals(Answer):
    """The open deals of a client: how many, and what they are thought to be worth by currency."""

    count: Annotated[int, Sql("coalesce(sum(d.deals), 0)")]
    sums: Annotated[list[Sum], Sql(sums_of("d"))]


OWNER = Sql(f"CASE WHEN o.staff_id IS NOT NULL THEN {json_of(Person, 'o')} END")
_DATA_NOTICES = Sql(
    list_of(
        json_of(DataNotice, "p"),
        f"""ROWS FROM (jsonb_to_recordset(c.data_notices)
                AS (text_version text, channel text, given_at timestamptz, actor text, staff_id uuid)
            ) WITH ORDINALITY AS p (text_version, channel, given_at, actor, staff_id, place)
            LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = p.staff_id""",
        order="p.place",
    )
)
_OPEN_DEALS = Sql(
    f"""(
            SELECT {json_of(OpenDeals, "d")}
            FROM (
                SELECT b.currency, count(*) AS deals, sum(b.amount) AS amount
                FROM {views.PIPELINE_BOARD} AS b
                WHERE {is_client("b.client_id", "c.client_id")} AND b.status = 'open'
                    AND {counts_at_client("deal", "b")}
                GROUP BY b.currency
            ) AS d
        )"""  # noqa: S608 - put together from constants
)


class ClientCard(Client, Whole):
    """Everything a front-office screen shows of one client."""

    owner: Annotated[Person | None, OWNER]
    contact_points: Annotated[list[ContactPoint], CONTACT_POINTS]
    tax_id: str | None
    told: Annotated[
        dict[str, Registration], Field(description="From where, and how surely, name, tax_id, kpp and ogrn are known.")
    ]
    doubts: Annotated[list[Doubted], Field(description="What is to be looked at.")]
    profile: dict[str, ProfileTrait]
    parent_id: Annotated[UUID | None, Sql(answers("c.parent_id"))]
    parent_name: Annotated[str | None, PARENT_NAME]
    date_unknown: bool
    source: str
    external_id: str | None
    data_notices: Annotated[
        list[DataNotice],
        _DATA_NOTICES,
        Field(description="The latest first, up to 50; all: /clients/{client_id}/timeline."),
    ]
    last_touch_direction: Annotated[Direction | None, Sql("k.last_direction")]
    open_deals: Annotated[OpenDeals, _OPEN_DEALS]
    contact_persons: Annotated[list[Contact], CONTACT_PERSONS_TOLD]
    organisations: Annotated[list[Contact], ORGANISATIONS]
    subsidiaries: Annotated[list[Subsidiary], SUBSIDIARIES]
    merged: Annotated[
        list[MergedClient],
        MERGED,
        Field(description="Who turned out to be this client: by their ids this card is told, and their work with it."),
    ]
    deals: Annotated[
        Page[Deal] | None,
        NOT_SELECTED,
        Field(description="Open deals, if included; `next` is the cursor of /deals?client=…&status=open."),
    ] = None
    next_activity: Annotated[
        Activity | None, NOT_SELECTED, Field(description="The planned activity that is due first, if included.")
    ] = None
    notes: Annotated[
        list[Note] | None,
        NOT_SELECTED,
        Field(description="The latest notes on the client, up to 10, if included; all: /clients/{client_id}/notes."),
    ] = None
    dates: Annotated[list[ClientDate] | None, NOT_SELECTED, Field(description="The days to remember, if included.")] = (
        None
    )
    fields: Annotated[
        list[ClientField] | None, NOT_SELECTED, Field(description="What stands in custom fields, if included.")
    ] = None
    relations: Annotated[
        list[Relation] | None, NOT_SELECTED, Field(description="What other clients are to the client, if included.")
    ] = None
    tags: Annotated[
        list[Tag] | None, NOT_SELECTED, Field(description="What the client is marked with, if included.")
    ] = None
    timeline: Annotated[
        list[TimelineEntry] | None,
        NOT_SELECTED,
        Field(description="The latest of the story, up to 10, if included; all: /clients/{client_id}/timeline."),
    ] = None


_OWNER_JOINS = f"""LEFT JOIN {views.STAFF_DIRECTORY} AS o ON o.staff_id = c.owner_id
    LEFT JOIN {views.UNITS} AS ob ON ob.unit_id = o.branch_id"""
JOINED = {"o": _OWNER_JOINS, "ob": _OWNER_JOINS, "k": TOUCHES}
"""What a card is joined with, by the alias that the SQL of its members names."""


def card_from(*joins: str) -> str:
    """Return where a card `c` comes from (FROM and WHERE), joined with these of JOINED."""
    return f"""{views.CLIENT_CARD} AS c {" ".join(joins)}
    WHERE c.client_id = {answers("%(client_id)s::uuid")} AND c.registered_at IS NOT NULL AND {sees("client", "c")}"""


_SOURCE = card_from(*dict.fromkeys(JOINED.values()))
_VIEWS = (views.CLIENT_CARD, views.PIPELINE_BOARD, views.CONTACT_PERSONS, views.ACTIVITIES)
_NAMES = (views.CLIENT_CARD, views.STAFF_DIRECTORY, views.UNITS)
_NEXT_ACTIVITY = f"""(
        SELECT {json_of(Activity, "a")}
        FROM {views.ACTIVITIES} AS a
        {JOINS}
        WHERE ({is_named("a.client_id", "%(client_id)s")} OR {is_named("a.contact_id", "%(client_id)s")})
            AND a.state = 'planned'
            AND {counts_at_client("activity", "a")}
        ORDER BY a.due_at, a.activity_id
        LIMIT 1
    )"""  # noqa: S608 - put together from constants

LATEST = 10
"""So many notes and entries of the story are told beside a card."""

_INCLUDED = {
    "next_activity": (_NEXT_ACTIVITY, (), ()),
    "notes": (first_of(NOTES["client"], frozenset({"about_id"}), LATEST), (views.NOTES,), ()),
    "dates": (DATES, (views.CLIENT_DATES,), ()),
    "fields": (fields_of("c.client_id"), (views.CLIENT_FIELDS, views.CUSTOM_FIELDS), ()),
    "relations": (RELATIONS, (views.CLIENT_RELATIONS,), ()),
    "tags": (tags_of("c.client_id"), (views.CLIENT_TAGS,), ()),
    "timeline": (
        first_of(TIMELINE, frozenset({"client_id"}), LATEST),
        TIMELINE.views(("client_id",)),
        TIMELINE.names,
    ),
}
"""What may be told beside a card in its own JSON: its SQL, and the views and names that only it needs."""


@cache
def _around(included: frozenset[str]) -> Around:
    """Return what gives the card, its version, and what is included, for whatever else is asked for with it."""
    more = {name: sql for name, (sql, _, _) in _INCLUDED.items() if name in included}
    also = [_INCLUDED[name] for name in sorted(more)]
    looked = dict.fromkeys((*_VIEWS, *(view for _, found, _ in also for view in found)))
    named = dict.fromkeys((*_NAMES, *(view for _, _, names in also for view in names)))
    return Around(("one.told", "one.version"), told_of(ClientCard, "c", _SOURCE, **more), tuple(looked), tuple(named))


@cache
def card_with(included: frozenset[str] = frozenset()) -> Statement:
    """Return what gives a client's card and its version, and with it what is included, `deals` excepted."""
    around = _around(included)
    return one_told(around.joins, views=around.views, names=around.names)


CARD = card_with()


class CardQuestion(PastQuestion):
    """What a client's card may be asked with."""

    include: Annotated[
        list[Literal["dates", "deals", "fields", "next_activity", "notes", "relations", "tags", "timeline"]] | None,
        BeforeValidator(one_by_one),
        Field(max_length=10),
    ] = None


@router.question("/clients/{client_id}", "A client's card", answers=ClientCard, roles=FRONT_OFFICE)
async def get_client(client_id: UUID, ask: Asking, question: Annotated[CardQuestion, Query()]) -> Response:
    whose, included = {"client_id": client_id, "about_id": client_id}, frozenset(question.include or ())
    beside = included - {"deals"}
    if "deals" not in included:
        return await ask.one(card_with(beside), whose, question, ("client", client_id))
    page, around = PageQuestion(min_position=question.min_position), _around(beside)
    async with ask.then(question, around.views, client_id, "client") as asked:
        filters = {"client": client_id, "status": "open"}
        deals = await asked.page_body(DEALS, page, filters, client_id, around, whose)
    told, version = deals.around
    if told is None:
        raise ask.absent("client", client_id, deals.seen)
    ask.looked_at(client_id)
    body = told.removesuffix("}").encode() + b',"deals":{' + deals.body + b"}}"
    return ask.answer(body, deals.seen, version=version)
