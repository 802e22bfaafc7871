"""Imports: a file is sent, its columns are said, it is rehearsed and imported; and all that were."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from read_api.console.calling import RefusedError
from read_api.console.mapping_form import OF_THE_ROW, SETTINGS, Heading, headings_of, mapped
from read_api.console.page import Gone, Pages, View, Visit
from read_api.console.story import is_of_staff, staff_named

pages = Pages()

LIMIT = 20
TARGETS = ("client", "deal", "staff", "product", "activity")
OPEN = frozenset({"waiting", "rehearsing", "running", "reverting"})
"""The states in which something is done with an import, or waits to be."""

COUNTS = ("accepted", "already_there", "refused", "wrong")
"""What makes up the rows of an import."""

OWN = "field:"
"""So begin the names of the company's own fields in a mapping."""

MOST_FIELDS = 200
"""Of so many of the company's own fields it is said what people call them; of others their code."""

ROWS = 10
STAYS = 50
"""Of so many things that stay after a revert the page says which and why."""

PLACES = {"client": ("get_client", "/console/clients/"), "deal": ("get_deal", "/console/deals/")}
"""Where things are that an import made, of those that have a page, and who may look at it."""


@pages.page("/imports", name="imports", asks="list_imports", key="i")
async def imports(visit: Visit) -> View:
    """Show where a file is sent, and what was imported, the latest first."""
    found = await visit.api.get("/imports", limit=LIMIT, cursor=visit.query.get("cursor"))
    shown = {
        "items": found["items"],
        "names": await _names(visit, found["items"]),
        "next": found["next"],
        "targets": TARGETS if visit.me["role"] != "operator" else TARGETS[:1],
        "most": await visit.most_bytes("/imports"),
        "curl": f'curl -H "Authorization: Bearer $TOKEN" -F file=@clients.xlsx {visit.request.base_url}imports',
        "is_busy": any(one["state"] in OPEN for one in found["items"]),
    }
    return View("imports.html", visit.words("imports.title"), shown)


@pages.page("/imports/{import_id}")
async def one_import(visit: Visit, import_id: str) -> View:
    """Show an import: what its file says and how it is read, how far it is, or what became of its rows."""
    return await _shown(visit, import_id)


@pages.form("/imports/{import_id}")
async def say_mapping(visit: Visit, import_id: str) -> View | Gone:
    """Keep what was said of the columns; then rehearse or import the file, if that was asked for."""
    form = visit.form
    try:
        if form.get("do") == "guess":
            wanted: dict[str, Any] = {"target": form.get("target") or "client", "source": form.get("source") or None}
        else:
            wanted = {"mapping": await _mapping(visit, import_id)}
        await visit.api.do(f"/imports/{import_id}/mapping", {**wanted, "rows": 0})
        if form.get("do") in {"dry", "run"}:
            how = {"is_dry": form["do"] == "dry", "is_strict": form.get("is_strict") == "yes"}
            await visit.api.do(f"/imports/{import_id}/run", how)
    except RefusedError as refused:
        return await _shown(visit, import_id, refused)
    return Gone(f"/console/imports/{import_id}")


@pages.form("/imports/{import_id}/cancel")
async def cancel(visit: Visit, import_id: str) -> View | Gone:
    """End what is done with a file, or discard it."""
    told = await visit.api.do(f"/imports/{import_id}/cancel", {})
    return Gone("/console/imports" if told["state"] == "discarded" else f"/console/imports/{import_id}")


@pages.form("/imports/{import_id}/revert")
async def revert(visit: Visit, import_id: str) -> View | Gone:
    """Take back what an import made, or try that."""
    wanted = {"reason": visit.form.get("reason", ""), "is_dry": visit.form.get("do") != "revert"}
    try:
        await visit.api.do(f"/imports/{import_id}/revert", wanted)
    except RefusedError as refused:
        return await _shown(visit, import_id, refused)
    return Gone(f"/console/imports/{import_id}")


