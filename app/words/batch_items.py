"""What the items of a batch can be: one schema for each command, told apart by its name, so that clients build them."""

from typing import Any

from app.words.for_generators import REF
from commands.registry import COMMANDS

NAME = "BatchItem"


def type_items(document: dict[str, Any]) -> None:
    """Say what `data` is of each command in a batch.

    What is wrong in one is told in its own place of the answer, which is 200 unless the batch is atomic.
    """
    schemas = document["components"]["schemas"]
    item, mapping = schemas[NAME], {}
    for name, kind in sorted(COMMANDS.items()):
        title = f"{kind.__name__}Item"
        members = {
            **item["properties"],
            "command": {"type": "string", "const": name},
            "data": {"$ref": REF.format(model=kind.__name__)},
        }
        schemas[title] = {**item, "title": title, "description": f"`{name}` in a batch.", "properties": members}
        mapping[name] = REF.format(model=title)
    schemas[NAME] = {
        "title": NAME,
        "description": item["description"],
        "oneOf": [{"$ref": reference} for reference in mapping.values()],
        "discriminator": {"propertyName": "command", "mapping": mapping},
    }
