"""What the details of an entry in a client's story can be: the members of all facts that it tells, in one schema."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from app.words.for_generators import REF
from projections.parties.client_timeline import TOLD

NAME = "TimelineDetails"
BESIDE = frozenset({"staff_id", "channel", "direction"})
"""What a fact says that an entry tells beside its details."""

Schema = Mapping[str, Any]


def type_details(document: dict[str, Any]) -> None:
    """Give the details of a story's entries a schema of their own, which refers to no other one."""
    schemas = document["components"]["schemas"]
    if "TimelineEntry" in schemas:
        schemas[NAME] = _details()
        schemas["TimelineEntry"]["properties"]["details"] = {"$ref": REF.format(model=NAME)}


def _details() -> dict[str, Any]:
    found: dict[str, list[Any]] = defaultdict(list)
    for kind in TOLD:
        schema = kind.model_json_schema(mode="serialization")
        for name, member in _members(schema["properties"], schema.get("$defs", {})).items():
            if name not in BESIDE and member not in found[name]:
                found[name].append(member)
    return {
        "title": NAME,
        "type": "object",
        "description": "What the fact says, by its topic; what it does not say is left out.",
        "properties": {name: told[0] if len(told) == 1 else {"anyOf": told} for name, told in sorted(found.items())},
    }


def _members(properties: Schema, defined: Schema) -> dict[str, Any]:
    return {name: _written_out(member, defined) for name, member in properties.items()}


def _written_out(part: Any, defined: Schema) -> Any:
    """Return a part of a schema with what it refers to in its place; what is null is left out of every fact."""
    if isinstance(part, list):
        return [_written_out(each, defined) for each in part if each != {"type": "null"}]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _written_out(defined[part["$ref"].rpartition("/")[2]], defined)
    told = {name: _written_out(value, defined) for name, value in part.items() if name not in {"title", "default"}}
    if "properties" in part:
        told["properties"] = _members(part["properties"], defined)
    alternatives = told.get("anyOf", ())
    return alternatives[0] if len(alternatives) == 1 else told
