"""Where one arrives: the first page one may look at."""

from read_api.console.page import Gone, Pages, View, Visit

pages = Pages()


@pages.page("")
async def home(visit: Visit) -> View | Gone:
    """Go to my day, else to what else there is for this role; a role with nothing here is told what there is."""
    if visit.asks("get_my_day") and visit.me["staff"] is not None:
        return Gone("/console/my-day")
    first = (("list_clients", "clients"), ("list_jobs", "projections"), ("list_units", "company"))
    for question, path in first:
        if visit.asks(question):
            return Gone(f"/console/{path}")
    return View("home.html", visit.words("home.title"))


@pages.page("/{rest:path}")
async def nowhere(visit: Visit, rest: str) -> View:  # noqa: ARG001 - whatever it is
    """Say that there is no such page."""
    return View("unknown.html", visit.words("errors.unknown"), status=404)
