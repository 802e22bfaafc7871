"""The gate every change of a fact goes through: what its class can read, as JSON Schema, and whether that got less."""

from collections.abc import Iterator
from typing import Any

from events.base import Event

Schema = dict[str, Any]


def schema_of(kind: type[Event]) -> Schema:
    """Return what this class can read, without the words for people, and which fields are encrypted."""
    schema: Schema = _without_words(kind.model_json_schema())
    return {**schema, "personal": sorted(kind.PERSONAL_FIELDS)}


def _without_words(node: Any, *, is_schema: bool = True) -> Any:
    if isinstance(node, list):
        return [_without_words(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _without_words(value, is_schema=not (is_schema and name in {"properties", "$defs"}))
        for name, value in node.items()
        if not (is_schema and name in {"title", "description"})
    }


def losses(old: Schema, new: Schema, at: str = "") -> Iterator[str]:
    """Tell, one sentence each, what of the old schema is not read, or does not mean the same, under the new one."""
    before, after = _alternatives(old), _alternatives(new)
    if old.get("default") != new.get("default") and "default" in old:
        yield f"{at or '/'}: the default {old['default']!r} is {new.get('default', 'gone')!r} now"
    if all(each in after for each in before):
        return
    if len(before) != 1 or len(after) != 1:
        yield f"{at or '/'}: {before} became {after}"
        return
    yield from _lost_in(before[0], after[0], at)


def _alternatives(schema: Schema) -> list[Schema]:
    return schema.get("anyOf") or [{name: value for name, value in schema.items() if name != "default"}]


def _lost_in(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{at}/{name} must be there now, and was not always"
    for name in sorted(set(old.get("personal", ())) - set(new.get("personal", ()))):
        yield f"{at}/{name} is not personal any more: what is encrypted would stay so"
    for value in old.get("enum", ()):
        if value not in new.get("enum", ()):
            yield f"{at or '/'}: the value {value!r} is gone"
    for group, prefix in (("properties", at), ("$defs", "#")):
        present = new.get(group, {})
        for name, schema in old.get(group, {}).items():
            if name in present:
                yield from losses(schema, present[name], f"{prefix}/{name}")
            else:
                yield f"{prefix}/{name} is gone"
    compared = {"required", "personal", "enum", "properties", "$defs"}
    for name in sorted((set(old) | set(new)) - compared):
        if old.get(name) != new.get(name):
            yield f"{at or '/'}: {name} was {old.get(name)!r} and is {new.get(name)!r}"
