"""A deal: where it stands, what can be done with it, what was noted on it and what happened."""

import asyncio
from collections.abc import Mapping
from typing import Any

from read_api.console.calling import AT_ONCE
from read_api.console.leading import led_of
from read_api.console.page import Pages, View, Visit, known_or_refused
from read_api.console.roads import NO_ROAD, road_of, stage_called
from read_api.console.story import staff_named, told, unnamed_authors

pages = Pages()


@pages.page("/deals/{deal_id}")
async def deal(visit: Visit, deal_id: str) -> View:
    """Show the deal as it stands now."""
    found = await visit.api.get(f"/deals/{deal_id}")
    notes, roads, led, story, product = await asyncio.gather(
        visit.api.get(f"/deals/{deal_id}/notes", limit=AT_ONCE),
        visit.api.get("/pipelines"),
        led_of(visit, [found]),
        _story(visit, found),
        _product(visit, found),
    )
    road = road_of(roads, found["pipeline_id"]) or NO_ROAD
    shown = {
        "deal": found,
        "road": road,
        "stage": stage_called(road, found["stage"]) or found["stage"],
        "product": product,
        "notes": [note for note in notes["items"] if note["text"]],
        "names": await staff_named(visit, set(unnamed_authors(notes["items"]))),
        "is_led": deal_id in led,
        "story": story,
    }
    return View("deal.html", found["title"] or visit.words("card.deal").capitalize(), shown, is_live=True)


async def _product(visit: Visit, found: Mapping[str, Any]) -> str | None:
    """Return what the deal is about, by its name in the catalogue."""
    code = found["product_code"]
    return None if code is None else str((await visit.api.get(f"/products/{code}"))["name"])


async def _story(visit: Visit, found: Mapping[str, Any]) -> object:
    """Return what happened with the deal, by days: it is told in the story of its client; of nobody's there is none."""
    if found["client_name"] is None:
        return None

    async def asked() -> object:
        which = {"stream_id": found["deal_id"], "limit": AT_ONCE}
        page = await visit.api.get(f"/clients/{found['client_id']}/timeline", **which)
        return {"days": await told(visit, page["items"], {}), "next": None, "channel": None}

    return await known_or_refused(asked())
