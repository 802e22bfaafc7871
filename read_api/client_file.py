"""Clients as a file for the company's own use: a table for a spreadsheet, or cards for an address book."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import pyarrow as pa
from fastapi import Query, Response
from pydantic import Field
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool

from infra.vcard import Card, vcards
from read_api import views
from read_api.analytics import form_of
from read_api.analytics_forms import MEDIA_TYPES, Form, written
from read_api.client_fields import FIELD_VALUES
from read_api.client_file_fields import FIELDS, FieldColumn, columns_of, with_titles
from read_api.client_recognised import CONTACT_POINTS, ContactPoint, ProfileTrait, Registration
from read_api.client_tags import TAG_NAMES
from read_api.clients import CLIENTS, ClientFilters, ClientsQuestion
from read_api.lists import ClientKind, ContactKind, Lifecycle
from read_api.reading.answer import Answer, Sql
from read_api.reading.asking import Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import WrongParameterError
from read_api.reading.paging import Listing
from read_api.reading.statement import Seen
from read_api.roles import Roles

router = Questions("clients")

EXPORTING: Roles = frozenset({"head", "operator", "admin"})
"""Who takes clients away does so for others: whoever sells has the list on the screen."""

MOST = 50_000
"""So many clients a file has at most."""

STEP = 2_000

VCARD = "text/vcard; charset=utf-8"
FORMS = {
    "csv": MEDIA_TYPES["csv"],
    "xlsx": MEDIA_TYPES["xlsx"],
    "vcf": VCARD,
}
HEADINGS: Mapping[str, Mapping[str, str]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
"""What the columns are called, by language: as whoever imports a table here recognises them."""

MOMENTS = {"registered_at"}
POINTS: Sequence[ContactKind] = get_args(ContactKind)
BETWEEN = "; "
"""What stands between several phones, or e-mails, in one cell."""


class FiledClient(Answer):
    """A client as a file has it."""

    client_id: UUID
    kind: ClientKind
    name: str
    external_id: str | None
    owner_name: Annotated[str | None, Sql("o.name")]
    lifecycle: Lifecycle
    registered_at: datetime
    contact_points: Annotated[list[ContactPoint], CONTACT_POINTS]
    tax_id: str | None
    told: dict[str, Registration]
    profile: dict[str, ProfileTrait]
    tags: Annotated[list[str], TAG_NAMES]
    fields: Annotated[dict[str, str], FIELD_VALUES]


FILED = replace(
    CLIENTS,
    name="clients in a file",
    item=FiledClient,
    rests_on=(*CLIENTS.rests_on, views.CLIENT_TAGS, views.CLIENT_FIELDS),
)


class ClientFileQuestion(ClientFilters):
    """Which clients, and as what."""

    format: Annotated[
        Literal["csv", "xlsx", "vcf"],
        Field(description="A table, a workbook for Excel, or cards for an address book (vCard 3.0)."),
    ] = "csv"
    headings: Annotated[
        Literal["names", "words"],
        Field(description="Of tables: what people call the columns, in the caller's language, or their names."),
    ] = "words"
    excel: Annotated[bool, Field(description="Of CSV: as Excel opens it, with semicolons and a byte order mark.")] = (
        False
    )


@router.question(
    "/clients/file",
    "Clients as a file: a table, or cards for an address book",
    answers=None,
    roles=EXPORTING,
    has_forms=True,
    note=(
        " Those that GET /clients lists with the same filters, by name, up to 50,000; of more none: name filters. That"
        " the caller was told of each is on record. The headings are those that `letopis import file` knows."
    ),
    responses={200: {"content": {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in FORMS.values()}}},
)
async def get_client_file(ask: Asking, question: Annotated[ClientFileQuestion, Query()]) -> Response:
    chosen = ClientsQuestion.model_construct(
        question.model_fields_set & ClientFilters.model_fields.keys(),
        **{name: getattr(question, name) for name in ClientFilters.model_fields},
        limit=STEP,
    )
    async with ask.then(chosen, (*FILED.views(chosen.filters(ask.desk.zone)), *FIELDS.looks_into)) as asked:
        _, [(fields,)] = await asked.fetch(FIELDS, {}, question.min_position)
        clients, seen = await all_of(asked, FILED, chosen)
    ask.looked_at(*(UUID(one["client_id"]) for one in clients))
    columns = columns_of(fields, clients)
    form = with_titles(form_of(ask, question, HEADINGS), columns)
    body = await run_in_threadpool(written_as, clients, form, columns)
    headers = {"Content-Disposition": f'attachment; filename="clients.{question.format}"', "Vary": "Accept-Language"}
    return ask.answer(body, seen, FORMS[question.format], headers)


async def all_of(ask: Ask, listing: Listing, question: ClientsQuestion) -> tuple[list[dict[str, Any]], Seen]:
    """Return all clients of a list and how true its first page is; raises WrongParameterError for too many."""
    clients: list[dict[str, Any]] = []
    filters, first = question.filters(ask.desk.zone), None
    while True:
        page = await ask.page_body(listing, question, filters)
        told = from_json(b"{" + page.body + b"}")
        clients += told["items"]
        first = first or page.seen
        if len(clients) > MOST:
            raise WrongParameterError(
                {"pointer": "/format", "in": "query", "code": "too-many-for-a-file", "most": MOST}
            )
        if told["next"] is None:
            return clients, first
        question = question.model_copy(update={"cursor": told["next"]})


def written_as(clients: Sequence[Mapping[str, Any]], form: Form, columns: Sequence[FieldColumn] = ()) -> bytes:
    """Return clients as a file of this form; a table has `columns` of the company's own fields, too."""
    return vcards(map(_card_of, clients)) if form.kind == "vcf" else written(table_of(clients, form, columns), form)


