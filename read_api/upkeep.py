"""Questions about the upkeep of the read models: what each keeps, what a rebuild would come to, what waits."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import Field
from pydantic_core import to_json

from infra.projector.folding import PoisonEventError
from read_api.operations import LOOKING
from read_api.projections import beside_the_head
from read_api.reading.answer import Answer, Sql, json_of, list_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import FactNotTakenInError, NoSuchThingError
from read_api.reading.question import Question
from read_api.reading.statement import Seen
from read_api.reading.upkeep import Check
from read_api.roles import Roles

router = Questions("operation")

ASKING: Roles = frozenset({"ops", "admin"})

Name = Annotated[str, Path(pattern="^[a-z0-9_]{1,100}$", description="The name of a read model.")]


class Size(Answer):
    """What one generation of a read model keeps.

    Of a large one that is not `is_counted`, `rows` are as many as the database server last found there. `is_current`:
    made by the code that answers here. One that is kept for a way back has cost `kept_events` since `kept_since`.
    """

    name: str
    generation: int
    rows: int
    is_counted: bool
    size_bytes: Annotated[int, Field(description="On the disk, with its indexes.")]
    is_current: bool
    kept_since: datetime | None
    kept_events: int | None


class Sizes(Answer):
    """What every generation keeps; `free_bytes` is known where the database server is on this machine."""

    items: list[Size]
    free_bytes: int | None


class EstimateQuestion(Question):
    """How it would be rebuilt."""

    processes: Annotated[int, Field(ge=1, le=64, description="Worker processes.")] = 2
    verify: Annotated[Check, Field(description="Compared before the swap: of a long log a sample.")] = "sample"
    throttle: Annotated[int | None, Field(ge=1, lt=2**31, description="Events folded a second at most.")] = None


class Estimate(Answer):
    """What a rebuild would come to, of a log of so many events; nothing is changed by asking.

    `seconds` rest on the last rebuild on this machine (`is_measured`), or on a sample of the newest events.
    `needed_bytes` is the new generation's size, beside the one in use; `freed_bytes` that of the retired one, which is
    dropped first; `dealt_bytes` what events take that are dealt out by shard, until they are folded.
    """

    events: int
    checked_events: int
    workers: int
    seconds: float
    is_measured: bool
    needed_bytes: int
    freed_bytes: int
    dealt_bytes: int
    free_bytes: int | None


class ParkedKey(Answer):
    """A key that waits, of the generation that readers see: for the event at `position`, and since when."""

    key: Annotated[str, Sql("{row}.place::text")]
    position: int
    topic: str
    reason: Annotated[str, Field(description="What was raised, and where.")]
    parked_at: datetime


class SkippedFact(Answer):
    """An event that is passed over for a key, in every generation and for ever: what was wrong, and who said so why."""

    key: Annotated[str, Sql("{row}.place::text")]
    position: int
    topic: str
    failure: str
    reason: str
    actor: str
    skipped_at: datetime


class Waiting(Answer):
    """What a read model could not take in: what waits, 1,000 keys at most, and what was skipped."""

    parked: list[ParkedKey]
    skipped: list[SkippedFact]


_NAMED = "WHERE {alias}.name = %(projection)s"
_PARKED = list_of(json_of(ParkedKey, "k"), f"read.parked AS k {_NAMED.format(alias='k')}", "k.position, k.place")
_SKIPPED = list_of(
    json_of(SkippedFact, "s"), f"read.skipped AS s {_NAMED.format(alias='s')}", "s.skipped_at DESC, s.place"
)
WAITING = beside_the_head(f"json_build_object('parked', {_PARKED}, 'skipped', {_SKIPPED})")


@router.question(
    "/projections/sizes", "How many rows and how much disk every generation keeps", answers=Sizes, roles=LOOKING
)
async def list_sizes(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    upkeep = ask.desk.upkeep
    kept, free = await upkeep.kept(), await upkeep.free_bytes()
    items = [{name: getattr(one, name) for name in Size.model_fields} for one in kept]
    return ask.answer(to_json({"items": items, "free_bytes": free}), Seen(await ask.desk.head()))


@router.question(
    "/projections/{projection}/estimate",
    "How long a rebuild would take, and how much disk: a dry run",
    answers=Estimate,
    roles=ASKING,
    responses={409: {}},
)
async def estimate_rebuild(ask: Asking, projection: Name, question: Annotated[EstimateQuestion, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    upkeep = ask.desk.upkeep
    try:
        found = await upkeep.estimate(projection, question.processes, question.verify, question.throttle)
    except PoisonEventError as poison:
        raise FactNotTakenInError(about=projection, position=poison.position, why=poison.reason) from None
    if found is None:
        raise NoSuchThingError(kind="projection", id=projection)
    told = {name: getattr(found, name) for name in Estimate.model_fields if name != "free_bytes"}
    return ask.answer(to_json({**told, "free_bytes": await upkeep.free_bytes()}), Seen(await ask.desk.head()))


@router.question(
    "/projections/{projection}/parked",
    "Which keys of a read model wait, for which event and why, and which events are skipped in it",
    answers=Waiting,
    roles=LOOKING,
    note=" Of the analytics only what is skipped: what waits there is at /projections/analytics.",
)
async def list_parked(ask: Asking, projection: Name, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    if projection not in ask.desk.upkeep.names:
        raise NoSuchThingError(kind="projection", id=projection)
    [(position, body)] = await ask.desk.rows(WAITING, {"projection": projection})
    return ask.answer(body.encode(), Seen(position))
