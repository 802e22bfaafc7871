"""Questions about clients: the card, lists and search, the story, and the owners."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from infra.words import words
from read_api import answers
from read_api.reading.asking import (
    Ask,
    Asking,
    PageQuestion,
    PastPageQuestion,
    PastQuestion,
    PlainText,
    Question,
    absent,
    described,
)
from read_api.reading.desk import SEEN
from read_api.reading.errors import WrongMediaTypeError
from read_api.reading.paging import Listing

router = APIRouter(tags=["clients"])

ITEM = {
    "client_id": "c.client_id",
    "kind": "c.kind",
    "name": "c.name",
    "owner_id": "c.owner_id",
    "owner_name": "o.name",
    "owned_since": "c.owned_since",
    "lifecycle": "c.lifecycle",
    "archived_at": "c.archived_at",
    "registered_at": "c.registered_at",
    "last_touch_at": "c.last_touch_at",
    "last_touch_channel": "c.last_touch_channel",
    "touch_count": "c.touch_count",
    "version": "c.version",
    "position": "c.position",
}

CLIENTS = Listing(
    name="clients",
    view="client_card",
    shape=1,
    alias="c",
    item=ITEM,
    order={"name_sort": "text", "client_id": "uuid"},
    always="c.registered_at IS NOT NULL AND c.name_sort IS NOT NULL",
    filters={
        "owner": "c.owner_id = %(owner)s",
        "stage": "c.lifecycle = %(stage)s",
        "kind": "c.kind = %(kind)s",
        "q": "array_to_tsvector(c.name_parts) @@ %(q)s::tsquery",
        "identity": "c.identity_keys && %(identity)s::text[]",
    },
    steady=frozenset({"owner", "stage"}),
    searched="q",
    joins="LEFT JOIN read.staff_directory_v2 AS o ON o.staff_id = c.owner_id",
    joined=("staff_directory",),
)

TIMELINE = Listing(
    name="timeline",
    view="client_timeline",
    shape=2,
    alias="t",
    item={
        "event_position": "t.event_position",
        "occurred_at": "t.occurred_at",
        "recorded_at": "t.recorded_at",
        "topic": "t.topic",
        "stream_id": "t.stream_id",
        "actor": "t.actor",
        "staff_id": "t.staff_id",
        "staff_name": "s.name",
        "channel": "t.channel",
        "direction": "t.direction",
        "details": "t.details",
    },
    order={"occurred_at": "timestamptz", "event_position": "bigint"},
    always="t.client_id = %(client_id)s",
    filters={"client_id": "true"},
    steady=frozenset({"client_id"}),
    joins="LEFT JOIN read.staff_directory_v2 AS s ON s.staff_id = t.staff_id",
    joined=("staff_directory",),
    descending=True,
)

OWNERSHIP = Listing(
    name="ownership",
    view="ownership_history",
    shape=1,
    alias="h",
    item={
        "event_position": "h.event_position",
        "from_owner_id": "h.from_owner_id",
        "from_owner_name": "f.name",
        "to_owner_id": "h.to_owner_id",
        "to_owner_name": "t.name",
        "cause": "h.cause",
        "reason": "h.reason",
        "occurred_at": "h.occurred_at",
        "recorded_at": "h.recorded_at",
        "until": "h.until",
        "actor": "h.actor",
    },
    order={"event_position": "bigint"},
    always="h.client_id = %(client_id)s",
    filters={"client_id": "true"},
    steady=frozenset({"client_id"}),
    joins="""LEFT JOIN read.staff_directory_v2 AS f ON f.staff_id = h.from_owner_id
