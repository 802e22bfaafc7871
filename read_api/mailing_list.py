"""Whom something may be sent to, as a file: one address in each row, of clients who agreed and do not object."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import pyarrow as pa
from fastapi import Query, Response
from pydantic import Field
from pydantic_core import from_json
from starlette.concurrency import run_in_threadpool

from read_api.analytics import form_of
from read_api.analytics_forms import MEDIA_TYPES, written
from read_api.client_file import EXPORTING, STEP, all_of
from read_api.client_permissions import PermissionHindrance
from read_api.client_recognised import CONTACT_POINTS, ContactPoint
from read_api.clients import CLIENTS, MAY_NOT_BE_ADDRESSED, ClientFilters, ClientsQuestion
from read_api.lists import ClientKind, PermissionChannel, PermissionPurpose
from read_api.reading.answer import Answer, Sql
from read_api.reading.declaring import Asking, Questions
from read_api.reading.statement import Statement
from read_api.roles import Roles

router = Questions("clients")

MAILING: Roles = EXPORTING | {"marketer"}
"""Who takes clients away, and whoever writes to many: these are told no more than is needed for that."""

LeftOut = Literal["archived", PermissionHindrance, "no_address", "same_address"]
"""Why there is no row of a client, the first reason that there is; `same_address`: it stands in another's row."""

REASONS: Sequence[LeftOut] = get_args(LeftOut)
LEFT_OUT = "Letopis-Left-Out"
"""The header that says how many clients were left out, by reason."""

POINTS: Mapping[str, tuple[str, str]] = {
    "call": ("phone", "key"),
    "sms": ("phone", "key"),
    "email": ("email", "key"),
    "messenger": ("messenger", "value"),
    "letter": ("address", "value"),
}
"""By which contact points a client is addressed through a channel, and in which form: as compared, or as typed."""

