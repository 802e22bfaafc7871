"""Whatever declares something is in its layer's one list: a module that is forgotten there is found here, by name."""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import APIRouter

import commands.registry
import events.registry
import projections.registry
import read_api.door
from commands.base import HANDLERS, Command
from events.base import Event
from events.examples import NoExampleError, require_example
from infra.analytics.fact_schema import FactTable
from infra.projector.projection import Projection

ROOT = Path(__file__).resolve().parent.parent
LISTS: dict[str, tuple[ModuleType, Iterable[ModuleType]]] = {
    "events": (events.registry, events.registry.MODULES),
    "commands": (commands.registry, commands.registry.MODULES),
    "projections": (projections.registry, projections.registry.MODULES),
    "read_api": (read_api.door, read_api.door.MODULES),
}


def declares(module: ModuleType) -> bool:
    """Tell whether a module declares facts, commands, read models, fact tables or questions of its own."""
    for member in vars(module).values():
        if isinstance(member, APIRouter | Projection | FactTable):
            return True
        is_own = isinstance(member, type) and member.__module__ == module.__name__
        if is_own and issubclass(member, Event) and "TOPIC" in vars(member):
            return True
        if is_own and issubclass(member, Command) and member in HANDLERS:
            return True
    return False


def modules_on_disk(layer: str) -> list[str]:
    """Return the nouns of a layer: what lies beside its list, or in the folder of a context."""
    machinery = {"execution", "policies", "importing", "reading", "analytics"}
    paths = [path for path in (ROOT / layer).rglob("*.py") if not machinery & set(path.relative_to(ROOT).parts)]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths if path.stem != "__init__"]


@pytest.mark.parametrize("layer", LISTS)
def test_a_module_that_declares_something_is_in_its_layers_list(layer: str) -> None:
    registry, listed = LISTS[layer]
    known = {module.__name__ for module in listed}
    there = {name for name in modules_on_disk(layer) if declares(import_module(name))}
    assert there >= known
    assert not there - known - {registry.__name__}, (
        f"{sorted(there - known)} is not in MODULES of {registry.__name__}: nobody would ever hear of it."
    )


def test_a_command_that_has_an_example_has_a_handler() -> None:
    left_out = []
    for kind in events.registry.declared_in(commands.registry.MODULES, Command):
        try:
            require_example(kind)
        except NoExampleError:
            continue  # what others are derived from
        if kind not in HANDLERS:
            left_out.append(kind.__name__)
    assert not left_out, f"{left_out}: write what carries it out beside it, marked `@handles`."
