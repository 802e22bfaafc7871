"""One of the staff: where they work and worked, what they hold, what they did, how they sign in, and their history."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from read_api.console.page import Pages, View, Visit, known_or_refused
from read_api.console.pages.company import as_of_of, holdings_of
from read_api.console.pages.history import history_shown
from read_api.console.story import staff_named

pages = Pages()

PLACES = 20
"""So many of the places where somebody worked are shown: the first ones."""


@pages.page("/company/staff/{staff_id}")
async def colleague(visit: Visit, staff_id: str) -> View:
    """Show one of the staff; as of a past day, when the address says one, nothing can be done with them."""
    as_of = as_of_of(visit)
    member = await visit.api.get(f"/staff/{staff_id}", as_of=as_of)
    places, holds, counters, logins, history = await asyncio.gather(
        visit.api.get(f"/staff/{staff_id}/places", limit=PLACES, as_of=as_of),
        holdings_of(visit, [staff_id], as_of),
        _counters(visit, staff_id, as_of),
        _logins(visit, staff_id, as_of),
        _history(visit, staff_id, as_of),
    )
    leading = {place["head_id"] for place in places["items"]} | {member["head_id"], member["successor_id"]}
    shown = {
        "member": member,
        "places": list(reversed(places["items"])),
        "names": await staff_named(visit, leading - {None}),
        "holds": holds.get(staff_id),
        "counters": counters,
        "logins": logins,
        "history": history,
        "as_of": as_of,
        "is_oneself": staff_id == visit.me["id"],
    }
    return View("colleague.html", member["name"] or visit.words("company.colleague"), shown)


async def _counters(visit: Visit, staff_id: str, as_of: str) -> Mapping[str, Any] | None:
    """Return what they did in the last 30 days, today among them, where the user may ask."""
    if not visit.asks("get_staff_counters"):
        return None
    today = visit.words.now.date()
    asked = {} if as_of else {"from_": today - timedelta(29), "to": today}
    found = await known_or_refused(visit.api.get(f"/staff/{staff_id}/counters", **asked, as_of=as_of))
    return found if isinstance(found, Mapping) else None


async def _logins(visit: Visit, staff_id: str, as_of: str) -> list[Mapping[str, Any]] | None:
    if not visit.asks("list_logins"):
        return None
    found = await visit.api.get("/logins", staff=staff_id, as_of=as_of)
    return list(found["items"])


async def _history(visit: Visit, staff_id: str, as_of: str) -> object:
    """Return everything recorded of them, where the user may ask; it has no past but itself."""
    if as_of or not visit.asks("get_stream_history"):
        return None
    return await known_or_refused(history_shown(visit, staff_id))
