"""Histories as an auditor reads them: facts, refusals and looks of a client; the facts of what is the house's own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from read_api.console.calling import AT_ONCE
from read_api.console.page import Pages, View, Visit
from read_api.console.story import by_days, is_of_staff, staff_known, titles
from read_api.console.words import Words

pages = Pages()

ENTRIES = 50

PLACING = ("staff.moved", "moved_under_head")
"""Of these facts each side is a change by itself: nobody's before, or nobody's now."""

UNSAID = frozenset({"secret_sha256"})
"""Members of facts that say nothing to people."""


class Names(NamedTuple):
    """What ids are called, what stages and products are called, and which role whoever has it has."""

    called: Mapping[str, str]
    stages: Mapping[str, str]
    products: Mapping[str, str]
    roles: Mapping[str, str]


class Line(NamedTuple):
    """One thing in the history: a fact, a refusal (`is_refused`), or a look at the client (`kind`)."""

    at: str
    kind: str
    title: str
    who: str
    role: str
    changes: Sequence[tuple[str, str, str]]
    said: Sequence[tuple[str, str]]
    place: str
    note: str


@pages.page("/clients/{client_id}/history")
async def client_history(visit: Visit, client_id: str) -> View:
    """Show a page of the history, the oldest first."""
    asked = {"limit": ENTRIES, "cursor": visit.query.get("cursor")}
    found = await visit.api.get(f"/clients/{client_id}/history", **asked)
    names = await _names(visit, found, client_id)
    name = names.called.get(client_id, client_id)
    lines = sorted(_lines(visit, client_id, found, names), key=lambda line: line.at)
    shown = {
        "back": f"/console/clients/{client_id}",
        "name": name,
        "days": by_days(visit.words, lines),
        "further": _further(visit, found),
        "begins": asked["cursor"] is None,
    }
    return View("history.html", visit.words("history.title", name=name), shown, is_live=True)


@pages.page("/company/{tab}/{stream_id}/history")
async def stream_history(visit: Visit, tab: str, stream_id: str) -> View:
    """Show the history of what is the house's own: a team, a pipeline, a product, one of the staff."""
    shown = await history_shown(visit, stream_id)
    back = f"/console/company/staff/{stream_id}" if tab == "staff" else f"/console/company/{tab}"
    begins = "cursor" not in visit.query
    return View(
        "history.html", visit.words("history.title", name=shown["name"]), {**shown, "back": back, "begins": begins}
    )


async def history_shown(visit: Visit, stream_id: str) -> dict[str, Any]:
    """Return a page of the history of what is the house's own, and what it is called in it."""
    asked = {"limit": ENTRIES, "cursor": visit.query.get("cursor")}
    found = await visit.api.get(f"/streams/{stream_id}/history", **asked)
    found = {**found, "refusals": [], "accesses": []}
    said = [entry["facts"] or {} for entry in found["items"]]
    called = [facts[member] for facts in said for member in ("name", "to_name") if facts.get(member)]
    lines = _lines(visit, stream_id, found, await _names(visit, found, stream_id))
    return {
        "name": next(reversed(called), visit.words("history.heading")),
        "days": by_days(visit.words, lines),
        "further": _further(visit, found, f"{visit.request.url.path.removesuffix('/history')}/history"),
    }


def _further(visit: Visit, found: Mapping[str, Any], path: str | None = None) -> str | None:
    """Return where the history goes on, if it does."""
    address = path or visit.request.url.path
    return f"{address}?{urlencode({'cursor': found['next']})}" if found["next"] else None


async def _names(visit: Visit, found: Mapping[str, Any], client_id: str) -> Names:
    """Return what is called how in what was found: the staff, pipelines and their stages, units, clients."""
    every = [*found["items"], *found["refusals"], *found["accesses"]]
    texts = (_texts([entry["actor"], entry.get("stream_id"), entry.get("facts")]) for entry in every)
    named = {each for found_in in texts for each in found_in if is_of_staff(each)}
    roads = (await visit.api.get("/pipelines"))["items"]
    stages = {one["code"]: one["name"] for road in roads for one in road["stages"] if one["name"]}
    staff = await staff_known(visit, named, "name,role")
    units = (await visit.api.get("/units", limit=AT_ONCE))["items"]
    called = {road["pipeline_id"]: road["name"] for road in roads if road["name"]}
    called |= {unit["unit_id"]: unit["name"] for unit in units if unit["name"]}
    called |= {each: one["name"] for each, one in staff.items() if one["name"]}
    called |= await _clients(visit, [client_id, *sorted(named - called.keys() - {client_id})])
    return Names(called, stages, await _products(visit, every), {each: one["role"] for each, one in staff.items()})


async def _products(visit: Visit, every: Iterable[Mapping[str, Any]]) -> Mapping[str, str]:
    """Return what the products are called, if any fact names one."""
    if not any((entry.get("facts") or {}).get("product_code") for entry in every) or not visit.asks("list_products"):
        return {}
    return {one["code"]: one["name"] for one in (await visit.api.get("/products", limit=AT_ONCE))["items"]}


async def _clients(visit: Visit, ids: Sequence[str]) -> Mapping[str, str]:
    """Return what the clients among these ids are called."""
    if not visit.asks("list_clients"):
        return {}
    found = await visit.api.get("/clients", ids=",".join(ids[:AT_ONCE]), fields="name", limit=AT_ONCE)
    return {one["client_id"]: one["name"] for one in found["items"] if one["name"]}


