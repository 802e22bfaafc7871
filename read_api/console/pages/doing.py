"""What is done: the form of a command, and its carrying out."""

from collections.abc import Mapping

from read_api.console.calling import RefusedError
from read_api.console.choices import clients_found, note_as_it_is
from read_api.console.conflict import conflict_of
from read_api.console.door import own_address
from read_api.console.forms import SOUGHT, Description, Field, fields_of, hidden_of, label_of, read
from read_api.console.page import Gone, Pages, View, Visit
from read_api.console.subjects import subject_of
from read_api.console.verbs import VERBS, Verb

pages = Pages()

CHANGED = 412
"""The status of what has changed since the form was drawn."""

OWN = frozenset({"word", "key", "to", "version"})
"""Fields of a form that are no field of a command."""


@pages.page("/do/{command}")
async def ask(visit: Visit, command: str) -> View:
    """Show the form of a command, with what the link says of it."""
    given = dict(visit.query)
    if command == "edit-note" and "text" not in given:
        given["text"] = await note_as_it_is(visit, given)
    return await _form(visit, command, given, visit.new_key())


@pages.page("/do/{command}/found")
async def found(visit: Visit, command: str) -> View:
    """Show the clients of whom one is chosen for a field, as what is typed into it finds them."""
    path = visit.query.get("field", "")
    kind = VERBS.get(command, Verb()).finds.get(path)
    if kind is None or not visit.may(command):
        return View("unknown.html", visit.words("errors.unknown"), status=404)
    typed = visit.query.get(SOUGHT + path, "").strip()
    choices = await clients_found(visit, typed, kind)
    field = Field(path, label_of(path), "client", "", True, choices=choices, typed=typed)
    return View("found.html", visit.words(f"verb.{command}"), {"field": field})


@pages.form("/do/{command}")
async def do(visit: Visit, command: str) -> View | Gone:
    """Carry a command out and go to where it shows; refused, show the form with what was typed, and why."""
    verb, told, form = VERBS.get(command, Verb()), await _told(visit), visit.form
    if told.command(command) is None:
        return await _form(visit, command, form, form.get("key", ""))
    given = {name: value for name, value in form.items() if name not in OWN}
    fields = read(visit, told, command, verb, given)
    try:
        version = form.get("version") if verb.checks_version else None
        receipt = await visit.api.command(command, fields, form.get("key") or visit.new_key(), version)
    except RefusedError as refused:
        return await _form(visit, command, form, form.get("key", ""), refused)
    address = verb.opens(receipt) if verb.opens else own_address(form.get("to", ""))
    return Gone(address, receipt["position"])


async def _told(visit: Visit) -> Description:
    return Description(await visit.public("/openapi.json"))


async def _form(
    visit: Visit, command: str, given: Mapping[str, str], key: str, refused: RefusedError | None = None
) -> View:
    verb, told = VERBS.get(command), await _told(visit)
    if verb is None or not visit.may(command):
        return View("unknown.html", visit.words("errors.unknown"), status=404)
    fields = await fields_of(visit, told, command, verb, given, refused)
    shown = {field.name.replace(".", "/") for field in fields if field.wrong}
    elsewhere = told_elsewhere(refused, shown)
    hidden = hidden_of(told, command, verb, given)
    about = await subject_of(visit, command, hidden)
    title = visit.words(f"verb.{command}")
    version, conflict = given.get("version", ""), None
    if refused is not None and refused.status == CHANGED:
        conflict = await conflict_of(visit, about, version, refused, fields)
        # Sent once more, it is done all the same: whoever sends it has been told that another was faster.
        version = str(refused.problem.get("version", ""))
        # What another did already is not done again: what was written beside it would be lost.
        fields = [field.without(about.has if about else ()) for field in fields]
    return View(
        "verb.html",
        title,
        {
            "action": f"/console/do/{command}",
            "fields": fields,
            "hidden": hidden,
            "version": version if verb.checks_version else "",
            "key": key,
            "to": own_address(given.get("to", "")),
            "refused": refused,
            "elsewhere": elsewhere,
            "conflict": conflict,
            "about": about,
        },
        status=200 if refused is None else refused.status,
    )


def told_elsewhere(refused: RefusedError | None, shown: set[str]) -> list[str]:
    """Return what is wrong with fields that the form does not ask for."""
    errors = [] if refused is None else refused.problem.get("errors") or []
    pointed = ((str(error.get("pointer", "")).lstrip("/"), str(error.get("message", ""))) for error in errors)
    return [message for pointer, message in pointed if not any(pointer.startswith(name) for name in shown)]
