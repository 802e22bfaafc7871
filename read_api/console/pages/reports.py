"""Reports: which there are, and each with its parameters, a chart, and its rows in people's words."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from read_api.console.charts import chart_of
from read_api.console.page import File, Pages, View, Visit, known_or_refused
from read_api.console.tables import Table, table_of
from read_api.console.taking import asked_as, base_of, curl, files_at, python

pages = Pages()

CHARTS = {"svg": ("SVG", "svg"), "png": ("PNG", "png"), "json": ("Vega-Lite", "vl.json")}
"""What a chart can be taken away as: what that is called, and how its file ends."""

_OWN = ("as_of",)


@pages.page("/reports", name="reports", asks="list_reports", key="r")
async def reports(visit: Visit) -> View:
    """Show which reports there are."""
    found = await visit.api.get("/analytics")
    return View("reports.html", visit.words("reports.title"), {"reports": found["items"]})


@pages.page("/reports/{name}")
async def report(visit: Visit, name: str) -> View:
    """Show a report; what cannot be answered is told in the place of its table, and the form stays."""
    declared = await _declared(visit, name)
    given = _given(visit, declared)
    query = {word: value for word, value in given.items() if value}
    (sellers, roads), answer, copies = await asyncio.gather(
        _lists(visit, declared),
        known_or_refused(visit.api.get(f"/analytics/{name}", **query)),
        _copies(visit, name, query),
    )
    table: Table | None = None
    if isinstance(answer, Mapping):
        table = table_of(visit.words, answer, roads)
    shown = {
        "report": declared,
        "given": given,
        "choices": {"seller_id": sellers, "pipeline_id": [(one["pipeline_id"], one["name"]) for one in roads]},
        "answer": answer,
        "table": table,
        "chart": table and chart_of(visit.words, declared["chart"], answer, table),
        "files": files_at(f"/console/reports/{name}/file", query, name),
        "pictures": [
            (
                CHARTS[form][0],
                f"/console/reports/{name}/chart?{urlencode({**query, 'format': form})}",
                f"{name}.{CHARTS[form][1]}",
            )
            for form in (declared["chart"] or {"formats": ()})["formats"]
        ],
        "copies": copies,
    }
    return View("report.html", declared["title"].get(visit.words.language) or declared["title"]["en"], shown)


@pages.page("/reports/{name}/file")
async def report_file(visit: Visit, name: str) -> File:
    """Pass a report on in the form asked for."""
    declared = await _declared(visit, name)
    form = visit.query.get("format", "csv")
    told = await visit.api.file(f"/analytics/{name}", **_given(visit, declared), **asked_as(form))
    return File(told, f"{declared['name']}.{form}")


@pages.page("/reports/{name}/chart")
async def report_chart(visit: Visit, name: str) -> File:
    """Pass the chart of a report on: a picture, or its description."""
    declared = await _declared(visit, name)
    form = visit.query.get("format", "svg")
    told = await visit.api.file(f"/analytics/{name}/chart", **_given(visit, declared), format=form)
    return File(told, f"{declared['name']}.{CHARTS[form][1] if form in CHARTS else form}")


async def _declared(visit: Visit, name: str) -> Mapping[str, Any]:
    """Return what is said of a report; one that is not there is refused in the API's words."""
    found = await visit.api.get("/analytics")
    for one in found["items"]:
        if one["name"] == name:
            return dict(one)
    return dict(await visit.api.get(f"/analytics/{name}"))


def _given(visit: Visit, declared: Mapping[str, Any]) -> dict[str, str]:
    known = (*(one["name"] for one in declared["parameters"]), *_OWN)
    return {name: visit.query.get(name, "").strip() for name in known}


async def _lists(visit: Visit, declared: Mapping[str, Any]) -> tuple[list[tuple[str, str]], list[Mapping[str, Any]]]:
    """Return the sellers that a report may be asked for, and the pipelines."""
    sellers = []
    if any(one["name"] == "seller_id" for one in declared["parameters"]):
        found = await visit.api.get("/analytics/staff")
        sellers = [(one["staff_id"], one["name"]) for one in found["items"]]
    return sellers, (await visit.api.get("/pipelines"))["items"]


async def _copies(visit: Visit, name: str, query: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return how programs ask for the same and, for whoever may ask in SQL, how it is asked there."""
    asked = f"?{urlencode(query)}" if query else ""
    address = f"{base_of(visit)}/analytics/{name}{asked}"
    found = [("curl", curl(address)), ("Python", python(address))]
    if visit.asks("get_report_sql"):
        told = await known_or_refused(visit.api.get(f"/analytics/{name}/sql", **query))
        if isinstance(told, Mapping):
            found.insert(0, ("SQL", told["sql"]))
    return found
