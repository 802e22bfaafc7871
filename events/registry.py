"""Everything that can happen, derived from the one list of nouns: what a noun's module declares is known here."""

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TypeVar

from events import (
    activity,
    api_key,
    branch,
    client,
    client_date,
    client_field,
    client_file,
    client_merge,
    client_pair,
    client_permission,
    client_relation,
    client_tag,
    custom_field,
    deal,
    import_run,
    login,
    pipeline,
    plan,
    portal_login,
    price_book,
    price_ladder,
    product,
    right,
    staff,
    tax_rate,
    team,
)
from events.base import UPCASTERS, Event
from events.examples import stream_of_example

T = TypeVar("T")

MODULES: tuple[ModuleType, ...] = (
    branch,
    team,
    staff,
    login,
    api_key,
    right,
    client,
    client_pair,
    client_date,
    client_file,
    client_permission,
    client_relation,
    client_tag,
    custom_field,
    client_field,
    client_merge,
    portal_login,
    activity,
    pipeline,
    deal,
    product,
    tax_rate,
    price_book,
    price_ladder,
    plan,
    import_run,
)
"""The nouns. A noun names its module in every package: here its facts, in `aggregates` its rules."""


def declared_in(modules: Iterable[ModuleType], base: type[T]) -> Iterator[type[T]]:
    """Give the subclasses of a class that these modules themselves define, in order."""
    for module in modules:
        for member in vars(module).values():
            if isinstance(member, type) and issubclass(member, base) and member.__module__ == module.__name__:
                yield member


EVENT_TYPES: tuple[type[Event], ...] = tuple(kind for kind in declared_in(MODULES, Event) if hasattr(kind, "TOPIC"))

for _kind in EVENT_TYPES:
    stream_of_example(_kind)  # a fact without an example is refused here, by name, and not where it is first told

__all__ = ["EVENT_TYPES", "MODULES", "UPCASTERS", "declared_in"]
