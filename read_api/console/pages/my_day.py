"""My day: who rings, what waits for a click, what is late, and what is still to come."""

from datetime import timedelta

from read_api.console.page import Pages, View, Visit
from read_api.console.ringing import newest, ring_of

pages = Pages()

DAYS = 7
"""So many days are looked ahead, today among them."""


@pages.page("/my-day", name="my_day", asks="get_my_day", key="d", of_staff=True)
async def my_day(visit: Visit) -> View:
    """Show what somebody has to do today and in the days to come, the oldest first; above it, who rings."""
    day = await visit.api.get("/my-day", days=DAYS)
    counters = None
    if visit.me["staff"] is not None and visit.asks("get_staff_counters"):
        today = visit.words.now.date()
        monday = today - timedelta(days=today.weekday())
        counters = await visit.api.get(f"/staff/{visit.me['staff']['staff_id']}/counters", from_=monday, to=today)
    coming = [each for each in day["days"] if each["day"] > day["day"] and each["due_count"]]
    call = newest(visit, day["calls_to_classify"])
    shown = {
        "day": day,
        "coming": coming,
        "counters": counters,
        "ring": None if call is None else await ring_of(visit, call),
        "calls": [one for one in day["calls_to_classify"] if one is not call],
    }
    return View("my_day.html", visit.words("my_day.title"), shown, is_live=True)
