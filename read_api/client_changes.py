"""How a client's card came to be what it is: every fact that changed it, and what it changed."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import from_json, to_json

from infra.projector.row_versions import BEGINNING, By, Moment
from read_api import views
from read_api.client_card import CARD, JOINED, ClientCard, card_from
from read_api.reading.answer import Answer, Page, columns, members_from
from read_api.reading.colleagues import staff_id_in
from read_api.reading.cursors import Paged, from_cursor, to_cursor
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import chosen, either
from read_api.reading.over_time import (
    AT_FIRST,
    at_each,
    changes_of,
    looked_into,
    parameters,
    summed_at_each,
)
from read_api.reading.past import Fact, ViewsOverTime
from read_api.reading.question import PastQuestion
from read_api.reading.reach import Reach
from read_api.reading.seen_today import require_seen
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE
from read_api.touches import EVERY_TOUCH, FIGURES, TOUCHES

router = Questions("clients")

AT_ONCE = 10_000
"""So many facts one page looks at: each folds the whole life anew, and a screen draws it from one answer."""


class Changed(Answer):
    """One member of the card before and after a fact, each as the card answers it."""

    old: Any
    new: Any


class CardChange(Answer):
    """One fact that changed the card; before the first one every member is null. What topics are called: /labels."""

    position: int
    recorded_at: datetime
    occurred_at: datetime
    topic: str
    stream_id: UUID
    actor: str
    staff_id: UUID | None
    staff_name: str | None
    changes: dict[str, Changed]


class ChangesQuestion(PastQuestion):
    """By which time the changes are told, and how many."""

    by: Annotated[
        Literal["recorded", "occurred"],
        Field(description="What was known, in the order of the log; or what had happened, in the order of its times."),
    ] = "recorded"
    limit: Annotated[int, Field(ge=1, le=AT_ONCE, description="How many facts are looked at; some change nothing.")] = (
        200
    )
    cursor: Annotated[str | None, Field(max_length=2000, description="`next` of the page before.")] = None
    latest: Annotated[
        bool, Field(description="Only the facts of the last moment at which the card changed; `limit` says nothing.")
    ] = False


CHANGES = Paged("changes", order={"at": "timestamptz", "position": "bigint"})


@cache
def _parts(*, is_joined: bool) -> tuple[Statement, ...]:
    """Return what gives the members of the card, by the views they rest on: each is asked where these changed.

    `is_joined`: others turned out to be the client, or it another one, so whose touches count changes as well.
    """
    grouped: dict[tuple[frozenset[str], tuple[str, ...]], dict[str, str]] = defaultdict(dict)
    for member, sql in columns(ClientCard, "c").items():
        joins = tuple(dict.fromkeys(join for alias, join in JOINED.items() if re.search(rf"\b{alias}\.", sql)))
        grouped[frozenset(looked_into(sql)), joins][member] = sql
    return tuple(_statement(found, joins, is_joined=is_joined) for (_, joins), found in grouped.items())


@cache
def _whole() -> tuple[Statement, ...]:
    """Return what gives all members of the card: of few moments that is less work than part by part."""
    members, card = members_from(columns(ClientCard, "c")), card_from(*dict.fromkeys(JOINED.values()))
    changed = changes_of(dict.fromkeys(looked_into(f"{members} {card}"), ()))
    one = at_each(changed, f"SELECT json_build_object({members})::text AS told\nFROM {card}")
    asked = f"\nSELECT seen.*, m.at, m.position, one.told\nFROM seen\nCROSS JOIN {one}"
    return (Statement(asked, CARD.views, CARD.names),)


def _statement(found: Mapping[str, str], joins: tuple[str, ...], *, is_joined: bool) -> Statement:
    members, card = members_from(found), card_from(*joins)
    told, looked = f"json_build_object({members})::text", looked_into(f"{members} {card}")
    if joins == (TOUCHES,) and not is_joined:
        summed = summed_at_each(changes_of(dict.fromkeys(looked, ())), _TOUCHES, FIGURES)
        there = at_each("SELECT * FROM moment", f"SELECT c.client_id FROM {card_from()}")  # noqa: S608 - constants
        asked = f"{summed}\nSELECT seen.*, m.at, m.position, {told}\nFROM seen\nCROSS JOIN {there}\n{_SUMMED}"
    else:
        one = at_each(changes_of(looked), f"SELECT {told} AS told\nFROM {card}")
        asked = f"\nSELECT seen.*, m.at, m.position, one.told\nFROM seen\nCROSS JOIN {one}"
    return Statement(asked, CARD.views, CARD.names)


_TOUCHES = f"""SELECT t.*
    FROM (SELECT %(client_id)s::uuid AS client_id) AS c
    CROSS JOIN LATERAL ({chosen(EVERY_TOUCH, is_mapped=False)}
    ) AS t"""  # noqa: S608 - put together from constants
_SUMMED = "JOIN summed AS k ON k.at = m.at AND k.position = m.position"
_EXISTS = at_each(AT_FIRST, f"SELECT EXISTS (SELECT FROM {card_from()}) AS is_there")  # noqa: S608 - constants
_IS_JOINED = either("false", f"EXISTS (SELECT FROM {views.CANONICAL_MAP}_versions)")
IS_THERE = Statement(f"\nSELECT seen.*, one.is_there, {_IS_JOINED}\nFROM seen\nCROSS JOIN {_EXISTS}", CARD.views)
_NAMED = f"SELECT (SELECT s.name FROM {views.STAFF_DIRECTORY} AS s WHERE s.staff_id = a.id) AS name"  # noqa: S608 - constants
NAMES = Statement(
    f"""
