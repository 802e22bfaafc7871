"""Two cards side by side, before they are made one: which is chosen where both have something, and what comes along."""

from read_api.console.choices import clients_found
from read_api.console.page import Pages, View, Visit

pages = Pages()


@pages.page("/clients/{client_id}/merge", asks="get_merge_preview")
async def client_merge(visit: Visit, client_id: str) -> View:
    """Let another client be found, and show both."""
    typed, other = visit.query.get("q", "").strip(), visit.query.get("with", "")
    card = await visit.api.get(f"/clients/{client_id}")
    preview = await visit.api.get(f"/clients/{client_id}/merge-preview/{other}") if other else None
    found = [] if other else await clients_found(visit, typed, card["kind"])
    shown = {
        "card": card,
        "client_id": card["client_id"],
        "found": [(one, name) for one, name in found if one != card["client_id"]],
        "typed": typed,
        "preview": preview,
        "other": other,
        "key": visit.new_key(),
    }
    return View("merge.html", visit.words("verb.merge-clients"), shown)
