"""What is frozen once it is written: the stored forms of facts, their schemas and parties, the columns of read models.

`make freeze` writes the files of what is new; what is frozen already and differs is refused, with what to do instead.
"""

import json
import sys
from pathlib import Path
from typing import Any, get_type_hints

from aggregates.base import Aggregate
from aggregates.registry import KINDS
from events.base import Event
from events.examples import example_of
from events.registry import EVENT_TYPES
from infra.projector.projection import Projection
from projections.registry import PROJECTIONS
from tests import examples
from tests.events.schema_gate import losses, schema_of
from tests.rights_page import PAGE, page
from tests.story import given, on

HERE = Path(__file__).parent
GOLDEN = HERE / "events" / "golden"
SCHEMAS = HERE / "events" / "schemas"
PARTIES = HERE / "aggregates" / "parties"
SHAPES = HERE / "projections" / "shapes"

STREAM = examples.OTHER_SALE
NAMES = {value: name for name, value in vars(examples).items() if isinstance(value, type(STREAM))}
NAMES[STREAM] = "its own stream"

NEEDS = {"contact_point_removed": "contact_point_added", "note_edited": "noted", "note_withdrawn": "noted"}
"""What has to have happened before: only what is there can be changed and taken away."""

NEW = "{what} is new: `make freeze` writes {file}. Look at it well: it stays as it is for ever."
LOST = """
{name} cannot read, or reads differently, what is stored as {topic} v{version}, and what is stored will not change:
  {losses}
Put the old fields back and add new ones beside them, optional, with the old meaning as their default. If that is not
what you want: raise SCHEMA_VERSION of {name} to {next_version}, write beside it what reads the old form, as
`@upcasts({name}, {version})`, keep the schema and the golden payloads of version {version}, and run `make freeze`."""
WIDENED = (
    "{name} can read more than before, and all it could read: `make freeze` renews {file} and adds the new form."
    " Programs of an older Letopis will not read the new form: upgrade them all before it is written."
)
OTHER_PARTIES = "{topic} concerned {kept}, and would concern {told} now. What is stored will not change: put it back."
OTHER_SHAPE = (
    "The columns of {name} are not those of shape {shape} any more, and readers of an older version select those:"
    " raise `shape` of the projection to {next_shape}, name read.{name}_v{next_shape} in the statements, and run"
    " `make freeze`."
)


class FrozenError(Exception):
    """What is frozen was changed; says what to do instead."""


# --- stored forms and schemas ----------------------------------------------------------------------------------------


def golden_files(topic: str) -> list[Path]:
    """Return the stored forms of a kind of fact, oldest first."""
    return sorted(GOLDEN.glob(f"{topic}.v*.json"))


def version_of(path: Path) -> int:
    """Read the schema version from `topic.v1.json`, or from `topic.v1.2.json`, its second form."""
    return int(path.name.removesuffix(".json").split(".v", 1)[1].split(".")[0])


def form_of(kind: type[Event]) -> tuple[Path, str] | None:
    """Return the file and text of the form in which a fact is stored now; None when it is kept already."""
    text = example_of(kind).model_dump_json(indent=2)
    kept = [path for path in golden_files(kind.TOPIC) if version_of(path) == kind.SCHEMA_VERSION]
    if json.loads(text) in [json.loads(path.read_text()) for path in kept]:
        return None
    number = f".{len(kept) + 1}" if kept else ""
    return GOLDEN / f"{kind.TOPIC}.v{kind.SCHEMA_VERSION}{number}.json", text


def schema_file(topic: str, version: int) -> Path:
    """Return where the schema of a version of a fact is kept."""
    return SCHEMAS / f"{topic}.v{version}.json"


def schema_text(kind: type[Event]) -> str:
    """Return what a class can read now, as it is kept."""
    return json.dumps(schema_of(kind), indent=1)


def loss_of(kind: type[Event], kept: dict[str, Any]) -> str | None:
    """Return what to do about a class that reads less than its kept schema says; None when it does not."""
    lost = list(losses(kept, schema_of(kind)))
    if not lost:
        return None
    told = {"name": kind.__name__, "topic": kind.TOPIC, "version": kind.SCHEMA_VERSION}
    return LOST.format(**told, next_version=kind.SCHEMA_VERSION + 1, losses="\n  ".join(lost))


# --- parties ---------------------------------------------------------------------------------------------------------


