"""Questions about clients who may be one: the pairs that a job found, the most probable first, until it is decided."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import from_json, to_json

from read_api import views
from read_api.client_recognised import ContactPoint, ProfileTrait, Registration
from read_api.lists import ClientKind, Lifecycle
from read_api.reading.answer import NOT_SELECTED, Answer, Items, Page, Sql, exists, json_of, list_of
from read_api.reading.cursors import Paged, cut, from_cursor
from read_api.reading.declaring import Asking, Questions
from read_api.reading.question import AT_ONCE, Question
from read_api.reading.seen import sees, text
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE

router = Questions("clients")

Compared = Literal["name", "kind", "phone", "email", "tax_id", "kpp", "ogrn", "birthday", "address", "location"]
"""What is compared of two clients."""

Agreement = Literal["same", "words", "typo", "initials", "part", "alike", "different"]
"""How far two agree in something, the closest first."""

SUGGESTED = 0.9
"""From this score on pairs are suggested, unless another one is asked for."""


class Suggested(Answer):
    """One of two clients who may be one: what of the card tells who it is."""

    client_id: UUID
    kind: ClientKind
    name: str
    owner_id: UUID | None
    owner_name: Annotated[
        str | None,
        Sql(f"(SELECT o.name FROM {views.STAFF_DIRECTORY} AS o WHERE o.staff_id = {{row}}.owner_id)"),  # noqa: S608
    ]
    lifecycle: Lifecycle
    registered_at: datetime
    contact_points: Annotated[
        list[ContactPoint],
        Sql(list_of("v.value", "jsonb_each({row}.contact_points) AS v", order="(v.value ->> 'order')::integer, v.key")),
    ]
    tax_id: str | None
    told: dict[str, Registration]
    profile: dict[str, ProfileTrait]
    version: int


class KeptApart(Answer):
    """Who said that two clients are not the same, when and why."""

    reason: Annotated[str | None, Sql(text("{column}"))]
    actor: str
    staff_id: UUID | None
    staff_name: Annotated[
        str | None,
        Sql(f"(SELECT o.name FROM {views.STAFF_DIRECTORY} AS o WHERE o.staff_id = {{row}}.staff_id)"),  # noqa: S608
    ]
    decided_at: datetime


class DuplicatePair(Answer):
    """Two clients who may be one: how probably (null of what no job found), and in what they agree.

    What is not known of both stands not in `agreement`. `kept_apart` is there if somebody said that they are not one.
    """

    pair_id: UUID
    score: Annotated[float | None, Sql("p.score")]
    agreement: Annotated[dict[Compared, Agreement] | None, Sql("p.agreement")]
    client: Annotated[Suggested, Sql(json_of(Suggested, "c"))]
    other: Annotated[Suggested, Sql(json_of(Suggested, "d"))]
    kept_apart: Annotated[KeptApart | None, Sql(f"CASE WHEN k.is_kept_apart THEN {json_of(KeptApart, 'k')} END")]


class Candidate(Answer):
    """A client who may be the same as the one asked about: how probably, and in what they agree."""

    score: Annotated[float, NOT_SELECTED]
    agreement: Annotated[dict[Compared, Agreement], NOT_SELECTED]
    client: Annotated[Suggested, Sql(json_of(Suggested, "d"))]


class Run(Answer):
    """When all clients were compared last, as they were at a position of the log."""

    position: int
    clients: Annotated[int, Sql("{row}.records")]
    compared: int
    pairs: int
    began_at: datetime
    ended_at: datetime


class PairsPage(Page[DuplicatePair]):
    """Some pairs, and when they were looked for last; null: never."""

    run: Run | None


class CandidatesQuestion(Question):
    """Which of them."""

    from_score: Annotated[float, Field(ge=0.5, le=1, description="The least score.")] = 0.5


class PairsQuestion(Question):
    """Which pairs."""

    limit: Annotated[int, Field(ge=1, le=AT_ONCE, description="How many items a page has at most.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next` of the page before.")] = None
    count: Annotated[bool, Field(description="Count all items; it costs time.")] = False
    from_score: Annotated[float, Field(ge=0, le=1, description="The least score; below 0.5 none are kept.")] = SUGGESTED
    kind: Annotated[ClientKind | None, Field(description="Pairs of which one is this.")] = None
    owner: Annotated[UUID | None, Field(description="Pairs of which this one owns one.")] = None
    client: Annotated[UUID | None, Field(description="Pairs with this client.")] = None
    kept_apart: Annotated[
        bool, Field(description="Those of whom somebody said that they are not the same, latest first, whatever score.")
    ] = False


FILTERS: Mapping[str, str] = {
    "kind": "%(kind)s IN (c.kind, d.kind)",
    "owner": "%(owner)s IN (c.owner_id, d.owner_id)",
    "client": "%(client)s::uuid IN ({pair}.{first}, {pair}.other_id)",
}

QUEUE = Paged("duplicates", {"score": "numeric", "pair_id": "uuid"})
APART = Paged("clients kept apart", {"decided_at": "timestamptz", "pair_id": "uuid"})

_BOTH = f"""JOIN {views.CLIENT_CARD} AS c ON c.client_id = {{pair}}.{{first}}
    JOIN {views.CLIENT_CARD} AS d ON d.client_id = {{pair}}.other_id"""
_SEEN = " AND ".join(
    f"{a}.registered_at IS NOT NULL AND {a}.archived_at IS NULL AND {a}.survivor_id IS NULL AND {sees('client', a)}"
    for a in "cd"
)
_RUN = f"(SELECT {json_of(Run, 'r')} FROM duplicate_run AS r)"  # noqa: S608 - constants


@lru_cache(maxsize=64)
def _statement(paged: Paged, given: frozenset[str], *, has_cursor: bool, has_count: bool) -> Statement:
    """Return what gives a page and one item more, each with its keys; the last run, and the count if it is wanted."""
    is_queue = paged is QUEUE
    found, decided = "duplicate_pair AS p", f"{views.CLIENT_PAIRS} AS k"
    pair, main, beside = ("p", found, decided) if is_queue else ("k", decided, found)
    named = {"pair": pair, "first": "party_id" if is_queue else "client_id"}
    source = f"{main} {_BOTH.format(**named)} LEFT JOIN {beside} ON k.pair_id = p.pair_id"
    only = "p.score >= %(from_score)s AND k.is_kept_apart IS NOT TRUE" if is_queue else "k.is_kept_apart"
    every = " AND ".join([only, _SEEN, *(FILTERS[name].format(**named) for name in sorted(given))])
    keys = [f"{pair}.{name}" for name in paged.order]
    after = ", ".join(f"%(after_{place})s::{kind}" for place, kind in enumerate(paged.order.values()))
    place = f" AND ({', '.join(keys)}) < ({after})" if has_cursor else ""
    order = ", ".join(f"{key} DESC" for key in keys)
    counted = f"(SELECT count(*) FROM {source} WHERE {every})" if has_count else "NULL"  # noqa: S608 - constants
    item = json_of(DuplicatePair, pair)
    return Statement(
        f"""