def _texts(told: Any) -> Iterator[str]:
    """Give every text in what a fact says, however deep."""
    match told:
        case str():
            yield told
        case dict() | list():
            for each in told.values() if isinstance(told, dict) else told:
                yield from _texts(each)
        case _:
            pass


def _lines(visit: Visit, client_id: str, found: Mapping[str, Any], names: Names) -> Iterable[Line]:
    words, deals = visit.words, titles(found["items"], "facts")
    for entry in found["items"]:
        facts = entry["facts"]
        said = [] if facts is None else list(_said(visit, entry["topic"], facts, names))
        if entry["stream_id"] in deals and "title" not in (facts or {}):
            said.insert(0, (_label(visit, "deal_id"), deals[entry["stream_id"]]))
        if entry["stream_id"] != client_id and entry["stream_id"] in names.called:
            # It happened to another: to a contact person, or an organisation.
            said.insert(0, (_label(visit, "client_id"), names.called[entry["stream_id"]]))
        changes = [] if facts is None else list(_changes(visit, entry["topic"], facts, names))
        title = words.label("topic", entry["topic"])
        note = words("history.forgotten") if facts is None else ""
        place = words("history.place", position=entry["position"])
        yield Line(entry["recorded_at"], "fact", title, *_who(visit, entry, names), changes, said, place, note)
    for entry in found["refusals"]:
        title = words("history.refused", command=words.known(f"verb.{entry['command']}", entry["command"]))
        said = [(words("history.code"), entry["code"])]
        yield Line(entry["refused_at"], "refusal", title, *_who(visit, entry, names), [], said, "", "")
    for entry in found["accesses"]:
        title = words("history.looked", question=words.known(f"question.{entry['question']}", entry["question"]))
        note = entry["purpose"] or ""
        yield Line(entry["accessed_at"], "access", title, *_who(visit, entry, names), [], [], "", note)


def _who(visit: Visit, entry: Mapping[str, Any], names: Names) -> tuple[str, str]:
    actor = entry["actor"]
    role = visit.words.label("staff_role", names.roles.get(actor))
    return names.called.get(actor) or visit.words.actor(actor), role


def _changes(visit: Visit, topic: str, facts: Mapping[str, Any], names: Names) -> Iterator[tuple[str, str, str]]:
    """Give what was before and what is now, as the fact itself says."""
    for what in _changed(topic, facts):
        before, now = (_value(visit, what, facts.get(each), names) for each in (f"from_{what}", f"to_{what}"))
        yield _label(visit, what), before, now


def _changed(topic: str, facts: Mapping[str, Any]) -> list[str]:
    """Return what a fact says as a change; where there was nothing before, or is nothing now, it says one side."""
    sides = [name.partition("_")[2] for name in facts if name.startswith(("from_", "to_"))]
    if topic.endswith(PLACING):
        return list(dict.fromkeys(sides))
    return [what for what in dict.fromkeys(sides) if {f"from_{what}", f"to_{what}"} <= facts.keys()]


def _said(visit: Visit, topic: str, facts: Mapping[str, Any], names: Names) -> Iterator[tuple[str, str]]:
    """Give everything else that the fact says; what it says nothing of is left out."""
    changed = {f"{side}_{what}" for what in _changed(topic, facts) for side in ("from", "to")}
    for name, value in facts.items():
        if value not in (None, "", [], {}, False) and name not in changed and name not in UNSAID:
            yield _label(visit, name), _value(visit, name, value, names)


def _label(visit: Visit, name: str) -> str:
    bare = name.removeprefix("from_").removeprefix("to_")
    return visit.words.known(f"field.{name}", visit.words.known(f"field.{bare}", name))


_LISTS = {
    "kind": ("client_kind", "contact_kind", "seen_kind", "edited_kind"),
    "state": ("lifecycle",),
    "status": ("call_status",),
    "field": ("profile_field",),
    "role": ("affiliation_role", "staff_role"),
    "category": ("forecast_category",),
    "cause": ("ownership_cause",),
    "reason_code": ("loss_reason",),
}
"""The lists whose words a field may have, where they are not called as it is."""


_PAIRS = (("kind", "value"), ("field", "value"), ("name", "code"))
"""Members of what a fact says together, of which the first says what the second is."""


def _value(visit: Visit, name: str, value: Any, names: Names) -> str:
    match value:
        case {"amount": amount, "currency": currency}:
            return visit.words.money(amount, currency)
        case dict():
            head = next((pair for pair in _PAIRS if value.keys() >= set(pair)), ())
            told = {each: _value(visit, each, one, names) for each, one in value.items() if one}
            others = ((_label(visit, each), one) for each, one in told.items() if each not in head)
            rest = "; ".join(f"{label[:1].lower()}{label[1:]}: {one}" for label, one in others)
            pair = ": ".join(told.get(each, "—") for each in head)
            return f"{pair} ({rest})" if pair and rest else pair or rest
        case list():
            return "; ".join(_value(visit, name, one, names) for one in value)
        case bool():
            return visit.words("reports.yes" if value else "reports.no")
        case str():
            return _text(visit.words, name, value, names)
        case _:
            return "—" if value is None else str(value)


def _text(words: Words, name: str, value: str, names: Names) -> str:
    if value in names.called:
        return names.called[value]
    if name.endswith("stage"):
        return names.stages.get(value, value)
    if name == "product_code":
        return names.products.get(value, value)
    if name.endswith("_at"):
        return words.as_of(value)
    what = name.removeprefix("from_").removeprefix("to_")
    stored = words.stored(value)
    return next((said for name in _LISTS.get(what, (what,)) if (said := words.label(name, stored)) != stored), stored)
