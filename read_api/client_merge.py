"""What it would be if two clients were one: both cards, what is to be chosen, and what would come along."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import from_json, to_json

from read_api import views
from read_api.client_card import CARD, ClientCard
from read_api.reading.answer import Answer, Sql, json_of
from read_api.reading.asking import Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import is_named
from read_api.reading.question import PastQuestion
from read_api.reading.seen import counts_at_client
from read_api.reading.statement import Statement
from read_api.roles import Roles

router = Questions("clients")

MERGING: Roles = frozenset({"head", "operator", "admin"})

Taken = Literal["name", "tax_id", "owner"]
Hindrance = Literal["client-is-merged", "client-is-archived", "clients-are-of-two-kinds"]


def _counted(view: str, alias: str, condition: str, seen: str = "true") -> Sql:
    return Sql(f"(SELECT count(*) FROM {view} AS {alias} WHERE {condition} AND {seen})")  # noqa: S608 - constants


class ComesAlong(Answer):
    """How much there is with the client that would join."""

    deals: Annotated[
        int,
        _counted(views.PIPELINE_BOARD, "d", is_named("d.client_id", "%(merged_id)s"), counts_at_client("deal", "d")),
    ]
    activities: Annotated[
        int,
        _counted(
            views.ACTIVITIES,
            "a",
            f"({is_named('a.client_id', '%(merged_id)s')} OR {is_named('a.contact_id', '%(merged_id)s')})",
            counts_at_client("activity", "a"),
        ),
    ]
    notes: Annotated[
        int, _counted(views.NOTES, "n", f"n.about = 'client' AND {is_named('n.about_id', '%(merged_id)s')}")
    ]


class Choice(Answer):
    """What both have, and of what one is to be chosen; where `is_needed`, the command has to say which."""

    field: Taken
    survivor: str
    merged: str
    is_needed: bool


class MergePreview(Answer):
    """What `merge-clients` would be asked about, and what would refuse it."""

    survivor: ClientCard
    merged: ClientCard
    choices: list[Choice]
    comes_along: ComesAlong
    hindrances: Annotated[list[Hindrance], Field(description="The codes with which the command would be refused.")]


COMES_ALONG = Statement(
    f"\nSELECT seen.*, {json_of(ComesAlong, 'm')}::text\nFROM seen",
    (views.PIPELINE_BOARD, views.ACTIVITIES, views.NOTES),
)


@router.question(
    "/clients/{client_id}/merge-preview/{merged_id}",
    "What it would be if another client were this one: what is to be chosen, and what would come along",
    answers=MergePreview,
    roles=MERGING,
)
async def get_merge_preview(
    client_id: UUID, merged_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]
) -> Response:
    async with ask.then(question, (*CARD.views, *COMES_ALONG.views)) as asked:
        survivor = await _card(asked, client_id, question)
        merged = await _card(asked, merged_id, question)
        seen, [(along,)] = await asked.fetch(COMES_ALONG, {"merged_id": merged_id}, question.min_position)
    ask.looked_at(client_id, merged_id)
    told = {
        "survivor": survivor,
        "merged": merged,
        "choices": list(_choices(survivor, merged)),
        "comes_along": from_json(along),
        "hindrances": list(_hindrances(survivor, merged, client_id, merged_id)),
    }
    return ask.answer(to_json(told), seen)


async def _card(ask: Ask, client_id: UUID, question: PastQuestion) -> dict[str, Any]:
    seen, [(told, _version)] = await ask.fetch(CARD, {"client_id": client_id}, question.min_position)
    if told is None:
        raise ask.absent("client", client_id, seen)
    card: dict[str, Any] = from_json(told)
    return card


def _choices(survivor: Mapping[str, Any], merged: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what both have, each another one."""
    told: dict[Taken, tuple[str | None, str | None]] = {
        "name": (survivor["name"], merged["name"]),
        "tax_id": (_number(survivor), _number(merged)),
        "owner": (_owner(survivor), _owner(merged)),
    }
    for field, (ours, theirs) in told.items():
        if ours is not None and theirs is not None and ours != theirs:
            yield {"field": field, "survivor": ours, "merged": theirs, "is_needed": field != "name"}


def _number(card: Mapping[str, Any]) -> str | None:
    """Return by which number the state knows a client, and as which branch."""
    if card["tax_id"] is None or "tax_id" in card["doubts"]:
        return None
    numbers = (card["told"].get(name, {}).get("value") for name in ("kpp", "ogrn"))
    return " / ".join([card["tax_id"], *(number for number in numbers if number)])


def _owner(card: Mapping[str, Any]) -> str | None:
    return None if card["owner_id"] is None else str((card["owner"] or {}).get("name") or card["owner_id"])


def _hindrances(
    survivor: Mapping[str, Any], merged: Mapping[str, Any], survivor_id: UUID, merged_id: UUID
) -> Iterator[Hindrance]:
    asked = {survivor["client_id"]: survivor_id, merged["client_id"]: merged_id}
    if len(asked) < 2 or any(told != str(named) for told, named in asked.items()):
        yield "client-is-merged"
    if survivor["archived_at"] or merged["archived_at"]:
        yield "client-is-archived"
    if survivor["kind"] != merged["kind"]:
        yield "clients-are-of-two-kinds"