LEFT JOIN read.staff_directory_v2 AS t ON t.staff_id = h.to_owner_id""",
    joined=("staff_directory",),
)

_MEMBERS = ", ".join(f"'{name}', {value}" for name, value in ITEM.items())
CARD_VIEWS = ("client_card", "staff_directory", "pipeline_board", "contact_persons", "units")
CARD = f"""{SEEN}
SELECT seen.*, (
    SELECT json_build_object(
        {_MEMBERS},
        'owner', CASE WHEN o.staff_id IS NOT NULL
            THEN json_build_object('id', o.staff_id, 'name', o.name, 'branch', ob.name, 'branch_id', o.branch_id) END,
        'contact_points', (
            SELECT coalesce(json_agg(p.value ORDER BY (p.value ->> 'order')::integer, p.key), '[]')
            FROM jsonb_each(c.contact_points) AS p
        ),
        'tax_id', c.tax_id,
        'profile', c.profile,
        'parent_id', c.parent_id,
        'parent_name', (SELECT u.name FROM read.client_card_v1 AS u WHERE u.client_id = c.parent_id),
        'date_unknown', c.date_unknown,
        'source', c.source,
        'external_id', c.external_id,
        'last_touch_direction', c.last_touch_direction,
        'open_deals', (
            SELECT json_build_object(
                'count', coalesce(sum(d.deals), 0),
                'sums', coalesce(
                    json_agg(json_build_object('currency', d.currency, 'amount', d.amount::text) ORDER BY d.currency)
                        FILTER (WHERE d.currency IS NOT NULL),
                    '[]'
                )
            )
            FROM (
                SELECT b.currency, count(*) AS deals, sum(b.amount) AS amount
                FROM read.pipeline_board_v1 AS b
                WHERE b.client_id = c.client_id AND b.status = 'open'
                GROUP BY b.currency
            ) AS d
        ),
        'contact_persons', (
            SELECT coalesce(json_agg(json_build_object(
                'client_id', a.person_id, 'name', n.name, 'role', a.role, 'is_active', a.is_active,
                'since', a.since, 'ended_at', a.ended_at
            ) ORDER BY a.since, a.person_id), '[]')
            FROM read.contact_persons_v1 AS a
            LEFT JOIN read.client_card_v1 AS n ON n.client_id = a.person_id
            WHERE a.organisation_id = c.client_id
        ),
        'organisations', (
            SELECT coalesce(json_agg(json_build_object(
                'client_id', a.organisation_id, 'name', n.name, 'role', a.role, 'is_active', a.is_active,
                'since', a.since, 'ended_at', a.ended_at
            ) ORDER BY a.since, a.organisation_id), '[]')
            FROM read.contact_persons_v1 AS a
            LEFT JOIN read.client_card_v1 AS n ON n.client_id = a.organisation_id
            WHERE a.person_id = c.client_id
        ),
        'subsidiaries', (
            SELECT coalesce(json_agg(json_build_object('client_id', n.client_id, 'name', n.name)
                ORDER BY n.name_sort, n.client_id), '[]')
            FROM read.client_card_v1 AS n
            WHERE n.parent_id = c.client_id
        )
    )::text
    FROM read.client_card_v1 AS c
    LEFT JOIN read.staff_directory_v2 AS o ON o.staff_id = c.owner_id
    LEFT JOIN read.units_v1 AS ob ON ob.unit_id = o.branch_id
    WHERE c.client_id = %(client_id)s AND c.registered_at IS NOT NULL
)
FROM seen"""  # noqa: S608 - put together from constants

EXISTS = f"""{SEEN}
SELECT seen.*, EXISTS (
    SELECT FROM read.client_card_v1 AS c WHERE c.client_id = %(client_id)s AND c.registered_at IS NOT NULL
)
FROM seen"""  # noqa: S608 - constants


class ClientsQuestion(PageQuestion):
    """Which clients; `q` finds every word in the name, wherever in it and however written."""

    owner: UUID | None = None
    stage: Literal["prospect", "contacted", "customer", "regular", "lost"] | None = None
    kind: Literal["person", "organisation"] | None = None
    q: PlainText | None = None

    def filters(self) -> dict[str, Any]:
        """Return the filters, the words of the name as a query: each the beginning of an indexed ending of a word."""
        given = super().filters()
        if self.q is not None:
            given["q"] = " & ".join(f"'{word}':*" for word in words(self.q))
        return given


class ClientSearch(BaseModel):
    """By what the client is looked for; in the body, because personal data stay out of addresses and their logs."""

    model_config = ConfigDict(extra="forbid", strict=True)

    phone: PlainText | None = None
    email: PlainText | None = None
    tax_id: PlainText | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=2000)] = None

    @model_validator(mode="after")
    def _says_something(self) -> "ClientSearch":
        if self.phone is None and self.email is None and self.tax_id is None:
            raise PydanticCustomError("search_is_empty", "one of phone, email and tax_id is needed")
        return self


@router.get("/clients", summary="Clients by name", **described("list_clients", answers.Page[answers.Client]))
async def list_clients(ask: Asking, question: Annotated[ClientsQuestion, Query()]) -> Response:
    return await ask.page(CLIENTS, question)


async def _json_only(ask: Asking) -> None:
    content_type = ask.request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise WrongMediaTypeError(content_type=content_type, needed="application/json")


@router.post(
    "/clients/search",
    summary="Clients by phone, e-mail or tax number",
    dependencies=[Depends(_json_only)],
    **described("search_clients", answers.Page[answers.Client]),
)
async def search_clients(ask: Asking, search: ClientSearch, question: Annotated[Question, Query()]) -> Response:
    keys = []
    if search.phone is not None:
        keys.append(f"phone:{ask.desk.phone_key(search.phone)}")
    if search.email is not None:
        keys.append(f"email:{ask.desk.email_key(search.email)}")
    if search.tax_id is not None:
        keys.append(f"tax_id:{''.join(search.tax_id.split())}")
    page = PageQuestion(limit=search.limit, cursor=search.cursor, min_position=question.min_position)
    return await ask.page(CLIENTS, page, {"identity": keys})


@router.get(
    "/clients/{client_id}", summary="A client's card", **described("get_client", answers.ClientCard, has_id=True)
)
async def get_client(client_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    async with ask.then("card", client_id, question) as asked:
        return await asked.one(CARD, {"client_id": client_id}, CARD_VIEWS, question, ("client", client_id))


@router.get(
    "/clients/{client_id}/timeline",
    summary="A client's story, newest first",
    **described("get_client_timeline", answers.Page[answers.TimelineEntry], has_id=True),
)
async def get_client_timeline(client_id: UUID, ask: Asking, question: Annotated[PastPageQuestion, Query()]) -> Response:
    async with ask.then("timeline", client_id, question) as asked:
        return await _page_of(asked, client_id, TIMELINE, question)


@router.get(
    "/clients/{client_id}/ownership",
    summary="Who owned a client when, and why",
    **described("get_client_ownership", answers.Page[answers.OwnershipChange], has_id=True),
)
async def get_client_ownership(
    client_id: UUID, ask: Asking, question: Annotated[PastPageQuestion, Query()]
) -> Response:
    async with ask.then("ownership", client_id, question) as asked:
        return await _page_of(asked, client_id, OWNERSHIP, question)


async def _page_of(ask: Ask, client_id: UUID, listing: Listing, question: PageQuestion) -> Response:
    whose = {"client_id": client_id}
    page = await ask.page_body(listing, question, whose, client_id)
    if page.is_empty and question.cursor is None:
        seen, rows = await ask.fetch(EXISTS, whose, ("client_card",), about=client_id)
        if not rows[0][0]:
            raise absent("client", client_id, seen)
    return ask.answer(b"{" + page.body + b"}", page.seen)
