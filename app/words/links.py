"""The links of the interface: the reads that an id leads to which was sent or answered.

Whom an id names is what the facts and commands say of a field of its name (`events.ids`): `seller_id` is a staff
member wherever it stands. The id of a kind is asked for in paths as `{kind_id}`, and the noun of a command is the file
that it is declared in.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from commands.base import Command
from commands.registry import COMMANDS
from events.marks import ids_named
from events.registry import EVENT_TYPES

OF_ITSELF = "stream_id"
"""The id in a receipt: of what the command was about."""


def add_links(document: dict[str, Any]) -> None:
    """Say in the 200 of every command and read which reads its ids lead to, as OpenAPI's link objects."""
    reads = _Reads(document["paths"])
    for name, command in COMMANDS.items():
        operation = document["paths"][f"/commands/{name}"]["post"]
        reads.link(operation, "request", _single_ids(command))
        reads.link(operation, "response", {OF_ITSELF: _noun(command)})
    kinds = kinds_by_name()
    for path, operations in document["paths"].items():
        if "get" in operations and not path.startswith("/commands"):
            members = _members(document, operations["get"])
            reads.link(operations["get"], "response", {name: kinds[name] for name in members if name in kinds})


def _single_ids(command: type[Command]) -> dict[str, str]:
    """Return the fields of a command that are one id each, with the kind that it names."""
    return {name: mark.kind for name, mark in ids_named(command).items() if not name.endswith("_ids")}


def kinds_by_name() -> dict[str, str]:
    """Return which kind of stream a field names, by the field's name; a kind's own id is named after it."""
    marks = [ids_named(model) for model in (*EVENT_TYPES, *COMMANDS.values())]
    kinds = {name: mark.kind for fields in marks for name, mark in fields.items()}
    return kinds | {f"{kind}_id": kind for kind in kinds.values()}


def _noun(command: type[Command]) -> str:
    return command.__module__.rpartition(".")[2]


def _members(document: dict[str, Any], operation: dict[str, Any]) -> Iterable[str]:
    """Return the members of an answer that is one JSON object."""
    schema = operation["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
    named = schema.get("$ref", "").rpartition("/")[2]
    members: dict[str, Any] = document["components"]["schemas"].get(named, schema).get("properties", {})
    return members


class _Reads:
    """The reads that ask for one id in their path, by the kind that it names."""

    def __init__(self, paths: dict[str, Any]) -> None:
        self._of_kind: dict[str, dict[str, str]] = {}
        for path, operations in paths.items():
            asked = [part.strip("{}").removesuffix("_id") for part in path.split("/") if part.endswith("_id}")]
            if "get" in operations and len(asked) == 1:
                self._of_kind.setdefault(asked[0], {})[path] = operations["get"]["operationId"]

    def link(self, operation: dict[str, Any], body: str, ids: dict[str, str]) -> None:
        """Add to an operation where the members of a body lead that are ids, given with the kind that each names."""
        for member, kind in ids.items():
            for read in self._next(kind, operation["operationId"]):
                link = {"operationId": read, "parameters": {f"{kind}_id": f"${body}.body#/{member}"}}
                operation["responses"]["200"].setdefault("links", {})[f"{member}.{read}"] = link

    def _next(self, kind: str, asked: str) -> Iterator[str]:
        """Give the reads with the shortest path; to one who asked such a one, all the others by the same id."""
        known = self._of_kind.get(kind, {})
        shortest = min((path.count("/") for path in known), default=0)
        first = [read for path, read in known.items() if path.count("/") == shortest]
        yield from (read for read in known.values() if read != asked) if asked in first else first
