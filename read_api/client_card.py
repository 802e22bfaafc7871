"""A client's card: everything a front-office screen shows of one client, in one statement."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.lists import AffiliationRole, Channel, ClientKind, Confidence, ContactKind, Direction, Lifecycle
from read_api.reading.answer import Answer, Sql, Sum, Whole, json_of, list_of, one_of, sums_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.question import PastQuestion
from read_api.roles import FRONT_OFFICE

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
    last_touch_at: datetime | None
    last_touch_channel: Channel | None
    touch_count: int
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
    last_touch_direction: Direction | None
    open_deals: Annotated[OpenDeals, _OPEN_DEALS]
    contact_persons: Annotated[list[Contact], _CONTACT_PERSONS]
    organisations: Annotated[list[Contact], _ORGANISATIONS]
    subsidiaries: Annotated[list[Subsidiary], _SUBSIDIARIES]


CARD = one_of(
    ClientCard,
    "c",
    f"""{views.CLIENT_CARD} AS c
    LEFT JOIN {views.STAFF_DIRECTORY} AS o ON o.staff_id = c.owner_id
    LEFT JOIN {views.UNITS} AS ob ON ob.unit_id = o.branch_id
    WHERE c.client_id = %(client_id)s AND c.registered_at IS NOT NULL""",
    views=(views.CLIENT_CARD, views.PIPELINE_BOARD, views.CONTACT_PERSONS),
    names=(views.CLIENT_CARD, views.STAFF_DIRECTORY, views.UNITS),
)


@router.question("/clients/{client_id}", "A client's card", answers=ClientCard, roles=FRONT_OFFICE)
async def get_client(client_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(CARD, {"client_id": client_id}, question, ("client", client_id))
