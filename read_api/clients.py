"""Questions about many clients: the list by name, and the search by what a client is recognised by."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from infra.mailboxes import HOME_COUNTRY, line_of, tax_number
from infra.names.marks import marks
from infra.names.search import Asked, asked
from infra.typed import cleaned, tag_key, with_plain_digits
from read_api import views
from read_api.client_card import OWNER, Client, Person
from read_api.client_fields import CONDITIONS, OF_FIELDS, FieldFilters, fields_looked_for
from read_api.client_names import EVERY, RANKS, looked_for
from read_api.client_permissions import has_agreed, hindrance
from read_api.client_recognised import Doubted
from read_api.client_tags import OF_TAGS, has_tag
from read_api.filters import OF_MEMBERS, OF_PLANS, member_of, next_step
from read_api.lists import ClientKind, Lifecycle, PermissionChannel, PermissionPurpose
from read_api.reading.answer import Answer, Items, Page, Sql, json_of, list_of, page_or_part_of
from read_api.reading.declaring import Asking, Questions, json_only
from read_api.reading.desk import Desk
from read_api.reading.joined import answering, answers, either, is_client, stands
from read_api.reading.paging import Listing, Sorting
from read_api.reading.question import AT_ONCE, Day, ListQuestion, PageQuestion, PastQuestion, PlainText
from read_api.reading.seen import sees
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE
from read_api.touches import TOUCHES, UNTOUCHED

router = Questions("clients")


_ANSWERING_IDS = f"SELECT {answering('given.id')} FROM unnest(%(ids)s::uuid[]) AS given (id)"  # noqa: S608 - constants

ADDRESSED = ("%(addressed_by)s", "%(purpose)s")
MAY_NOT_BE_ADDRESSED = hindrance("c.client_id", *ADDRESSED)
"""Why the client of a row may not be addressed as the filters say; NULL: they may."""

CLIENTS = Listing(
    name="clients",
    view=views.CLIENT_CARD,
    alias="c",
    item=Client,
    order={"name_sort": "text", "client_id": "uuid"},
    always=f"c.registered_at IS NOT NULL AND c.name_sort IS NOT NULL AND {stands('c')} AND {sees('client', 'c')}",
    filters={
        "ids": either("c.client_id = ANY(%(ids)s::uuid[])", f"c.client_id IN ({_ANSWERING_IDS})"),
        "owner": "c.owner_id = %(owner)s",
        "unowned": "c.owner_id IS NULL",
        "not unowned": "c.owner_id IS NOT NULL",
        "team_id": member_of("team_id", "c.owner_id"),
        "branch_id": member_of("branch_id", "c.owner_id"),
        "stage": "c.lifecycle = %(stage)s",
        "kind": "c.kind = %(kind)s",
        "archived": "c.archived_at IS NOT NULL",
        "not archived": "c.archived_at IS NULL",
        "doubt": "c.doubts <> '{}' AND c.doubts @> ARRAY[%(doubt)s]::text[]",
        "data_notice": "c.data_notices <> '[]'::jsonb",
        "not data_notice": "c.data_notices = '[]'::jsonb",
        "addressed_by": f"{has_agreed('c.client_id', *ADDRESSED)} AND {MAY_NOT_BE_ADDRESSED} IS NULL",
        # What for, the condition above says.
        "purpose": "true",
        "tag": has_tag("c.client_id", "%(tag)s"),
        **CONDITIONS,
        "registered_from": "c.registered_at >= %(registered_from)s",
        "registered_to": "c.registered_at < %(registered_to)s",
        **next_step(is_client("n.client_id", "c.client_id"), is_client("n.contact_id", "c.client_id")),
        "untouched_since": UNTOUCHED,
        "q": looked_for(EVERY),
        "identity": "c.identity_keys && %(identity)s::text[]",
    },
    steady=frozenset({"owner", "stage"}),
    searched=frozenset({"q", "identity", "addressed_by", "tag", *OF_FIELDS, *OF_MEMBERS}),
    unindexed=frozenset({"untouched_since"}),
    joins=f"LEFT JOIN {views.STAFF_DIRECTORY} AS o ON o.staff_id = c.owner_id\n    {TOUCHES}",
    names=(views.STAFF_DIRECTORY,),
    rests_on=(views.ACTIVITIES,),
    beside={**OF_MEMBERS, **OF_PLANS, **OF_FIELDS, **OF_TAGS, "addressed_by": (views.CLIENT_PERMISSIONS,)},
    owned_by="c.owner_id",
    looked_up=frozenset({"owner", "ids", "identity"}),
    tells_owners=True,
    ranked_by="q",
    ranks=RANKS,
    sortings={
        "name": Sorting({"name_sort": "text", "client_id": "uuid"}),
        "registered": Sorting({"registered_at": "timestamptz", "client_id": "uuid"}),
    },
)


class ClientFilters(FieldFilters):
    """Which clients; `q` finds every word in the name, wherever in it, however written, and but for a slip."""

    owner: UUID | None = None
    unowned: bool | None = None
    team_id: UUID | None = None
    branch_id: UUID | None = None
    stage: Lifecycle | None = None
    kind: ClientKind | None = None
    archived: bool | None = None
    doubt: Annotated[Doubted | None, Field(description="Of whom this is to be looked at.")] = None
    data_notice: bool | None = None
    addressed_by: PermissionChannel | None = None
    purpose: PermissionPurpose | None = None
    tag: PlainText | None = None
    registered_from: Day | None = None
    registered_to: Day | None = None
    without_next_step: bool | None = None
    untouched_since: Day | None = None
    q: PlainText | None = None

    @model_validator(mode="after")
    def _says_by_what_and_what_for(self) -> Self:
        if (self.addressed_by is None) is not (self.purpose is None):
            lacking = "purpose" if self.purpose is None else "addressed_by"
            raise PydanticCustomError("needs_the_other", "both are needed", {"field": lacking})
        return self


class ClientsQuestion(ClientFilters, ListQuestion):
    """Which clients, page by page."""

    sort: Literal["name", "-name", "registered", "-registered"] | None = None

    def filters(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return the filters, a tag, what stands in a field and the words of the name as they are looked for."""
        given = super().filters(zone)
        if self.tag is not None:
            given["tag"] = tag_key(self.tag)
        given |= fields_looked_for(given)
        if self.looked_for is not None:
            given["q"] = self.looked_for.queries()
        return given

    @cached_property
    def looked_for(self) -> Asked | None:
        """What is asked for by name."""
        return None if self.q is None else asked(self.q)


