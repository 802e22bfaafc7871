"""My day: what waits for a click, what is late, and what is still to come."""

from read_api.console.page import Pages, View, Visit

pages = Pages()


@pages.page("/my-day", name="my_day", asks="get_my_day", key="d")
async def my_day(visit: Visit) -> View:
    """Show what somebody has to do today, the oldest first."""
    day = await visit.api.get("/my-day", days=7)
    return View("my_day.html", visit.words("my_day.title"), {"day": day})
