"""The kinds of aggregates there are: those of the nouns that `events.registry` lists."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from aggregates import base, entry, identity, money, note, unit
from aggregates.base import Aggregate
from events.registry import MODULES as NOUNS
from events.registry import declared_in

# The noun names the file in every package, so that a second list would only be a second place to forget.
MODULES: tuple[ModuleType, ...] = tuple(
    import_module(f"aggregates.{noun.__name__.rpartition('.')[2]}") for noun in NOUNS
)

KINDS: tuple[type[Aggregate], ...] = tuple(declared_in(MODULES, Aggregate))

WORDS: tuple[Path, ...] = tuple(
    Path(str(module.__file__)).with_suffix(".toml") for module in (base, entry, identity, money, note, unit, *MODULES)
)
"""Where the words of the rules stand: beside each module that may refuse something, if it may."""