class Recognised(BaseModel):
    """By what a client is looked for; in the body, because personal data stay out of addresses and their logs."""

    model_config = ConfigDict(extra="forbid", strict=True)

    phone: PlainText | None = None
    email: PlainText | None = None
    tax_id: PlainText | None = None
    tax_country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = HOME_COUNTRY

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.is_told:
            raise PydanticCustomError("search_is_empty", "something to look for is needed")
        return self

    @property
    def is_told(self) -> bool:
        """Whether it says by what."""
        return any(each is not None for each in (self.phone, self.email, self.tax_id))

    def keys(self, desk: Desk) -> list[str]:
        """Return what the card of such a client has among its identity keys.

        Who calls is known by the number alone, whatever extension the card has; an extension is that one, or a
        switchboard whose card has none.
        """
        keys = []
        if self.phone is not None:
            key = desk.phone_key(self.phone)
            line = line_of(key)
            keys += [f"phone:{key}", f"line:{key}" if line == key else f"phone:{line}"]
        if self.email is not None:
            keys.append(f"email:{desk.email_key(self.email)}")
        if self.tax_id is not None:
            number = with_plain_digits(cleaned(self.tax_id)).replace(" ", "").upper()
            keys.append(f"tax_id:{tax_number(number, self.tax_country)}")
        return keys


class ClientSearch(Recognised):
    """By what the clients of a list are looked for: `q` are words of the name, as in the address of GET /clients."""

    q: PlainText | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=2000)] = None

    @property
    def is_told(self) -> bool:
        """Whether it says by what."""
        return self.q is not None or super().is_told


