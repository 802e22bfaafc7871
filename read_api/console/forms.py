"""Forms of commands: drawn from the API's description of them, and read back into what the API takes."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from read_api.console.calling import RefusedError
from read_api.console.choices import SOURCES, Choices, client_chosen, clients_found
from read_api.console.verbs import Verb
from read_api.console.visit import Visit

LONG = 200
"""A text that may be longer than this is written on several lines."""

FEW = 4
"""So many choices are shown at once, side by side; more are chosen from a list."""

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A field as it is drawn; `kind` says how, `label` names its words, `typed` finds what is chosen from."""

    name: str
    label: str
    kind: str
    value: str
    is_required: bool = False
    longest: int | None = None
    choices: Choices = ()
    wrong: str | None = None
    typed: str = ""

    @property
    def id(self) -> str:
        """What the field is called in the page."""
        return f"f-{self.name.replace('.', '-')}"

    def without(self, had: Collection[str | None]) -> "Field":
        """Return it, if it says where something goes, without where that is already: it would change nothing."""
        if not self.name.startswith("to_"):
            return self
        return replace(self, choices=[each for each in self.choices if each[0] not in had])


class Description:
    """What the API says of its commands (OpenAPI), or of what else is asked for at a `place`."""

    def __init__(self, document: Schema, place: str = "/commands") -> None:
        self._document = document
        self._place = place

    def command(self, name: str) -> Schema | None:
        """Return the schema of a command's fields; None of what is no command."""
        found = self._document["paths"].get(f"{self._place}/{name}")
        if found is None:
            return None
        return self.whole(found["post"]["requestBody"]["content"]["application/json"]["schema"])[0]

    def whole(self, schema: Schema) -> tuple[Schema, str | None]:
        """Return what a schema refers to, and the name of that; what may be nothing is told without the nothing."""
        name = None
        while True:
            if "anyOf" in schema:
                schema = next(one for one in schema["anyOf"] if one.get("type") != "null")
            elif "$ref" in schema:
                name = schema["$ref"].rpartition("/")[2]
                schema = self._document["components"]["schemas"][name]
            else:
                return schema, name

    def field(self, command: Schema, path: str) -> tuple[Schema, str | None, bool]:
        """Return the schema of a field of a command, the name of its list, and whether it is required."""
        schema, name, required = command, None, True
        for part in path.split("."):
            if part.isdigit():
                required = required and int(part) < schema.get("minItems", 0)
                schema, name = self.whole(schema["items"])
            else:
                member = schema["properties"][part]
                required = required and part in schema.get("required", ()) and not _may_be_nothing(member)
                schema, name = self.whole(member)
        return schema, name, required


def _may_be_nothing(schema: Schema) -> bool:
    return any(one.get("type") == "null" for one in schema.get("anyOf", ()))


NUMBERS = ("amount.amount", "price.amount", "from_quantity")
"""How the names of fields end in which a number is typed as people write it."""

ROAD = "pipeline_id"

SOUGHT = "q."
"""Before the name of a field that a client is chosen for: the words that find them."""

REMINDERS = ("PT15M", "PT1H", "PT3H", "P1D")


async def fields_of(
    visit: Visit, told: Description, name: str, verb: Verb, given: Mapping[str, str], refused: RefusedError | None
) -> list[Field]:
    """Return the fields of a command's form with what was given; of a refused one with what is wrong."""
    command = told.command(name) or {}
    known = {**verb.given, **given}
    drawn = [await _field(visit, told, command, verb, path, known, refused) for path in _asked(verb, given)]
    return [
        replace(
            field,
            label=verb.called.get(field.name, field.label),
            is_required=field.is_required or field.name in verb.must,
        )
        for field in drawn
    ]


def _asked(verb: Verb, given: Mapping[str, str]) -> list[str]:
    """Return the fields that a form asks for: not for a client whom the link names already."""
    return [path for path in verb.fields if path not in verb.finds or not given.get(path) or SOUGHT + path in given]


async def _field(
    visit: Visit,
    told: Description,
    command: Schema,
    verb: Verb,
    path: str,
    given: Mapping[str, str],
    refused: RefusedError | None,
) -> Field:
    value = given.get(path, "")
    schema, listed, required = told.field(command, path)
    label = label_of(path)
    wrong = None if refused is None else refused.at(path.replace(".", "/"))
    longest = schema.get("maxLength")
    if path in verb.finds:
        typed = given.get(SOUGHT + path, "").strip()
        found = await clients_found(visit, typed, verb.finds[path])
        found = found if value in {"", *(one[0] for one in found)} else [*await client_chosen(visit, value), *found]
        return Field(path, label, "client", value, required, choices=found, wrong=wrong, typed=typed)
    if path in SOURCES:
        choices = await SOURCES[path](visit, given)
        if path == ROAD and choices:
            # Of one pipeline there is nothing to ask, and of several the first is the usual one.
            value = value or choices[0][0]
            if len(choices) == 1:
                return Field(path, label, "given", value)
        kind = "few" if required and 0 < len(choices) <= FEW else "choice"
        return Field(path, label, kind, value, required, choices=choices, wrong=wrong)
    if path == "remind_before":
        choices = [(each, visit.words(f"reminder.{each}")) for each in REMINDERS]
        return Field(path, label, "choice", value, required, choices=choices, wrong=wrong)
    if "enum" in schema:
        labels = visit.words.labels_of(_list_named(listed or _LISTS.get(path, path)))
        choices = [(word, labels.get(word, word)) for word in schema["enum"]]
        kind = "few" if len(choices) <= FEW else "choice"
        return Field(path, label, kind, value, required, choices=choices, wrong=wrong)
    kind = _kind_of(schema, longest)
    return Field(path, label, kind, value, required, longest, wrong=wrong)


