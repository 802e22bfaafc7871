"""What operators ask for: the form of an operation, and of a rebuild first what it would come to."""

from collections.abc import Mapping
from typing import Any

from read_api.console.calling import RefusedError
from read_api.console.door import own_address
from read_api.console.forms import Description, fields_of, hidden_of, read
from read_api.console.page import Gone, Pages, View, Visit, known_or_refused
from read_api.console.pages.doing import OWN, told_elsewhere
from read_api.console.subjects import Subject
from read_api.console.upkeep import ANALYTICS, title_of
from read_api.console.verbs import OF_ANALYTICS, OPERATIONS, Verb

pages = Pages()

HOW = ("processes", "verify", "throttle")
"""How a read model is rebuilt: what the dry run is asked with."""

PLACE = "place"
"""What the key of a read model is called in a form, which has a key of its own."""

USUAL = {"processes": "2", "verify": "sample"}


@pages.page("/operate/{operation}")
async def ask_operation(visit: Visit, operation: str) -> View:
    """Show the form of an operation, with what the link says of it."""
    return await _form(visit, operation, dict(visit.query), visit.new_key())


@pages.form("/operate/{operation}")
async def operate(visit: Visit, operation: str) -> View | Gone:
    """Ask for an operation and go to where it is watched; refused, show the form with what was typed, and why."""
    told, form = await _told(visit), visit.form
    if operation not in OPERATIONS or not visit.operates(operation):
        return await _form(visit, operation, form, "")
    given = {name: value for name, value in form.items() if name not in OWN}
    fields = read(visit, told, operation, OPERATIONS[operation], given) | (
        {"key": form[PLACE]} if form.get(PLACE) else {}
    )
    try:
        await visit.api.operate(operation, fields, form.get("key") or visit.new_key())
    except RefusedError as refused:
        return await _form(visit, operation, form, form.get("key", ""), refused)
    return Gone(own_address(form.get("to", "")))


async def _told(visit: Visit) -> Description:
    return Description(await visit.public("/openapi.json"), "/operations")


def _verb_of(operation: str, given: Mapping[str, str]) -> Verb | None:
    """Return what is asked of an operation, if it is one that has a form."""
    is_of_analytics = given.get("projection") == ANALYTICS and operation in OPERATIONS
    return OF_ANALYTICS if is_of_analytics else OPERATIONS.get(operation)


def _about(visit: Visit, given: Mapping[str, str]) -> str:
    """Return what an operation is about: a read model, and perhaps one key of it."""
    return " · ".join(filter(None, (title_of(visit, given.get("projection", "")), given.get(PLACE))))


async def _form(
    visit: Visit, operation: str, given: Mapping[str, str], key: str, refused: RefusedError | None = None
) -> View:
    verb = _verb_of(operation, given)
    if verb is None or not visit.operates(operation):
        return View("unknown.html", visit.words("errors.unknown"), status=404)
    name, told = given.get("projection", ""), await _told(visit)
    has_dry_run = operation == "rebuild" and verb is not OF_ANALYTICS
    if has_dry_run:
        given = {**USUAL, **{word: value for word, value in given.items() if value}}
    asked = {word: value for word, value in given.items() if word not in OWN}
    fields = await fields_of(visit, told, operation, verb, asked, refused)
    title = visit.words(f"operation.{operation}")
    shown: dict[str, Any] = {
        "action": f"/console/operate/{operation}",
        "fields": fields,
        "hidden": {**hidden_of(told, operation, verb, asked), **({PLACE: given[PLACE]} if given.get(PLACE) else {})},
        "version": "",
        "key": key,
        "to": own_address(given.get("to", ""), "/console/projections"),
        "refused": refused,
        "elsewhere": told_elsewhere(refused, {field.name for field in fields if field.wrong}),
        "conflict": None,
        "about": Subject(_about(visit, given), follows=visit.words("projections.kept_for_ever")),
    }
    if has_dry_run:
        how = {word: given.get(word) for word in HOW}
        estimate = await known_or_refused(visit.api.get(f"/projections/{name}/estimate", **how))
        shown = {**shown, "how": how, "name": name, "estimate": estimate}
    template = "rebuild.html" if has_dry_run else "verb.html"
    return View(template, title, shown, status=200 if refused is None else refused.status)
