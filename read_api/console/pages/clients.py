"""Clients: found by any word of a name, by a phone, an e-mail or a tax number, and filtered."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from read_api.console.calling import RefusedError
from read_api.console.page import Gone, Pages, View, Visit

pages = Pages()

FILTERS = ("owner", "stage", "kind", "without_next_step", "sort")
"""What the address says besides the words; `owner` is `mine`, `nobody` or, left out, everybody's."""

_NUMBER = re.compile(r"[\d\s()+.\-/]+")
PHONE_DIGITS, TAX_DIGITS = 7, (10, 12)
"""A number of so many digits may be a phone, and one of 10 or 12 a tax number."""

LIMIT = 50


@pages.page("/clients", name="clients", asks="list_clients", key="c")
async def clients(visit: Visit) -> View:
    """Show the clients whose names have these words and who pass the filters."""
    return await _found(visit, visit.query.get("q", ""))


@pages.form("/clients")
async def find(visit: Visit) -> View | Gone:
    """Find clients by what was typed; a number or an e-mail is personal, and stays out of the address."""
    typed = visit.form.get("q", "").strip()
    if known_by(typed):
        return await _found(visit, typed)
    given = {name: value for name in ("q", *FILTERS) if (value := visit.form.get(name, "").strip())}
    return Gone(f"/console/clients?{urlencode(given)}" if given else "/console/clients")


def known_by(typed: str) -> Mapping[str, str]:
    """Return by what a client may be recognised in what was typed; nothing: these are words of a name."""
    if "@" in typed:
        return {"email": typed}
    digits = sum(letter.isdigit() for letter in typed)
    if not _NUMBER.fullmatch(typed) or digits < PHONE_DIGITS:
        return {}
    known = {"phone": typed}
    if digits in TAX_DIGITS and typed.replace(" ", "").isdigit():
        known["tax_id"] = typed
    return known


async def _found(visit: Visit, typed: str) -> View:
    words, known = visit.words, known_by(typed.strip())
    owners: list[Mapping[str, Any]] = []
    wrong = None
    page: Mapping[str, Any] = {"items": [], "next": None}
    if known:
        try:
            page, owners = await _recognised(visit, known)
        except RefusedError as refused:
            # What was typed is no number or address after all: that is said beside it, and the rest of the page stays.
            if refused.status != 422:
                raise
            wrong = refused.at("phone") or refused.at("email") or refused.at("tax_id") or refused.detail
    else:
        page = await visit.api.get("/clients", **_filters(visit), q=typed, limit=LIMIT, cursor=visit.query.get("cursor"))
    chosen = {name: visit.query.get(name, "") for name in FILTERS}
    return View(
        "clients.html",
        words("clients.title"),
        {
            "typed": typed,
            "found": page,
            "known": known,
            "wrong": wrong,
            "unseen": [one for one in owners if not one["is_seen"]],
            "chosen": chosen,
            "address": lambda **other: _address(chosen, typed if not known else "", other),
        },
    )


async def _recognised(visit: Visit, known: Mapping[str, str]) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return the clients of a phone, an e-mail or a tax number, and whose those are whom the user does not see."""
    given = dict(known)
    try:
        page = await visit.api.search("/clients/search", given)
    except RefusedError as refused:
        if "tax_id" not in given or refused.at("phone") is None:
            raise
        # Ten digits that are no phone are a tax number.
        del given["phone"]
        page = await visit.api.search("/clients/search", given)
    owners = (await visit.api.search("/clients/owners", given))["items"] if visit.asks("find_owners") else []
    return page, owners


def _filters(visit: Visit) -> dict[str, Any]:
    query = visit.query
    asked: dict[str, Any] = {name: query.get(name) for name in ("stage", "kind", "without_next_step", "sort")}
    match query.get("owner"):
        case "mine" if visit.me["staff"] is not None:
            asked["owner"] = visit.me["staff"]["staff_id"]
        case "nobody":
            asked["unowned"] = "true"
        case _:
            pass
    if query.get("archived") != "true":
        asked["archived"] = "false"
    return asked


def _address(chosen: Mapping[str, str], typed: str, other: Mapping[str, str]) -> str:
    """Return the address of this list with another filter, or its next page."""
    given = {name: value for name, value in {**chosen, "q": typed, **other}.items() if value}
    return f"/console/clients?{urlencode(given)}" if given else "/console/clients"
