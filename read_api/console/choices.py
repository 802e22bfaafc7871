"""What there is to choose from in a form: people, stages, pipelines, products, and clients who are found by words."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from typing import Any

from read_api.console.calling import AT_ONCE, RefusedError
from read_api.console.recognising import known_by, recognised
from read_api.console.roads import NO_ROAD, road_of
from read_api.console.visit import Visit

Choices = Sequence[tuple[str, str]]
"""Each what the command takes, and what people call it."""

SHOWN = 8
"""So many of the clients who are found are shown: of more, more is typed."""


async def staff_choices(visit: Visit, _: Mapping[str, str]) -> Choices:
    """Return whom a client may be given to."""
    return await _staff_in(visit, {"seller", "head"})


async def doer_choices(visit: Visit, _: Mapping[str, str]) -> Choices:
    """Return who may do what is planned."""
    return await _staff_in(visit, {"seller", "head", "marketer", "operator", "service_agent", "admin"})


async def _staff_in(visit: Visit, roles: Set[str]) -> Choices:
    found = await visit.api.get("/staff", active="true", fields="name,branch,role", limit=AT_ONCE)
    some = (one for one in found["items"] if one["role"] in roles)
    return [(one["staff_id"], f"{one['name']} ({one['branch']})" if one["branch"] else one["name"]) for one in some]


async def successor_choices(visit: Visit, given: Mapping[str, str]) -> Choices:
    """Return who may take over what somebody holds."""
    return [one for one in await staff_choices(visit, given) if one[0] != given.get("staff_id")]


async def head_choices(visit: Visit, given: Mapping[str, str]) -> Choices:
    """Return under whom somebody, a team or a branch may be put."""
    found = await visit.api.get("/staff", active="true", fields="name,role", limit=AT_ONCE)
    leading = (one for one in found["items"] if one["role"] in {"head", "admin"})
    return [(one["staff_id"], one["name"]) for one in leading if one["staff_id"] != given.get("staff_id")]


async def team_choices(visit: Visit, given: Mapping[str, str]) -> Choices:
    """Return the teams that somebody may join."""
    return await _units(visit, "team", given.get("team_id"))


async def branch_choices(visit: Visit, given: Mapping[str, str]) -> Choices:
    """Return the branches that somebody may join."""
    return await _units(visit, "branch", given.get("branch_id"))


async def _units(visit: Visit, kind: str, now: str | None) -> Choices:
    """Return those that are open, and the one that somebody is in now."""
    found = await visit.api.get("/units", kind=kind, limit=AT_ONCE)
    return [(one["unit_id"], one["name"]) for one in found["items"] if not one["closed_at"] or one["unit_id"] == now]


async def place_choices(visit: Visit, given: Mapping[str, str]) -> Choices:
    """Return the stages of a pipeline, after one of which another is put."""
    road = road_of(await visit.api.get("/pipelines"), given.get("pipeline_id"))
    return [(one["code"], one["name"] or one["code"]) for one in (road or NO_ROAD)["stages"]]


async def stage_choices(visit: Visit, given: Mapping[str, str]) -> Choices:
    """Return the stages that a deal may go to: those of its pipeline but the one it is in."""
    deal, stages = await _stages_of_deal(visit, given)
    # Where another has moved it meanwhile is what was wanted, and is told as such.
    kept = {given.get("to_stage")}
    return [one for one in stages if one[0] not in {deal["stage"]} - kept]


async def reopening_choices(visit: Visit, given: Mapping[str, str]) -> Choices:
    """Return the stages at which a deal that had ended may go on."""
    return (await _stages_of_deal(visit, given))[1]


async def _stages_of_deal(visit: Visit, given: Mapping[str, str]) -> tuple[Mapping[str, Any], Choices]:
    deal, found = await asyncio.gather(visit.api.get(f"/deals/{given.get('deal_id', '')}"), visit.api.get("/pipelines"))
    road = road_of(found, deal["pipeline_id"])
    stages = (one for one in (road or NO_ROAD)["stages"] if not one["is_retired"])
    return deal, [(one["code"], one["name"] or one["code"]) for one in stages]


async def road_choices(visit: Visit, _: Mapping[str, str]) -> Choices:
    """Return the pipelines on which a deal may begin."""
    found = await visit.api.get("/pipelines")
    return [(one["pipeline_id"], one["name"]) for one in found["items"] if not one["retired_at"]]


async def product_choices(visit: Visit, _: Mapping[str, str]) -> Choices:
    """Return what is sold now, by code."""
    found = await visit.api.get("/products", active="true", limit=AT_ONCE)
    return [(one["code"], one["name"]) for one in found["items"]]


SOURCES: Mapping[str, Callable[[Visit, Mapping[str, str]], Awaitable[Choices]]] = {
    "staff_id": staff_choices,
    "to_seller_id": staff_choices,
    "to_staff_id": doer_choices,
    "to_stage": stage_choices,
    "stage": reopening_choices,
    "pipeline_id": road_choices,
    "product_code": product_choices,
    "successor_id": successor_choices,
    "head_id": head_choices,
    "team_id": team_choices,
    "branch_id": branch_choices,
    "after": place_choices,
}
"""Fields that name somebody or something: where there is a list to choose from."""


async def clients_found(visit: Visit, typed: str, kind: str) -> Choices:
    """Return the first clients of a kind, or of both, whom what was typed finds; nothing typed finds nobody."""
    known = known_by(typed)
    if not typed:
        return []
    try:
        if known:
            items = (await recognised(visit, known))[0]["items"]
        else:
            asked = {"q": typed, "kind": kind or None, "archived": "false", "fields": "name,kind,owner_name"}
            items = (await visit.api.get("/clients", **asked, limit=SHOWN))["items"]
    except RefusedError:
        # A number that is none yet, while it is typed.
        return []
    return [_called(one) for one in items if kind in {"", one["kind"]}][:SHOWN]


async def client_chosen(visit: Visit, client_id: str) -> Choices:
    """Return the client who was chosen before, with their name."""
    found = await visit.api.get("/clients", ids=client_id, fields="name,kind,owner_name")
    return [_called(one) for one in found["items"]]


def _called(client: Mapping[str, Any]) -> tuple[str, str]:
    owner = client["owner_name"]
    return client["client_id"], f"{client['name']} ({owner})" if owner else client["name"]


async def note_as_it_is(visit: Visit, given: Mapping[str, str]) -> str:
    """Return the text of the note that is put into other words."""
    for about, path in (("client_id", "clients"), ("deal_id", "deals"), ("activity_id", "activities")):
        if given.get(about):
            notes = (await visit.api.get(f"/{path}/{given[about]}/notes", limit=AT_ONCE))["items"]
            return next((one["text"] or "" for one in notes if one["note_id"] == given.get("note_id")), "")
    return ""
