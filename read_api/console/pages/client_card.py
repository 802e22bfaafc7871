"""The card of a client: on the left what is known, on the right what happened."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from read_api.console.calling import RefusedError
from read_api.console.page import Pages, View, Visit, known_or_refused
from read_api.console.past import Past, asked_of, channel_of, past_of
from read_api.console.permitted import permissions_of
from read_api.console.story import staff_named, told, unnamed_authors

pages = Pages()

BESIDE = "dates,deals,fields,next_activity,notes,relations,tags"
"""What is shown beside the card itself."""

FILES = 50
"""So many files are shown, the latest ones."""

ENTRIES = 50
"""So many facts of the story are shown at first, and with each step further back."""


@pages.page("/clients/{client_id}")
async def client_card(visit: Visit, client_id: str) -> View:
    """Show the card; as of a past moment, when the address says one, nothing can be done with it.

    A step through time puts the card of another moment into the page that is there, and is the card alone.
    """
    as_of, past = asked_of(visit), None
    is_step = visit.is_inside and as_of is not None
    if (as_of or "by" in visit.query) and visit.asks("get_client_changes"):
        past = await known_or_refused(past_of(visit, client_id, is_step=is_step))
    try:
        card = await visit.api.get(f"/clients/{client_id}", include=BESIDE, as_of=as_of)
    except RefusedError as refused:
        if is_step:
            return View("step.html", refused.title, {"refused": refused}, refused.status)
        if refused.status != 404 or not isinstance(past, Past) or not past.stops:
            raise
        shown = {"past": past, "client_id": client_id, "as_of": as_of}
        return View("not_yet.html", visit.words("past.not_yet"), shown, 404)
    story, roads, names, permitted, (files, most), fillable = await asyncio.gather(
        _story(visit, client_id, as_of, _titles(card)),
        _stages(visit, card),
        staff_named(visit, set(_unnamed(card))),
        permissions_of(visit, client_id, as_of),
        _files(visit, client_id, as_of),
        _fillable(visit, as_of),
    )
    shown = {
        "card": card,
        "client_id": client_id,
        "story": story,
        "stages": roads,
        "as_of": as_of,
        "past": past,
        "names": names,
        "permitted": permitted,
        "files": files,
        "most": most,
        "fillable": [one for one in fillable if one["code"] not in {each["code"] for each in card["fields"]}],
        "of_channel": channel_of(visit),
        "refused": None,
    }
    template = "step.html" if is_step else "client_card.html"
    return View(template, card["name"] or client_id, shown, is_live=past is None)


@pages.page("/clients/{client_id}/story")
async def more_story(visit: Visit, client_id: str) -> View:
    """Show the story further back: what the card shows more of, and a page by itself."""
    as_of = asked_of(visit)
    found = await visit.api.get("/clients", ids=client_id, fields="name")
    name = found["items"][0]["name"] if found["items"] else client_id
    story = await _story(visit, client_id, as_of, {})
    shown = {"story": story, "client_id": client_id, "name": name, "as_of": as_of}
    return View("story.html", visit.words("card.story_of", name=name), shown)


async def _files(visit: Visit, client_id: str, as_of: str | None) -> tuple[Sequence[Mapping[str, Any]], int | None]:
    """Return the latest files of the client, and how many bytes one has at most that the user may add."""
    if not visit.asks("list_client_files"):
        return [], None
    found = await visit.api.get(f"/clients/{client_id}/files", limit=FILES, as_of=as_of)
    may_add = visit.may("remove-client-file")
    return found["items"], await visit.most_bytes("/clients/{client_id}/files") if may_add else None


def _unnamed(card: Mapping[str, Any]) -> Iterator[str]:
    """Give whom the card knows by their ids alone: what somebody did may be dated before they were of the staff."""
    if card["owner_id"] and not card["owner"]:
        yield card["owner_id"]
    step = card["next_activity"]
    if step and step["staff_id"] and not step["staff_name"]:
        yield step["staff_id"]
    yield from unnamed_authors(card["notes"])


def _titles(card: Mapping[str, Any]) -> dict[str, str]:
    """Return what the card's open deals are called, by their ids."""
    return {deal["deal_id"]: deal["title"] for deal in card["deals"]["items"] if deal["title"]}


async def _story(visit: Visit, client_id: str, as_of: str | None, deals: Mapping[str, str]) -> object:
    """Return the days of the story and where it goes on; where it cannot be shown, why."""

    async def asked() -> object:
        which = {"channel": channel_of(visit), "as_of": as_of, "cursor": visit.query.get("cursor")}
        page = await visit.api.get(f"/clients/{client_id}/timeline", limit=ENTRIES, **which)
        return {"days": await told(visit, page["items"], deals), "next": page["next"], "channel": which["channel"]}

    return await known_or_refused(asked())


async def _fillable(visit: Visit, as_of: str | None) -> list[Mapping[str, Any]]:
    """Return the fields of the company that may be filled in now; of the past none."""
    if as_of or not visit.may("set-client-field"):
        return []
    found = await visit.api.get("/custom-fields", active="true", limit=200)
    items: list[Mapping[str, Any]] = found["items"]
    return items


async def _stages(visit: Visit, card: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return what the stages are called that the card's deals are in."""
    if not card["deals"]["items"]:
        return {}
    found = await visit.api.get("/pipelines")
    return {(road["pipeline_id"], one["code"]): one["name"] for road in found["items"] for one in road["stages"]}