def table_of(clients: Sequence[Mapping[str, Any]], form: Form, columns: Sequence[FieldColumn] = ()) -> pa.Table:
    """Return clients as a table with all columns of HEADINGS, and those of the company's own fields."""
    rows = [_row_of(one) for one in clients]
    own = {each.name: each.values([one["fields"].get(each.code) for one in clients], form) for each in columns}
    return pa.table(
        {
            name: pa.array(
                [row.get(name) for row in rows], pa.timestamp("us", "UTC") if name in MOMENTS else pa.string()
            )
            for name in HEADINGS
        }
        | own
    )


def _row_of(client: Mapping[str, Any]) -> dict[str, Any]:
    """Return a client as a row of a table; of several phones all stand in one cell."""
    points = {kind: BETWEEN.join(_values(client, kind)) or None for kind in POINTS}
    traits = {name: trait["value"] for name, trait in client["profile"].items()}
    numbers = {name: client["told"].get(name, {}).get("value") for name in ("kpp", "ogrn")}
    told = {name: client[name] for name in ("kind", "name", "external_id", "owner_name", "lifecycle", "tax_id")}
    return {
        **traits,
        **points,
        **numbers,
        **told,
        "tags": BETWEEN.join(client["tags"]) or None,
        "id": client["client_id"],
        "registered_at": datetime.fromisoformat(client["registered_at"]),
    }


def _values(client: Mapping[str, Any], kind: str) -> Iterable[str]:
    return (point["value"] for point in client["contact_points"] if point["kind"] == kind)


def _card_of(client: Mapping[str, Any]) -> Card:
    return Card(
        uid=client["client_id"],
        name=client["name"],
        is_organisation=client["kind"] == "organisation",
        phones=tuple(_values(client, "phone")),
        emails=tuple(_values(client, "email")),
        addresses=tuple(_values(client, "address")),
        sites=tuple(_values(client, "site")),
        birthday=client["profile"].get("birthday", {}).get("value"),
        position=client["profile"].get("position", {}).get("value"),
    )