def label_of(path: str) -> str:
    """Return the name of a field's words; those after the first ones of a list are told apart from them."""
    named = path.replace("contact_points.0", "point").replace("contact_points", "other_point")
    named = named.removeprefix("to_") if named.startswith("to_point.") else named
    parts = named.replace("stages", "stage").replace("targets", "target").replace("tiers", "tier").split(".")
    return ".".join(part for part in parts if not part.isdigit())


_LISTS = {"category": "forecast_category", "cause": "ownership_cause", "reason_code": "loss_reason"}
"""Lists of fields that have only some of their words, and so no name of their own in the description."""


def _list_named(kind: str) -> str:
    """Return what a list is called among the labels: `ClientKind` is client_kind."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind).lstrip("_")


def _kind_of(schema: Schema, longest: int | None) -> str:
    match schema.get("type"), schema.get("format"):
        case "boolean", _:
            return "yes"
        case "integer" | "number", _:
            return "number"
        case _, "date-time":
            return "moment"
        case _, "date":
            return "day"
        case _:
            return (
                "text"
                if longest is not None
                and longest > LONG
                and "pattern" in schema
                and schema["pattern"].startswith("^[^")
                else "line"
            )


def hidden_of(told: Description, name: str, verb: Verb, given: Mapping[str, str]) -> dict[str, str]:
    """Return what came with the link and is not asked for: which client, which deal."""
    known = (told.command(name) or {}).get("properties", {})
    asked = _asked(verb, given)
    return {field: value for field, value in given.items() if field.partition(".")[0] in known and field not in asked}


def read(visit: Visit, told: Description, name: str, verb: Verb, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a command as the API takes them; what was left empty is left out, unless that empties it."""
    command = told.command(name) or {}
    fields: dict[str, Any] = {}
    for path, value in given.items():
        if path.partition(".")[0] in command["properties"] and value.strip():
            _put(fields, path.split("."), _value(visit, told.field(command, path)[0], value.strip(), path))
        elif verb.empties and path in verb.fields:
            _put(fields, path.split("."), None)
    # A currency by itself is worth nothing.
    unsaid = {part: None for part, value in fields.items() if _is_unsaid(value)}
    fields = {part: _said(value) for part, value in fields.items()}
    said = {part: value for part, value in fields.items() if part not in unsaid}
    return dict(_tidy({**said, **(unsaid if verb.empties else {})}))


def _is_unsaid(value: Any) -> bool:
    return isinstance(value, dict) and "currency" in value and not value.get("amount")


def _said(value: Any) -> Any:
    """Return a value without the amounts in it of which only the currency is said."""
    if not isinstance(value, dict):
        return value
    return {name: _said(part) for name, part in value.items() if not _is_unsaid(part)}


def _value(visit: Visit, schema: Schema, value: str, path: str) -> Any:
    if path.endswith(NUMBERS):
        # As people write it: with spaces between thousands, and a comma before the decimals.
        return "".join(value.split()).replace(",", ".")
    match schema.get("type"), schema.get("format"):
        case "boolean", _:
            return value == "true"
        case "integer", _:
            return int(value) if value.lstrip("-").isdigit() else value
        case "number", _:
            return _number(value)
        case _, "date-time":
            return _moment(visit, value)
        case _:
            return value.replace("\r\n", "\n")


def _number(value: str) -> float | str:
    """Return a number as the API takes it, with a comma or a point before the decimals; what is none stays as it is."""
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return value


def _moment(visit: Visit, value: str) -> str:
    """Return a moment that was given by the company's clocks as the API takes it; what is none stays as it is."""
    try:
        given = datetime.fromisoformat(value)
    except ValueError:
        return value
    return (given if given.tzinfo else given.replace(tzinfo=visit.words.zone)).astimezone(UTC).isoformat()


def _put(place: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        place = place.setdefault(part, {})
    place[path[-1]] = value


def _tidy(fields: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give each field; what has numbers for names is a list, without that of which only the kind is said."""
    for name, value in fields.items():
        if isinstance(value, dict) and all(part.isdigit() for part in value):
            yield name, [each for _, each in sorted(value.items()) if each.keys() - {"kind", "metric"}]
        else:
            yield name, value
