"""A client's card: everything a front-office screen shows of one client, in one statement."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BeforeValidator, Field

from read_api import views
from read_api.activities import JOINS, Activity
from read_api.deals import DEALS, Deal
from read_api.lists import AffiliationRole, Channel, ClientKind, Confidence, ContactKind, Direction, Lifecycle
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
from read_api.reading.asking import absent
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Around
from read_api.reading.question import PageQuestion, PastQuestion, one_by_one
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
    """A client in a list."""

    client_id: UUID
    kind: ClientKind | None
    name: str | None
    owner_id: UUID | None
    owner_name: Annotated[str | None, Sql("o.name")]
    owned_since: datetime | None
    lifecycle: Lifecycle | None
    archived_at: datetime | None
    registered_at: datetime | None
    last_touch_at: Annotated[datetime | None, Sql("k.last_at")]
    last_touch_channel: Annotated[Channel | None, Sql("k.last_channel")]
    touch_count: Annotated[int, Sql("k.number")]
    version: int
    position: int


class ContactPoint(Answer):
    """A way to reach the client: as typed, and the form it is compared in."""

    kind: ContactKind
    value: str
    key: str
    label: str | None = None
    source: str | None = None
    order: int | None = None


class ProfileTrait(Answer):
    """One trait, where it came from and how sure we are."""

    value: str
    source: str | None = None
    confidence: Confidence | None = None


class Contact(Answer):
    """A person acting for an organisation, or the organisation a person acts for."""

    client_id: UUID
    name: Annotated[str | None, Sql("n.name")]
    role: AffiliationRole | None
    is_active: bool
    since: datetime | None
    ended_at: datetime | None


class OpenDeals(Answer):
    """The open deals of a client: how many, and what they are thought to be worth by currency."""

    count: Annotated[int, Sql("coalesce(sum(d.deals), 0)")]
    sums: Annotated[list[Sum], Sql(sums_of("d"))]


class Subsidiary(Answer):
    """An organisation that belongs to the client."""

    client_id: UUID
    name: str | None


_OWNER = Sql(f"CASE WHEN o.staff_id IS NOT NULL THEN {json_of(Person, 'o')} END")
_CONTACT_POINTS = Sql(
    list_of("p.value", "jsonb_each(c.contact_points) AS p", order="(p.value ->> 'order')::integer, p.key")
)
_PARENT_NAME = Sql(f"(SELECT u.name FROM {views.CLIENT_CARD} AS u WHERE u.client_id = c.parent_id)")  # noqa: S608
_OPEN_DEALS = Sql(
    f"""(
            SELECT {json_of(OpenDeals, "d")}
            FROM (
                SELECT b.currency, count(*) AS deals, sum(b.amount) AS amount
                FROM {views.PIPELINE_BOARD} AS b
                WHERE b.client_id = c.client_id AND b.status = 'open'
                GROUP BY b.currency
            ) AS d
        )"""  # noqa: S608 - put together from constants
)


def _contacts(whose: str, other: str) -> Sql:
    source = f"""{views.CONTACT_PERSONS} AS a
            LEFT JOIN {views.CLIENT_CARD} AS n ON n.client_id = a.{other}
            WHERE a.{whose} = c.client_id"""
    return Sql(list_of(json_of(Contact, "a", client_id=f"a.{other}"), source, order=f"a.since, a.{other}"))


_CONTACT_PERSONS = _contacts("organisation_id", "person_id")
_ORGANISATIONS = _contacts("person_id", "organisation_id")
_SUBSIDIARIES = Sql(
    list_of(
        json_of(Subsidiary, "n"),
        f"{views.CLIENT_CARD} AS n WHERE n.parent_id = c.client_id",
        order="n.name_sort, n.client_id",
    )
)


class ClientCard(Client, Whole):
    """Everything a front-office screen shows of one client."""

    owner: Annotated[Person | None, _OWNER]
    contact_points: Annotated[list[ContactPoint], _CONTACT_POINTS]
    tax_id: str | None
    profile: dict[str, ProfileTrait]
    parent_id: UUID | None
    parent_name: Annotated[str | None, _PARENT_NAME]
    date_unknown: bool
    source: str | None
    external_id: str | None
    last_touch_direction: Annotated[Direction | None, Sql("k.last_direction")]
    open_deals: Annotated[OpenDeals, _OPEN_DEALS]
    contact_persons: Annotated[list[Contact], _CONTACT_PERSONS]
    organisations: Annotated[list[Contact], _ORGANISATIONS]
    subsidiaries: Annotated[list[Subsidiary], _SUBSIDIARIES]
    deals: Annotated[
        Page[Deal] | None,
        NOT_SELECTED,
        Field(description="Open deals, if included; `next` is the cursor of /deals?client=…&status=open."),
    ] = None
    next_activity: Annotated[
        Activity | None, NOT_SELECTED, Field(description="The planned activity that is due first, if included.")
    ] = None


_SOURCE = f"""{views.CLIENT_CARD} AS c
    LEFT JOIN {views.STAFF_DIRECTORY} AS o ON o.staff_id = c.owner_id
    LEFT JOIN {views.UNITS} AS ob ON ob.unit_id = o.branch_id
    {TOUCHES}
    WHERE c.client_id = %(client_id)s AND c.registered_at IS NOT NULL"""
_VIEWS = (views.CLIENT_CARD, views.PIPELINE_BOARD, views.CONTACT_PERSONS, views.ACTIVITIES)
_NAMES = (views.CLIENT_CARD, views.STAFF_DIRECTORY, views.UNITS)
_NEXT_ACTIVITY = f"""(
        SELECT {json_of(Activity, "a")}
        FROM {views.ACTIVITIES} AS a
        {JOINS}
        WHERE (a.client_id = %(client_id)s OR a.contact_id = %(client_id)s) AND a.state = 'planned'
        ORDER BY a.due_at, a.activity_id
        LIMIT 1
    )"""  # noqa: S608 - put together from constants

_CARD = told_of(ClientCard, "c", _SOURCE)
_CARD_WITH_NEXT = told_of(ClientCard, "c", _SOURCE, next_activity=_NEXT_ACTIVITY)
CARD = one_told(_CARD, views=_VIEWS, names=_NAMES)
CARD_WITH_NEXT = one_told(_CARD_WITH_NEXT, views=_VIEWS, names=_NAMES)
TOLD = ("one.told", "one.version")
AROUND_DEALS = Around(TOLD, _CARD, _VIEWS, _NAMES)
AROUND_DEALS_WITH_NEXT = Around(TOLD, _CARD_WITH_NEXT, _VIEWS, _NAMES)


class CardQuestion(PastQuestion):
    """What a client's card may be asked with."""

    include: Annotated[
        list[Literal["deals", "next_activity"]] | None, BeforeValidator(one_by_one), Field(max_length=10)
    ] = None


@router.question("/clients/{client_id}", "A client's card", answers=ClientCard, roles=FRONT_OFFICE)
async def get_client(client_id: UUID, ask: Asking, question: Annotated[CardQuestion, Query()]) -> Response:
    whose, included = {"client_id": client_id}, question.include or []
    has_next = "next_activity" in included
    card = CARD_WITH_NEXT if has_next else CARD
    if "deals" not in included:
        return await ask.one(card, whose, question, ("client", client_id))
    page = PageQuestion(min_position=question.min_position)
    around = AROUND_DEALS_WITH_NEXT if has_next else AROUND_DEALS
    async with ask.then(question, card.views, client_id) as asked:
        filters = {"client": client_id, "status": "open"}
        deals = await asked.page_body(DEALS, page, filters, client_id, around, whose)
    told, version = deals.around
    if told is None:
        raise absent("client", client_id, deals.seen)
    body = told.removesuffix("}").encode() + b',"deals":{' + deals.body + b"}}"
    return ask.answer(body, deals.seen, version=version)