SELECT seen.*, (
    SELECT coalesce(json_agg(json_build_array(page.item, page.keys)), '[]')::text
    FROM (
        SELECT {item} AS item, json_build_array({", ".join(f"{key}::text" for key in keys)}) AS keys
        FROM {source}
        WHERE {every}{place}
        ORDER BY {order}
        LIMIT %(limit)s
    ) AS page
), {_RUN}::text, {counted}
FROM seen""",  # noqa: S608 - put together from constants
        (views.CLIENT_CARD, views.CLIENT_PAIRS),
        (views.STAFF_DIRECTORY,),
    )


@router.question(
    "/duplicates",
    "Pairs of clients who may be one, the most probable first: suggestions, of those whom the caller sees both",
    answers=PairsPage,
    roles=FRONT_OFFICE,
    note=" They are as a job found them (POST /operations/find-duplicates); nothing is merged unless somebody says so.",
)
async def list_duplicates(ask: Asking, question: Annotated[PairsQuestion, Query()]) -> Response:
    paged = APART if question.kept_apart else QUEUE
    given: dict[str, Any] = question.model_dump(include=set(FILTERS), exclude_none=True)
    named = {**given, "from_score": question.from_score}
    place = {} if question.cursor is None else from_cursor(paged, named, question.cursor)
    statement = _statement(paged, frozenset(given), has_cursor=bool(place), has_count=question.count)
    values = {**named, **place, "limit": question.limit + 1}
    seen, rows = await ask.fetch(statement, values, question.min_position)
    [(items, run, count)] = rows
    page, following = cut(paged, named, from_json(items), question.limit)
    ask.looked_at(*(UUID(pair[side]["client_id"]) for pair in page for side in ("client", "other")))
    body = {"items": page, "next": following, "run": None if run is None else from_json(run)}
    return ask.answer(to_json(body if count is None else {**body, "count": count}), seen)


_IS_THERE = exists(
    views.CLIENT_CARD, f"v.client_id = %(client_id)s AND v.registered_at IS NOT NULL AND {sees('client', 'v')}"
)
_APART = f"""(
    SELECT array_agg(CASE WHEN k.client_id = %(client_id)s THEN k.other_id ELSE k.client_id END)
    FROM {views.CLIENT_PAIRS} AS k
    WHERE k.is_kept_apart AND %(client_id)s IN (k.client_id, k.other_id)
)"""  # noqa: S608 - constants
_CANDIDATES = Statement(
    f"""
SELECT seen.*, {
        list_of(
            json_of(Candidate, "d"),
            f'''{views.CLIENT_CARD} AS d
    WHERE d.client_id = ANY(%(ids)s::uuid[]) AND d.registered_at IS NOT NULL AND {sees("client", "d")}
        AND d.client_id <> ALL(coalesce({_APART}, '{{}}'))''',
            order="d.client_id",
        )
    }::text
FROM seen""",  # noqa: S608 - put together from constants
    (views.CLIENT_CARD, views.CLIENT_PAIRS),
    (views.STAFF_DIRECTORY,),
)


@router.question(
    "/clients/{client_id}/duplicates",
    "Who may be the same as a client, also a new one, the most probable first: of those whom the caller sees",
    answers=Items[Candidate],
    roles=FRONT_OFFICE,
    note=" Who was said not to be the same is left out.",
)
async def list_candidates(client_id: UUID, ask: Asking, question: Annotated[CandidatesQuestion, Query()]) -> Response:
    seen, [(is_there,)] = await ask.fetch(_IS_THERE, {"client_id": client_id}, question.min_position)
    if not is_there:
        raise ask.absent("client", client_id, seen)
    found = {one.client_id: one for one in await ask.desk.house.alike(client_id) if one.score >= question.from_score}
    seen, [(items,)] = await ask.fetch(_CANDIDATES, {"client_id": client_id, "ids": list(found)})
    told = {UUID(one["client"]["client_id"]): one for one in from_json(items)}
    ask.looked_at(client_id, *told)
    rows = [
        {"score": one.score, "agreement": one.agreement, **told[each]} for each, one in found.items() if each in told
    ]
    return ask.answer(to_json({"items": rows}), seen)