SELECT seen.*, a.id::text, one.name
FROM seen
CROSS JOIN unnest(%(staff)s::uuid[]) AS a (id)
CROSS JOIN {at_each(AT_FIRST, _NAMED)}""",  # noqa: S608 - constants
    (),
    (views.STAFF_DIRECTORY,),
)


@router.question(
    "/clients/{client_id}/changes",
    "Every fact that changed a client's card, and what it changed",
    answers=Page[CardChange],
    roles=FRONT_OFFICE,
)
async def get_client_changes(client_id: UUID, ask: Asking, question: Annotated[ChangesQuestion, Query()]) -> Response:
    named = {"client_id": client_id, "by": question.by, "as_of": question.as_of}
    place = {} if question.cursor is None else from_cursor(CHANGES, named, question.cursor)
    first: Moment = (place["after_0"], place["after_1"]) if place else BEGINNING
    whose = {"client_id": client_id}
    async with ask.over_time(question, client_id, question.by) as past:
        await require_seen(ask.desk, ask.reach, "client", client_id)
        seen, [(is_there, is_joined)] = await past.fetch(IS_THERE, {**whose, **parameters(past.last)}, reach=ask.reach)
        if not is_there:
            raise ask.absent("client", client_id, seen)
        moments = await past.moments(CARD.views)
        changed = partial(_changed, past, moments, client_id, ask.reach)
        ahead = [moment for moment in moments if moment > first]
        if question.latest:
            changes, last = await _latest(past, ahead, first, changed, question.by), past.last
        else:
            last = ahead[question.limit - 1] if len(ahead) > question.limit else past.last
            changes = await changed(_parts(is_joined=is_joined), first, last)
            if len(changes) > question.limit:
                changes = changes[: question.limit]
                last = changes[-1][0]
        names = await _names(past, {past.facts[position].actor for (_, position), _ in changes})
        items = [_told_of(past.facts[moment[1]], names, changed) for moment, changed in changes]
        following = None if last == past.last else to_cursor(CHANGES, named, last)
    ask.looked_at(client_id)
    return ask.answer(to_json({"items": items, "next": following}), seen)


Change = tuple[Moment, dict[str, Any]]
"""When a fact counted, and the members that it changed, each with `old` and `new`."""

WIDER = 8
"""So many times as many facts are looked at where the last one did not change the card."""


async def _latest(
    past: ViewsOverTime,
    ahead: Sequence[Moment],
    first: Moment,
    changed: Callable[[Sequence[Statement], Moment, Moment], Awaitable[list[Change]]],
    by: By,
) -> list[Change]:
    """Return the changes of the last moment at which there were any; those of one moment may be many."""

    def when(moment: Moment) -> datetime:
        fact = past.facts[moment[1]]
        return fact.recorded_at if by == "recorded" else fact.occurred_at

    facts = 1
    while True:
        before = ahead[-facts - 1] if len(ahead) > facts else first
        changes = await changed(_whole(), before, past.last)
        if before == first or (changes and when(before) != when(changes[-1][0])):
            return [change for change in changes if when(change[0]) == when(changes[-1][0])]
        facts *= WIDER


async def _changed(
    past: ViewsOverTime,
    moments: Sequence[Moment],
    client_id: UUID,
    reach: Reach,
    statements: Sequence[Statement],
    first: Moment,
    last: Moment,
) -> list[Change]:
    """Return what each fact after a moment and up to another one changed of the members that these give.

    What a fact changed is told from when the card was last to be seen: a client who was merged into one whom the caller
    does not see was not, and it is the same change on whatever page it stands.
    """
    begin, earlier, facts = first, bisect_right(moments, first), 1
    told = await _told(past, client_id, reach, statements, begin, last)
    while begin not in told and begin != BEGINNING:
        begin = moments[earlier - facts - 1] if facts < earlier else BEGINNING
        told = await _told(past, client_id, reach, statements, begin, last)
        facts *= WIDER
    return [change for change in _changes(begin, told) if change[0] > first]


async def _told(
    past: ViewsOverTime, client_id: UUID, reach: Reach, statements: Sequence[Statement], first: Moment, last: Moment
) -> dict[Moment, dict[str, Any]]:
    """Return what the members were at the first moment, and at each at which they may have changed."""
    told: dict[Moment, dict[str, Any]] = defaultdict(dict)
    for statement in statements:
        _, rows = await past.fetch(statement, {"client_id": client_id, **parameters(first, last)}, reach=reach)
        for at, position, members in rows:
            told[at, position] |= from_json(members)
    return dict(told)


def _changes(first: Moment, told: Mapping[Moment, Mapping[str, Any]]) -> Iterator[Change]:
    """Give what each fact after the first moment changed, member by member in the order of the card."""
    card = dict.fromkeys(columns(ClientCard, "c"), None) | dict(told.get(first, {}))
    for moment in sorted(told):
        now = told[moment]
        changed = {name: {"old": old, "new": now[name]} for name, old in card.items() if now.get(name, old) != old}
        if moment != first and changed:
            card.update(now)
            yield moment, changed


async def _names(past: ViewsOverTime, actors: Iterable[str]) -> dict[str, str | None]:
    """Return what reads call those who acted, by the actors of facts."""
    ids = {actor: staff_id_in(actor) for actor in actors}
    staff = [staff_id for staff_id in ids.values() if staff_id is not None]
    _, rows = await past.fetch(NAMES, {"staff": staff, **parameters(past.last)})
    known = dict(rows)
    return {actor: known.get(str(staff_id)) for actor, staff_id in ids.items()}


def _told_of(fact: Fact, names: Mapping[str, str | None], changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "position": fact.position,
        "recorded_at": fact.recorded_at,
        "occurred_at": fact.occurred_at,
        "topic": fact.topic,
        "stream_id": fact.stream_id,
        "actor": fact.actor,
        "staff_id": staff_id_in(fact.actor),
        "staff_name": names[fact.actor],
        "changes": changes,
    }
