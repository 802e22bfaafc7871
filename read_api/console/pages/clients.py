"""Clients: found by any word of a name, by a phone, an e-mail or a tax number, and filtered."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from read_api.console.calling import RefusedError
from read_api.console.page import File, Gone, Pages, View, Visit
from read_api.console.recognising import known_by, recognised
from read_api.console.taking import CALLED, asked_as, files_at

pages = Pages()

FILTERS = ("owner", "stage", "kind", "without_next_step", "tag", "field", "sort")
"""What the address says besides the words; `owner` is `mine`, `nobody` or, left out, everybody's."""

LIMIT = 50

FILE = "/console/clients/file"

FILES = {**{form: CALLED[form] for form in ("xlsx", "csv", "excel.csv")}, "vcf": "vCard"}
"""What the list can be taken away as: how its file ends, and what that is called."""


@pages.page("/clients", name="clients", asks="list_clients", key="c")
async def clients(visit: Visit) -> View:
    """Show the clients whose names have these words and who pass the filters."""
    return await _found(visit, visit.query)


@pages.page("/clients/file", asks="get_client_file")
async def clients_file(visit: Visit) -> File:
    """Pass on the whole list as a file."""
    form = visit.query.get("format", "")
    filters = _asked(visit, visit.query)
    del filters["sort"], filters["cursor"]
    told = await visit.api.file("/clients/file", **filters, q=visit.query.get("q", "").strip(), **asked_as(form))
    return File(told, f"clients.{form}")


@pages.form("/clients")
async def find(visit: Visit) -> View | Gone:
    """Find clients by what was typed; a number or an e-mail is personal, and stays out of the address."""
    if known_by(visit.form.get("q", "").strip()):
        return await _found(visit, visit.form)
    address = _address(visit.form, {})
    if not visit.is_inside:
        return Gone(address)
    view = await _found(visit, visit.form)
    view.address = address
    return view


async def _found(visit: Visit, given: Mapping[str, str]) -> View:
    typed = given.get("q", "").strip()
    known = known_by(typed)
    owners: list[Mapping[str, Any]] = []
    wrong = None
    page: Mapping[str, Any] = {"items": [], "next": None}
    if known:
        try:
            page, owners = await recognised(visit, known)
        except RefusedError as refused:
            # What was typed is no number or address after all: that is said beside it, and the rest of the page stays.
            if refused.status != 422:
                raise
            wrong = refused.at("phone") or refused.at("email") or refused.at("tax_id") or refused.detail
    else:
        page = await visit.api.get("/clients", **_asked(visit, given), q=typed, limit=LIMIT)
    shown = {
        "typed": typed,
        "found": page,
        "known": known,
        "wrong": wrong,
        "unseen": [one for one in owners if not one["is_seen"]],
        "chosen": {name: given.get(name, "") for name in FILTERS},
        "next": _address(given, {"cursor": page["next"]}) if page["next"] and not known else None,
        "files": [] if known or not visit.asks("get_client_file") else files_at(FILE, _said(given), "clients", FILES),
    }
    return View("clients.html", visit.words("clients.title"), shown)


def _asked(visit: Visit, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the filters as the API has them; who is put away is not among the clients unless asked for."""
    asked: dict[str, Any] = {name: given.get(name) for name in (*FILTERS[1:], "cursor")}
    asked["archived"] = given.get("archived") or "false"
    match given.get("owner"):
        case "mine" if visit.me["staff"] is not None:
            asked["owner"] = visit.me["staff"]["staff_id"]
        case "nobody":
            asked["unowned"] = "true"
        case _:
            pass
    return asked


def _address(given: Mapping[str, str], other: Mapping[str, str]) -> str:
    """Return the address of the list with these words and filters."""
    said = _said(given) | dict(other)
    return f"/console/clients?{urlencode(said)}" if said else "/console/clients"


def _said(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name in ("q", *FILTERS) if (value := given.get(name, "").strip())}
