"""The company itself: who works here, in which teams and branches, what is sold, and along which stages."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from read_api.console.page import Gone, Pages, View, Visit
from read_api.console.story import staff_named

pages = Pages()

TABS = (
    ("staff", "list_staff"),
    ("units", "list_units"),
    ("pipelines", "list_pipelines"),
    ("products", "list_products"),
    ("prices", "list_price_books"),
    ("fields", "list_custom_fields"),
    ("rights", "list_rights"),
    ("keys", "list_api_keys"),
)
"""The pages about the company, and the question each of them needs."""

LIMIT = 50
FILTERS = ("role", "branch_id", "team_id", "who", "as_of")
WHO: Mapping[str, str | None] = {"": "true", "left": "false", "all": None}
"""Who of the staff is shown: those who work here, those who left, or both."""


@pages.page("/company", name="company", asks="list_units", key="o")
async def company(visit: Visit) -> Gone:
    """Go to the first of the pages about the company that the user may look at."""
    return Gone(f"/console/company/{tabs_of(visit)[0]}")


def tabs_of(visit: Visit) -> list[str]:
    """Return the pages about the company that the user may look at."""
    return [name for name, question in TABS if visit.asks(question)]


def in_company(visit: Visit, tab: str, template: str, shown: Mapping[str, Any]) -> View:
    """Return a page about the company: as of a past day, when the address says one, nothing can be done on it."""
    known = {"tab": tab, "tabs": tabs_of(visit), "as_of": as_of_of(visit), **shown}
    return View(template, visit.words(f"company.{tab}"), known)


def as_of_of(visit: Visit) -> str:
    """Return the past day that the address says, if it does."""
    return visit.past(visit.query.get("as_of", "").strip())


@pages.page("/company/staff")
async def staff(visit: Visit) -> View:
    """Show who works here, by name, and what each of them holds."""
    given = {name: visit.query.get(name, "").strip() for name in FILTERS} | {"as_of": as_of_of(visit)}
    asked = {name: given[name] for name in ("role", "branch_id", "team_id", "as_of")}
    found, units = await asyncio.gather(
        visit.api.get(
            "/staff", **asked, active=WHO.get(given["who"], "true"), limit=LIMIT, cursor=visit.query.get("cursor")
        ),
        visit.api.get("/units", limit=200, as_of=given["as_of"]),
    )
    shown = {
        "staff": found["items"],
        "units": units["items"],
        "chosen": given,
        "holds": await holdings_of(visit, [one["staff_id"] for one in found["items"]], given["as_of"]),
        "next": _next("/console/company/staff", found, {name: value for name, value in given.items() if value}),
    }
    return in_company(visit, "staff", "company_staff.html", shown)


async def holdings_of(visit: Visit, staff_ids: list[str], as_of: str) -> Mapping[str, Mapping[str, Any]]:
    """Return what these of the staff hold, by their ids: of those whose figures the user may see."""
    if not staff_ids or not visit.asks("list_holdings"):
        return {}
    found = await visit.api.get("/holdings", ids=",".join(staff_ids), as_of=as_of)
    return {one["staff_id"]: one for one in found["items"]}


def _next(address: str, found: Mapping[str, Any], said: Mapping[str, str]) -> str | None:
    """Return where a list goes on that was asked for with what is said; None: it is at its end."""
    return f"{address}?{urlencode({**said, 'cursor': found['next']})}" if found["next"] else None


@pages.page("/company/units")
async def units(visit: Visit) -> View:
    """Show the branches and the teams, each with its head and how many work there."""
    found = await visit.api.get("/units", limit=200, as_of=as_of_of(visit))
    heads = await staff_named(visit, {one["head_id"] for one in found["items"] if one["head_id"]})
    kinds = {kind: [one for one in found["items"] if one["kind"] == kind] for kind in ("branch", "team")}
    return in_company(visit, "units", "company_units.html", {"kinds": kinds, "heads": heads})


@pages.page("/company/pipelines")
async def pipelines(visit: Visit) -> View:
    """Show the pipelines with their stages, in order."""
    found = await visit.api.get("/pipelines", as_of=as_of_of(visit))
    return in_company(visit, "pipelines", "company_pipelines.html", {"roads": found["items"]})


@pages.page("/company/products")
async def products(visit: Visit) -> View:
    """Show what the company sells."""
    return await _listed(visit, "products", "/products", "company_products.html")


@pages.page("/company/prices")
async def prices(visit: Visit) -> View:
    """Show the price books, each with its editions."""
    return await _listed(visit, "prices", "/price-books", "company_prices.html")


@pages.page("/company/prices/{book_id}")
async def price_book(visit: Visit, book_id: str) -> View:
    """Show what products cost by an edition of a price book: if none is named, by the one that is being prepared."""
    named, as_of, cursor = visit.query.get("edition", ""), as_of_of(visit), visit.query.get("cursor")
    book = await visit.api.get(f"/price-books/{book_id}", as_of=as_of)
    coming = len(book["editions"]) + 1
    edition = named or str(coming)
    found = await visit.api.get(
        f"/price-books/{book_id}/prices", edition=edition, as_of=as_of, limit=LIMIT, cursor=cursor
    )
    for price in (price for one in found["items"] for price in one["prices"]):
        # People name the last day of a price.
        ends = price["to_day"] and date.fromisoformat(price["to_day"]) - timedelta(days=1)
        price["last_day"] = ends and ends.isoformat()
    shown = {
        "book": book,
        "edition": found["edition"],
        "coming": coming,
        "products": found["items"],
        "next": _next(f"/console/company/prices/{book_id}", found, {"as_of": as_of, "edition": named}),
    }
    return in_company(visit, "prices", "company_price_book.html", shown)


@pages.page("/company/fields")
async def fields(visit: Visit) -> View:
    """Show what the company itself asks of its clients."""
    return await _listed(visit, "fields", "/custom-fields", "company_fields.html")


async def _listed(visit: Visit, tab: str, path: str, template: str) -> View:
    """Show a list of the API page by page, on the tab of its name."""
    cursor = visit.query.get("cursor")
    found = await visit.api.get(path, as_of=as_of_of(visit), limit=LIMIT, cursor=cursor)
    shown = {
        tab: found["items"],
        "next": _next(f"/console/company/{tab}", found, {"as_of": as_of_of(visit)}),
    }
    return in_company(visit, tab, template, shown)


@pages.page("/company/rights")
async def rights(visit: Visit) -> View:
    """Show what the people of each role see, and which commands they may ask for."""
    found = await visit.api.get("/rights")
    roles = [one for one in found["items"] if one["role"] not in {"client", "partner"}]
    shown = {
        "kinds": {"scopes": list(roles[0]["scopes"]), "editing": list(roles[0]["editing"])},
        "roles": [one for one in roles if not one["is_fixed"]],
        "fixed": [one for one in roles if one["is_fixed"]],
    }
    return in_company(visit, "rights", "company_rights.html", shown)


@pages.page("/company/keys")
async def keys(visit: Visit) -> View:
    """Show with which keys programs come in."""
    cursor = visit.query.get("cursor")
    found = await visit.api.get("/api-keys", as_of=as_of_of(visit), limit=LIMIT, cursor=cursor)
    issuers = await staff_named(visit, {one["issued_by"] for one in found["items"] if one["issued_by"]})
    shown = {
        "keys": found["items"],
        "issuers": issuers,
        "next": _next("/console/company/keys", found, {"as_of": as_of_of(visit)}),
    }
    return in_company(visit, "keys", "company_keys.html", shown)
