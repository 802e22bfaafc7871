"""The card of a client: on the left what is known, on the right what happened."""

import asyncio

from read_api.console.page import Pages, View, Visit, known_or_refused
from read_api.console.story import told

pages = Pages()

ENTRIES = 50
"""So many facts of the story are shown at first, and with each step further back."""


@pages.page("/clients/{client_id}")
async def client_card(visit: Visit, client_id: str) -> View:
    """Show the card; as of a past moment, when the address says one, nothing can be done with it."""
    as_of = visit.query.get("as_of")
    card = await visit.api.get(f"/clients/{client_id}", include="deals,next_activity,notes", as_of=as_of)
    story, roads = await asyncio.gather(_story(visit, client_id, as_of), _stages(visit))
    return View(
        "client_card.html", card["name"] or client_id, {"card": card, "story": story, "stages": roads, "as_of": as_of}
    )


@pages.page("/clients/{client_id}/story")
async def more_story(visit: Visit, client_id: str) -> View:
    """Show the story further back: what the card shows more of, and a page by itself."""
    as_of = visit.query.get("as_of")
    found = await visit.api.get("/clients", ids=client_id, fields="name")
    name = found["items"][0]["name"] if found["items"] else client_id
    story = await _story(visit, client_id, as_of)
    shown = {"story": story, "client_id": client_id, "name": name, "as_of": as_of}
    return View("story.html", visit.words("card.story_of", name=name), shown)


async def _story(visit: Visit, client_id: str, as_of: str | None) -> object:
    """Return the days of the story and where it goes on; where it cannot be shown, why."""

    async def asked() -> object:
        cursor = visit.query.get("cursor")
        page = await visit.api.get(f"/clients/{client_id}/timeline", limit=ENTRIES, as_of=as_of, cursor=cursor)
        return {"days": await told(visit, page["items"]), "next": page["next"]}

    return await known_or_refused(asked())


async def _stages(visit: Visit) -> dict[tuple[str, str], str]:
    """Return what the stages of each pipeline are called."""
    found = await visit.api.get("/pipelines")
    return {(road["pipeline_id"], one["code"]): one["name"] for road in found["items"] for one in road["stages"]}