class OwnedClient(Answer):
    """Whose a client is; who the client is only those may know who see them, under the id."""

    client_id: UUID
    is_seen: Annotated[bool, Sql(sees("client", "c")), Field(description="Whether the caller may open the card.")]
    owner_id: Annotated[UUID | None, Sql("coalesce(c.owner_id, i.owner_id)")]
    owner: Annotated[Person | None, OWNER]
    owned_since: Annotated[datetime | None, Sql("coalesce(c.owned_since, i.owned_since)")]
    organisation_id: Annotated[
        UUID | None,
        Sql("i.client_id"),
        Field(description="Whose owner that is, if nobody owns the contact person: the organisation they act for."),
    ]


# Without OFFSET the server would walk along the ids until it has met some: it takes an identity for one that thousands
# have.
_OWNED = list_of(
    json_of(OwnedClient, "c"),
    f"""(
        SELECT * FROM (
            SELECT * FROM {views.CLIENT_CARD} AS c
            WHERE c.registered_at IS NOT NULL AND {stands("c")} AND c.identity_keys && %(identity)s::text[]
            OFFSET 0
        ) AS c
        ORDER BY c.client_id
        LIMIT {AT_ONCE}
    ) AS c
    LEFT JOIN LATERAL (
        SELECT org.client_id, org.owner_id, org.owned_since
        FROM {views.CONTACT_PERSONS} AS acts
        JOIN {views.CLIENT_CARD} AS org ON org.client_id = {answers("acts.organisation_id")}
        WHERE {is_client("acts.person_id", "c.client_id")} AND acts.is_active AND org.owner_id IS NOT NULL
        ORDER BY org.client_id
        LIMIT 1
    ) AS i ON c.owner_id IS NULL
    LEFT JOIN {views.STAFF_DIRECTORY} AS o ON o.staff_id = coalesce(c.owner_id, i.owner_id)
    LEFT JOIN {views.UNITS} AS ob ON ob.unit_id = o.branch_id""",  # noqa: S608 - constants
    order="c.client_id",
)
OWNED = Statement(
    f"\nSELECT seen.*, json_build_object('items', {_OWNED})::text\nFROM seen",
    (views.CLIENT_CARD, views.CONTACT_PERSONS),
    (views.STAFF_DIRECTORY, views.UNITS),
)


@router.question("/clients", "Clients by name", answers=page_or_part_of(Client), roles=FRONT_OFFICE)
async def list_clients(ask: Asking, question: Annotated[ClientsQuestion, Query()]) -> Response:
    # Who wants certain members gets these alone.
    looked_for = question.looked_for if question.members is None else None
    return await ask.page(CLIENTS, question, told=_marking(looked_for))


def _marking(looked_for: Asked | None) -> Callable[[list[dict[str, Any]]], None] | None:
    """Return what says in each client what of the name was found."""
    if looked_for is None:
        return None

    def told(items: list[dict[str, Any]]) -> None:
        for item in items:
            item["marks"] = marks(item["name"], looked_for)

    return told


@router.question(
    "/clients/search",
    "Clients by phone, e-mail, tax number or name",
    answers=Page[Client],
    roles=FRONT_OFFICE,
    method="POST",
    dependencies=[Depends(json_only)],
)
async def search_clients(ask: Asking, search: ClientSearch, question: Annotated[PastQuestion, Query()]) -> Response:
    page = PageQuestion(
        limit=search.limit, cursor=search.cursor, min_position=question.min_position, as_of=question.as_of
    )
    looked_for, keys = None if search.q is None else asked(search.q), search.keys(ask.desk)
    fixed = {} if looked_for is None else {"q": looked_for.queries()}
    fixed |= {"identity": keys} if keys else {}
    return await ask.page(CLIENTS, page, fixed, is_about_each=True, told=_marking(looked_for))


@router.question(
    "/clients/owners",
    "Whose the clients of this phone, e-mail or tax number are: for sellers, of clients whom they do not see as well",
    answers=Items[OwnedClient],
    roles=FRONT_OFFICE,
    method="POST",
    dependencies=[Depends(json_only)],
)
async def find_owners(ask: Asking, known: Recognised, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(OWNED, {"identity": known.keys(ask.desk)}, question)