def kind_of(event: Event) -> type[Aggregate]:
    """Return the aggregate whose fact it is; raises FrozenError when none folds it."""
    for kind in KINDS:
        if kind(STREAM).knows(event):
            return kind
    raise FrozenError(f"No aggregate folds {event.TOPIC}: one aggregate folds it, in a method marked `@applies`.")


def recorded(event: Event) -> Event:
    """Return the fact as its aggregate records it: on an empty stream, or after what has to have happened before."""
    kind = kind_of(event)
    opening = next(each for each in examples.EVENTS if kind_of(each) is kind)
    before = [] if type(event) is type(opening) else [opening]
    noun, _, what = event.TOPIC.partition(".")
    if what in NEEDS:
        before.append(examples.example_by(f"{noun}.{NEEDS[what]}"))
    story = given(on(STREAM, *before))
    story.when_asked(kind, STREAM, lambda aggregate: aggregate.trigger_event(type(event), **dict(event)))
    return story.recorded[0]


def parties_told(event: Event) -> dict[str, object]:
    """Return whom the example of a fact is about and whom it concerns, by the names of the examples."""
    fact = recorded(event)
    return {"subject": NAMES[fact.subject_id], "parties": [NAMES[party] for party in fact.parties]}


def parties_kept() -> dict[str, dict[str, object]]:
    """Return the same as it was frozen, by topic."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in PARTIES.glob("*.json")}


def parties_expected(event: Event, kept: dict[str, dict[str, object]]) -> dict[str, object] | None:
    """Return what is frozen of a fact; of one that names nobody, what is frozen of the first fact of its stream."""
    if event.TOPIC in kept or event.PARTY_FIELDS:
        return kept.get(event.TOPIC)
    opening = next(each for each in examples.EVENTS if kind_of(each) is kind_of(event))
    return kept.get(opening.TOPIC)


# --- the columns of read models --------------------------------------------------------------------------------------


def shape_file(projection: Projection[Any]) -> Path:
    """Return where the columns of a read model's present shape are kept."""
    return SHAPES / f"{projection.name}_v{projection.shape}.json"


def shape_text(projection: Projection[Any]) -> str:
    """Return the columns of a read model with their types, and the statement of its readers' view if it has one."""
    hints = get_type_hints(projection.row)
    columns = {name: str(hint).removeprefix("<class '").removesuffix("'>") for name, hint in hints.items()}
    ddl = projection.ddl.read_text("utf-8")
    view = ddl[ddl.index("CREATE VIEW") :].split() if "CREATE VIEW" in ddl else []
    return json.dumps({"columns": columns, "view": " ".join(view)}, indent=1)


# --- make freeze -----------------------------------------------------------------------------------------------------


def freeze() -> list[Path]:
    """Write what is new and return the files; raises FrozenError, and writes nothing, where what is frozen differs."""
    refused: list[str] = []
    written: dict[Path, str] = {}
    for kind in EVENT_TYPES:
        file = schema_file(kind.TOPIC, kind.SCHEMA_VERSION)
        loss = loss_of(kind, json.loads(file.read_text())) if file.exists() else None
        if loss is not None:
            refused.append(loss)
            continue
        form = form_of(kind)
        written.update([form] if form else [])
        written[file] = schema_text(kind)
    parties = parties_kept()
    for event in examples.EVENTS:
        told = parties_told(event)
        kept = parties_expected(event, parties)
        if kept is None:
            written[PARTIES / f"{event.TOPIC}.json"] = json.dumps(told)
        elif kept != told:
            refused.append(OTHER_PARTIES.format(topic=event.TOPIC, kept=kept, told=told))
    for projection in PROJECTIONS:
        file, text = shape_file(projection), shape_text(projection)
        if file.exists() and json.loads(file.read_text()) != json.loads(text):
            refused.append(OTHER_SHAPE.format(**shape_named(projection)))
        written[file] = text
    if refused:
        raise FrozenError("\n".join(refused))
    written[PAGE] = page()
    changed = [path for path, text in written.items() if not path.exists() or path.read_text().strip() != text.strip()]
    for path in changed:
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{written[path].strip()}\n", encoding="utf-8")
    return changed


def shape_named(projection: Projection[Any]) -> dict[str, Any]:
    """Return what the remedy for changed columns names."""
    return {"name": projection.name, "shape": projection.shape, "next_shape": projection.shape + 1}


def main() -> None:
    """Freeze, and say what was written."""
    try:
        for path in freeze():
            print(f"frozen: {path.relative_to(HERE.parent)}")
    except FrozenError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
