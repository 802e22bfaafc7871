"""What an aggregate has folded so far, as bytes and back: a shortcut past the first facts of a long stream."""

from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

from pydantic import AfterValidator, BaseModel, PlainSerializer, create_model

from aggregates.base import Aggregate

A = TypeVar("A", bound=Aggregate)


def state_fields(kind: type[Aggregate]) -> dict[str, Any]:
    """Return of what the state of this kind of aggregate consists: the type of each attribute, by its name."""
    return {name: hint for name, hint in get_type_hints(kind).items() if get_origin(hint) is not ClassVar}


def to_state(aggregate: Aggregate) -> bytes:
    """Return what the aggregate has folded, as JSON; its id and version are for whoever keeps it."""
    state = _state_of(type(aggregate))
    known = vars(aggregate)
    return state.model_construct(**{name: known[name] for name in state.model_fields}).model_dump_json().encode()


def from_state(kind: type[A], stream_id: UUID, version: int, state: bytes) -> A:
    """Return the aggregate as it was at a version; raises pydantic.ValidationError for what is no state of its kind."""
    read = _state_of(kind).model_validate_json(state)
    aggregate = kind(stream_id)
    vars(aggregate).update(vars(read))
    aggregate.version = version
    return aggregate


def topic_of(kind: type[Aggregate]) -> str:
    """Return under which topic its snapshots are kept: its kind, and what the code was that folded it.

    A fold that was changed may come to another state from the same facts, so nothing is read that other code has kept.
    """
    return f"{kind.KIND}@{_present_code()}"


@cache
def _present_code() -> str:
    return fingerprint_of([files("aggregates"), files("events")])


def fingerprint_of(folders: Iterable[Traversable]) -> str:
    """Return what names the code in these folders and all below them: a change anywhere in it gives another name."""
    digest = sha256()
    for folder in folders:
        for path, source in sorted(_modules_below(folder)):
            digest.update(b"%b\0%b\0" % (path.encode(), source))
    return digest.hexdigest()[:16]


def _modules_below(folder: Traversable, path: str = "") -> Iterator[tuple[str, bytes]]:
    """Give the path and the text of every module in a folder and in the folders below it, in no order."""
    for entry in folder.iterdir():
        if entry.name.endswith(".py"):
            yield path + entry.name, entry.read_bytes()
        elif entry.is_dir():
            yield from _modules_below(entry, f"{path}{entry.name}/")


_states: dict[type[Aggregate], type[BaseModel]] = {}
"""The forms of states met so far; making one takes a millisecond."""


def _state_of(kind: type[Aggregate]) -> type[BaseModel]:
    state = _states.get(kind)
    if state is None:
        fields: dict[str, Any] = {name: (_in_json(hint), ...) for name, hint in state_fields(kind).items()}
        state = _states[kind] = create_model(f"{kind.__name__}State", __cls_kwargs__={"extra": "forbid"}, **fields)
    return state


def _in_json(hint: Any) -> Any:
    """Return the type as it is kept: JSON has no pairs for keys, so a dictionary of those becomes a list of pairs."""
    if get_origin(hint) is not dict or get_origin(get_args(hint)[0]) is not tuple:
        return hint
    key, value = get_args(hint)
    items = list[tuple[key, value]]  # type: ignore[valid-type] # known only now
    return Annotated[items, AfterValidator(dict), PlainSerializer(lambda pairs: list(pairs.items()), return_type=items)]
