"""What the OpenAPI document needs so that clients are generated well from it, beyond what is true without it."""

from collections.abc import Iterator
from typing import Any

from app.words.messages import LABELS

REF = "#/components/schemas/{model}"


def name_lists(document: dict[str, Any]) -> None:
    """Put each list of words that `/labels` has under its name among the schemas, and refer to it everywhere else.

    A generator makes one type for each name, and one for each member whose words stand in the member itself.
    """
    schemas = document["components"]["schemas"]
    names = {frozenset(words): _type_name(name) for name, words in LABELS.items()}
    for schema in list(_inside(document)):
        name = names.get(frozenset(schema["enum"])) if "enum" in schema else None
        if name is None or schema is schemas.get(name):
            continue
        words = schema.pop("enum")
        schema.pop("type", None)
        # The name of the list says more than one made of the member's.
        schema.pop("title", None)
        schema["$ref"] = REF.format(model=name)
        schemas.setdefault(name, {"type": "string", "enum": words, "title": name})


def say_defaults(document: dict[str, Any]) -> None:
    """Say in words what a member is when it is left out.

    openapi-typescript takes a member with a `default` for one that is always there, and would have callers send it.
    """
    for schema in document["components"]["schemas"].values():
        for member in schema.get("properties", {}).values():
            default = member.pop("default", None)
            if default is not None and default != []:
                member["description"] = f"{member.get('description', '')} Default: {_said(default)}.".lstrip()


def _said(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _type_name(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _inside(part: Any) -> Iterator[dict[str, Any]]:
    """Give every object in a part of the document, those inside an object after it."""
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from _inside(value)
    elif isinstance(part, list):
        for value in part:
            yield from _inside(value)
