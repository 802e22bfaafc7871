"""Looks at one file that was sent, in a process of its own (app.imports.looking begins it), and tells what it sees."""

import json
import resource
import sys
from pathlib import Path
from typing import Any

from app.imports.telling import tell_in
from commands.importing.guess import toml_of
from commands.importing.mapping import make_mapping
from commands.importing.own_fields import OwnField, named
from commands.importing.preview import guess_mapping, preview
from commands.importing.problems import MappingError
from commands.importing.targets import FIELDS
from infra.tables.faults import UnreadableFileError
from infra.told import WordedError

MOST_MEMORY = 1 << 30
"""Bytes the process may take; a workbook is read by another one, which has as much."""

MOST_ROWS = 10_000
"""Rows that are looked at: whatever is in the file, its first ones are shown soon."""


def main() -> None:
    """Tell what the file looks like that the input names, or why it does not."""
    asked = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told = _seen(asked)
    except WordedError as error:
        kind = "mapping" if isinstance(error, MappingError) else "file"
        told = {"fault": error.code, "kind": kind, "said": error.said(asked["language"])}
    except (MemoryError, RecursionError):
        much = UnreadableFileError("needs-too-much")
        told = {"fault": much.code, "kind": "file", "said": much.said(asked["language"])}
    print(json.dumps(told, ensure_ascii=False))


def _seen(asked: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping, given or guessed, and the first rows by it."""
    path, language, content = Path(asked["path"]), asked["language"], asked["mapping"]
    own = named(map(OwnField.model_validate, asked["own"]))
    if content is None:
        content = guess_mapping(path, asked["target"], asked["source"], own)
    mapping = make_mapping({"zone": asked["zone"], **content})
    seen = preview(path, mapping, tell_in(language), rows=asked["rows"], most=MOST_ROWS, own=own)
    told = {"mapping": content, "toml": toml_of(content), "target": mapping.target}
    filled = sorted(name for name, field in own.items() if mapping.target == "client" and not field.is_retired)
    return {**told, "preview": seen.as_dict(), "fields": [*sorted(FIELDS[mapping.target]), *filled]}
