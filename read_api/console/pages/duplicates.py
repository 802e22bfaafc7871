"""Clients who may be one: two cards side by side, in what they agree, and what can be said of them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from read_api.console.page import Pages, View, Visit
from read_api.console.story import is_of_staff, staff_named

pages = Pages()

LIMIT = 20

COMPARED = (
    ("phone", "contact_kind"),
    ("email", "contact_kind"),
    ("tax_id", "identity"),
    ("kpp", "registration_number"),
    ("ogrn", "registration_number"),
    ("birthday", "profile_field"),
    ("address", "contact_kind"),
    ("location", "profile_field"),
    ("kind", ""),
)
"""What is compared beside the names, in the order in which it is shown, with the list that has its label."""

LEVELS = ("same", "words", "typo", "initials", "part", "alike", "different")


class Line(NamedTuple):
    """What two cards say of one thing, and how far they agree in it; None: it is not known of both."""

    label: str
    client: str
    other: str
    agreement: str | None


class Pair(NamedTuple):
    """Two clients who may be one, in words."""

    told: Mapping[str, Any]
    lines: Sequence[Line]
    per_cent: int | None


@pages.page("/duplicates", name="duplicates", asks="list_duplicates")
async def duplicates(visit: Visit) -> View:
    """Show the pairs that are to be decided, or those of whom it was said that they are not the same."""
    is_apart = visit.query.get("kept_apart") == "true"
    given = {name: visit.query.get(name) or None for name in ("cursor", "client", "kind")}
    found = await visit.api.get("/duplicates", **given, kept_apart="true" if is_apart else None, limit=LIMIT)
    shown = {
        "pairs": [_pair(visit, told) for told in found["items"]],
        "is_apart": is_apart,
        "client": given["client"],
        "next": found["next"],
        "run": found["run"],
        "merged": await _merged_by_job(visit),
    }
    return View("duplicates.html", visit.words("duplicates.title"), shown)


async def _merged_by_job(visit: Visit) -> Mapping[str, Any] | None:
    """Return the last job that merged anybody, for who may take it apart: how many, when and by whom."""
    if not visit.operates("unmerge-duplicates"):
        return None
    jobs = (await visit.api.get("/operations/jobs", operation="merge-duplicates", state="done", limit=10))["items"]
    last = next((job for job in jobs if not job["parameters"]["is_dry"] and job["outcome"]["facts"]["done"]), None)
    if last is None:
        return None
    names = await staff_named(visit, {last["asked_by"]} if is_of_staff(last["asked_by"]) else set())
    return {
        "job": last["id"],
        "count": last["outcome"]["facts"]["done"],
        "when": last["ended_at"],
        "who": names.get(last["asked_by"]) or visit.words.actor(last["asked_by"]),
    }


def _pair(visit: Visit, told: Mapping[str, Any]) -> Pair:
    lines = [_line(visit, told, name, labels) for name, labels in COMPARED]
    score = told["score"]
    # Nothing is certain: no pair is 100 % one.
    per_cent = None if score is None else min(99, int(100 * score))
    return Pair(told, [line for line in lines if line.client or line.other], per_cent)


def _line(visit: Visit, told: Mapping[str, Any], name: str, labels: str) -> Line:
    client, other = (_said(visit, told[side], name) for side in ("client", "other"))
    label = visit.words.label(labels, name) if labels else visit.words("field.kind")
    return Line(label, client, other, (told["agreement"] or {}).get(name))


def _said(visit: Visit, card: Mapping[str, Any], name: str) -> str:
    """Return what a card says of one thing; nothing where it says nothing."""
    points = [point["value"] for point in card["contact_points"] if point["kind"] == name]
    match name:
        case "kind":
            return visit.words.label("client_kind", card["kind"])
        case "tax_id":
            return card["tax_id"] or ""
        case "kpp" | "ogrn":
            return (card["told"].get(name) or {}).get("value") or ""
        case "birthday" | "location":
            return (card["profile"].get(name) or {}).get("value") or ""
        case "address":
            legal = (card["profile"].get("legal_address") or {}).get("value")
            return legal or ", ".join(points)
        case _:
            return ", ".join(points)
