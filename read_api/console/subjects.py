"""What the form of a command is about, in words: whose card, which deal, which team; and what follows from it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from read_api.console.calling import RefusedError
from read_api.console.roads import road_of, stage_called
from read_api.console.visit import Visit

Given = Mapping[str, str]

HANDING_OVER = frozenset({"change-staff-role", "depart-staff"})
"""After these what somebody holds may be another's."""


class Subject(NamedTuple):
    """What a form is about; `channel` and `direction` are those of an activity, `of` are the ids of a deal or client.

    `follows` is what will happen, `has` what it has already: the stage it is in, whose it is.
    """

    said: str
    channel: str | None = None
    direction: str | None = None
    follows: str | None = None
    of: Mapping[str, str | None] | None = None
    has: frozenset[str | None] = frozenset()

    @property
    def is_client(self) -> bool:
        """Whether it is about a client, and no deal."""
        return self.of is not None and "deal_id" not in self.of


async def subject_of(visit: Visit, command: str, hidden: Given) -> Subject | None:
    """Return what a form is about, as far as what came with its link says so and the user may see it."""
    found = next((ask for field, ask in _ASKING.items() if field in hidden), None)
    try:
        subject = None if found is None else await found(visit, hidden)
        follows = await _follows(visit, command, hidden)
    except RefusedError:
        # The form is there all the same: the command says what is wrong, in its own words.
        return None
    if follows is None:
        return subject
    return (subject or Subject(""))._replace(follows=follows)


async def _follows(visit: Visit, command: str, hidden: Given) -> str | None:
    if command in HANDING_OVER and visit.asks("list_holdings"):
        found = await visit.api.get("/holdings", ids=hidden.get("staff_id"))
        return next((holdings_said(visit, one, command) for one in found["items"]), None)
    return visit.words.known(f"follows.{command}", "") or None


def holdings_said(visit: Visit, holds: Mapping[str, Any], command: str) -> str:
    """Say what somebody holds, and to whom it goes."""
    held = [what for what in ("clients", "deals", "activities") if holds[what]]
    if not held:
        return visit.words("follows.nothing_held")
    parts = [visit.words(f"company.{what}_count", n=holds[what]) for what in held]
    return visit.words(f"follows.{command}", held=visit.words.listed(parts))


async def _activity(visit: Visit, hidden: Given) -> Subject:
    told = await visit.api.get(f"/activities/{hidden['activity_id']}")
    said = told["topic"] or visit.words.label("channel", told["channel"])
    return Subject(_joined(said, told["client_name"]), told["channel"], told["direction"])


async def _deal(visit: Visit, hidden: Given) -> Subject:
    told = await visit.api.get(f"/deals/{hidden['deal_id']}")
    said = _joined(told["title"] or visit.words("card.deal").capitalize(), told["client_name"])
    of = {"deal_id": told["deal_id"], "client_id": told["client_id"]}
    return Subject(said, of=of, has=frozenset({told["stage"], told["seller_id"]}))


async def _client(visit: Visit, hidden: Given) -> Subject | None:
    found = await visit.api.get("/clients", ids=hidden["client_id"], fields="name,owner_id")
    made = (
        Subject(one["name"], of={"client_id": one["client_id"]}, has=frozenset({one["owner_id"]}))
        for one in found["items"]
    )
    return next(made, None)


async def _organisation(visit: Visit, hidden: Given) -> Subject | None:
    return await _client(visit, {"client_id": hidden["organisation_id"]})


async def _staff(visit: Visit, hidden: Given) -> Subject:
    told = await visit.api.get(f"/staff/{hidden['staff_id']}")
    return Subject(_joined(told["name"], told["branch"]))


async def _unit(visit: Visit, hidden: Given) -> Subject | None:
    wanted = hidden.get("team_id") or hidden.get("branch_id")
    found = await visit.api.get("/units", limit=200)
    return next((Subject(one["name"]) for one in found["items"] if one["unit_id"] == wanted), None)


async def _stage(visit: Visit, hidden: Given) -> Subject | None:
    road = road_of(await visit.api.get("/pipelines"), hidden["pipeline_id"])
    if road is None:
        return None
    code = hidden.get("stage") or hidden.get("stage.code")
    return Subject(_joined(road["name"], stage_called(road, code)))


async def _product(visit: Visit, hidden: Given) -> Subject:
    return Subject((await visit.api.get(f"/products/{hidden['code']}"))["name"])


async def _right(visit: Visit, hidden: Given) -> Subject:
    kind = hidden.get("kind", "")
    label = visit.words.label("seen_kind", kind) if kind == "texts" else visit.words.label("edited_kind", kind)
    return Subject(_joined(visit.words.label("staff_role", hidden["role"]).capitalize(), label))


async def _key(visit: Visit, hidden: Given) -> Subject | None:
    found = await visit.api.get("/api-keys", limit=200)
    return next((Subject(one["name"]) for one in found["items"] if one["api_key_id"] == hidden["api_key_id"]), None)


async def _login(_: Visit, hidden: Given) -> Subject:
    return Subject(_joined(hidden["subject"], hidden.get("issuer")))


_ASKING: Mapping[str, Callable[[Visit, Given], Awaitable[Subject | None]]] = {
    "activity_id": _activity,
    "deal_id": _deal,
    "client_id": _client,
    "organisation_id": _organisation,
    "staff_id": _staff,
    "team_id": _unit,
    "branch_id": _unit,
    "pipeline_id": _stage,
    "code": _product,
    "role": _right,
    "api_key_id": _key,
    "subject": _login,
}
"""By the field that names what the form is about, the one that says most first."""


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)