async def _mapping(visit: Visit, import_id: str) -> dict[str, Any]:
    """Return the mapping that the import has, with what the form says."""
    seen = await visit.api.get(f"/imports/{import_id}/preview", rows=0)
    headings = headings_of(seen["columns"], seen["mapping"], has_header=seen["has_header"])
    chosen = [visit.form.get(f"column.{place}", heading.field) for place, heading in enumerate(headings, 1)]
    known = {*seen["fields"], *OF_THE_ROW, ""}
    chosen = [field if field in known else "" for field in chosen]
    settings = {name: visit.form.get(name, "").strip() for name in SETTINGS if name in visit.form}
    return mapped(seen["mapping"], headings, chosen, settings)


async def _shown(visit: Visit, import_id: str, refused: RefusedError | None = None) -> View:
    told = await visit.api.get(f"/imports/{import_id}")
    is_busy = told["state"] in OPEN
    seen, unseen = None, None
    if told["has_file"] and not is_busy and visit.operates("import"):
        try:
            seen = await visit.api.get(f"/imports/{import_id}/preview", rows=ROWS)
        except RefusedError as error:
            unseen = error
    job = told["revert_job"] if told["state"] in {"reverting", "reverted"} else told["job"]
    stays = _stays(told["revert_job"])
    shown: dict[str, Any] = {
        "told": told,
        "job": job,
        "stays": stays[:STAYS],
        "places": {noun: place for noun, (question, place) in PLACES.items() if visit.asks(question)},
        "reason": visit.form.get("reason", ""),
        "names": await _names(visit, [told], {each["by"] for each in stays[:STAYS]}),
        "is_busy": is_busy,
        "seen": seen,
        "refused": refused or unseen,
        "shares": _shares(told["report"]),
        "targets": TARGETS if visit.me["role"] != "operator" else TARGETS[:1],
    }
    if seen is not None:
        headings = headings_of(seen["columns"], seen["mapping"], has_header=seen["has_header"])
        fields = await _fields(visit, seen["fields"])
        shown |= {"headings": headings, "fields": fields, "rows": _rows(seen, headings)}
    status = 200 if refused is None else refused.status
    return View("import.html", told["files"][0]["name"] if told["files"] else told["source"], shown, status)


async def _fields(visit: Visit, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return what a column may say, each with what people call it, in order of that."""
    called = {name: visit.words.known(f"import_field.{name}", name) for name in (*names, *OF_THE_ROW)}
    if any(name.startswith(OWN) for name in names):
        own = await visit.api.get("/custom-fields", active="true", limit=MOST_FIELDS)
        called |= {f"{OWN}{field['code']}": field["labels"][visit.words.language] for field in own["items"]}
    return sorted(called.items(), key=lambda each: each[1].casefold())


def _rows(seen: Mapping[str, Any], headings: Sequence[Heading]) -> list[dict[str, Any]]:
    """Return the first rows: what stands in each cell with what is wrong there, and what is wrong with no cell."""
    names = [heading.name for heading in headings]
    rows = []
    for row in seen["first"]:
        cells = [*row["cells"], *[""] * (len(names) - len(row["cells"]))]
        faults: dict[str, list[Any]] = {}
        for fault in row["faults"]:
            faults.setdefault(fault["column"] if fault["column"] in names else "", []).append(fault)
        beside = [(cell, faults.get(name, [])) for name, cell in zip(names, cells, strict=False)]
        rows.append({"line": row["line"], "cells": beside, "faults": faults.get("", []), "fields": row["fields"]})
    return rows


def _shares(report: Mapping[str, Any] | None) -> list[tuple[str, int]]:
    """Return what the rows of an import came to, in the order in which it is shown."""
    return [] if report is None else [(name, report[name]) for name in COUNTS if report[name] is not None]


def _stays(job: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return what stays after a revert, each thing once: what of it, why, and whose deed is in the way."""
    found: dict[str, dict[str, Any]] = {}
    for each in (((job or {}).get("outcome") or {}).get("facts") or {}).get("stays", ()):
        one = found.setdefault(each["id"], {**each, "what": [], "by": (each["deed"] or {}).get("actor", "")})
        one["what"].append(each["what"])
    return list(found.values())


async def _names(visit: Visit, items: Sequence[Mapping[str, Any]], more: Set[str] = frozenset()) -> Mapping[str, str]:
    asked_by = {one["asked_by"] for one in items if one["asked_by"]} | more
    return await staff_named(visit, {actor for actor in asked_by if is_of_staff(actor)})