WORDS: Mapping[str, Mapping[str, Mapping[str, str]]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
"""What the columns are called, the reasons, and the columns of these, by language."""


class Addressee(Answer):
    """A client on a mailing list."""

    client_id: UUID
    kind: ClientKind
    name: str
    owner_name: Annotated[str | None, Sql("o.name")]
    contact_points: Annotated[list[ContactPoint], CONTACT_POINTS]


ADDRESSEES = replace(
    CLIENTS, name="clients on a mailing list", item=Addressee, always=f"{CLIENTS.always} AND c.archived_at IS NULL"
)


class MailingListQuestion(ClientFilters):
    """Which clients, by which channel, for which purpose; and as what."""

    addressed_by: PermissionChannel
    purpose: PermissionPurpose
    format: Annotated[Literal["csv", "xlsx"], Field(description="A table, or a workbook for Excel.")] = "csv"
    headings: Annotated[
        Literal["names", "words"],
        Field(description="What people call the columns, in the caller's language, or their names."),
    ] = "words"
    excel: Annotated[bool, Field(description="Of CSV: as Excel opens it, with semicolons and a byte order mark.")] = (
        False
    )


@router.question(
    "/clients/mailing-list",
    "Whom something may be sent to, by a channel for a purpose, as a table: an address in each row, each address once",
    answers=None,
    roles=MAILING,
    has_forms=True,
    more_headers={
        LEFT_OUT: {
            "description": "How many clients were left out, by the first reason that there is: "
            + ", ".join(REASONS)
            + "; as `reason=number`, with commas. A workbook has it on its second sheet.",
            "schema": {"type": "string"},
        }
    },
    note=(
        " Of those that GET /clients lists with the same filters: who may be addressed (docs/figures.md), is not put"
        " away, and has an address. That the caller was told of each is on record. Up to 50,000; of more none: filter."
    ),
    responses={
        200: {
            "content": {MEDIA_TYPES[form].partition(";")[0]: {"schema": {"type": "string"}} for form in ("csv", "xlsx")}
        }
    },
)
async def get_mailing_list(ask: Asking, question: Annotated[MailingListQuestion, Query()]) -> Response:
    chosen = ClientsQuestion.model_construct(
        question.model_fields_set & ClientFilters.model_fields.keys(),
        **{name: getattr(question, name) for name in ClientFilters.model_fields},
        limit=STEP,
    )
    every = chosen.filters(ask.desk.zone)
    statement = _left_out(CLIENTS.conditions_of(every) - {"addressed_by", "purpose"})
    async with ask.then(chosen, statement.looks_into) as asked:
        seen, [(left_out,)] = await asked.fetch(statement, every, question.min_position)
        clients, _ = await all_of(asked, ADDRESSEES, chosen)
    counted: Counter[str] = Counter(from_json(left_out))
    rows = list(_rows(clients, question.addressed_by, counted))
    ask.looked_at(*dict.fromkeys(UUID(row["client_id"]) for row in rows))
    form = form_of(ask, question, WORDS["column"])
    why = [reason for reason in REASONS if counted[reason]]
    body = await run_in_threadpool(written, _table(rows), form, _reasons(why, counted, form.language))
    headers = {
        "Content-Disposition": f'attachment; filename="mailing-list.{question.format}"',
        "Vary": "Accept-Language",
        LEFT_OUT: ", ".join(f"{reason}={counted[reason]}" for reason in why),
    }
    return ask.answer(body, seen, form.media_type, headers)


@lru_cache(maxsize=64)
def _left_out(given: frozenset[str]) -> Statement:
    """Return what counts the clients of a list with these conditions who may not be addressed, by reason."""
    return Statement(
        f"""
SELECT seen.*, (
    SELECT coalesce(json_object_agg(of.reason, of.number), '{{}}')::text
    FROM (
        SELECT why.reason, count(*) AS number
        FROM {CLIENTS.view} AS c
        CROSS JOIN LATERAL (
            SELECT CASE WHEN c.archived_at IS NOT NULL THEN 'archived' ELSE {MAY_NOT_BE_ADDRESSED} END AS reason
        ) AS why
        WHERE {CLIENTS.where(given)} AND why.reason IS NOT NULL
        GROUP BY why.reason
    ) AS of
)
FROM seen""",  # noqa: S608 - put together from constants
        CLIENTS.views({*given, "addressed_by"}),
        CLIENTS.names,
    )


def _rows(
    clients: Sequence[Mapping[str, Any]], channel: PermissionChannel, left_out: Counter[str]
) -> Iterator[dict[str, Any]]:
    """Give a row for each address, each once, and count who has none of their own."""
    taken: set[str] = set()
    for client in clients:
        addresses = list(_addresses(client, channel))
        fresh = [each for each in dict.fromkeys(addresses) if each not in taken]
        taken.update(fresh)
        if not fresh:
            left_out["same_address" if addresses else "no_address"] += 1
        for address in fresh:
            told = {name: client[name] for name in ("client_id", "kind", "name", "owner_name")}
            yield {**told, "address": address}


def _addresses(client: Mapping[str, Any], channel: PermissionChannel) -> Iterator[str]:
    """Give the addresses of a client; nothing is sent to what is doubted, nor a text message to an extension."""
    kind, form = POINTS[channel]
    for point in client["contact_points"]:
        if point["kind"] == kind and not point.get("doubt"):
            address, _, extension = point[form].partition(";ext=") if kind == "phone" else (point[form], "", "")
            if not (extension and channel == "sms"):
                yield address


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in WORDS["column"]})


def _reasons(why: Sequence[str], counted: Mapping[str, int], language: str) -> tuple[str, pa.Table]:
    """Return what the second sheet of a workbook is called and says: who was left out, and why."""
    heads = {name: words[language] for name, words in WORDS["left_out"].items()}
    reasons = pa.array([WORDS["reason"][reason][language] for reason in why], pa.string())
    numbers = pa.array([counted[reason] for reason in why], pa.int64())
    return heads["title"], pa.table({heads["reason"]: reasons, heads["clients"]: numbers})
