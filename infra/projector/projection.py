"""What a read model is: a row type, a key, a partition and a pure fold, with its table's DDL beside it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar
from uuid import UUID

RowT = TypeVar("RowT", bound=tuple[Any, ...])
Key = tuple[Any, ...]
Keys = Callable[..., Iterable[Key]]
Fold = Callable[[Any, Any, Key], Any]
_F = TypeVar("_F", bound=Fold)


class Fact(Protocol):
    """What the projector asks of an event: where it stands and whom it is about."""

    @property
    def position(self) -> int: ...
    @property
    def stream_id(self) -> UUID: ...
    @property
    def subject_id(self) -> UUID: ...


def own_stream(event: Fact) -> tuple[Key, ...]:
    """Key a row by the stream its events belong to."""
    return ((event.stream_id,),)


@dataclass(eq=False)
class Projection(Generic[RowT]):
    """One read model. `row` is a NamedTuple whose fields are the table's columns (all but `position`).

    Nothing in a row is ever changed in place.
    `key` names the fields that identify a row. `partition_by` names the envelope column by which workers share the
    rows: every event that touches one key must have the same value of it ("none": one worker folds all).
    `ddl` is the .sql beside the module: it creates the table {schema}.<name> (its PRIMARY KEY is `key`, and it has
    `position bigint NOT NULL`, which the projector fills), its indexes, and the view {schema}.<name>_view if the
    readers should see more than the bare rows; `{schema}` stands for the generation's schema.
    `version` changes when the fold means something else, `shape` when the columns do: readers select from
    read.<name>_v<shape>.
    """

    name: str
    row: type[RowT]
    key: tuple[str, ...]
    ddl: Path
    partition_by: Literal["stream", "subject", "none"] = "stream"
    version: int = 1
    shape: int = 1
    is_append_only: bool = False
    needs_parties: bool = False
    folds: dict[type[Any], tuple[Keys, Fold]] = field(default_factory=dict, repr=False)
    """For each kind of event, what gives the keys it touches and what folds it."""
    parts: dict[str, Any] = field(default_factory=dict, repr=False)
    """For the topics of which only some fields are looked at, the kind of event that has just these."""

    def on(
        self, *event_types: type[Any], keys: Keys = own_stream, reads: tuple[str, ...] | None = None
    ) -> Callable[[_F], _F]:
        """Register the pure fold `(row | None, event, key) -> row | None` for these kinds of events.

        `keys` gives the rows the event touches (none, one or several); returning None from the fold removes the row.
        The row is None when nothing is known under the key: a fold must not assume it has seen the first event.
        `reads` names all fields of the event that keys and fold look at: in a rebuild the others are not even read,
        nor is what is encrypted opened.
        """

        def register(fold: _F) -> _F:
            for event_type in event_types:
                assert event_type not in self.folds, f"{self.name} folds {event_type.__name__} twice"  # noqa: S101
                self.folds[event_type] = (keys, fold)
                if reads is not None:
                    part = self.parts[event_type.TOPIC] = event_type.part(*reads)
                    self.folds[part] = (keys, fold)
            return fold

        return register

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of a row's fields, in order."""
        names: tuple[str, ...] = self.row._fields  # type: ignore[attr-defined]  # a NamedTuple has them
        return names

    @property
    def topics(self) -> tuple[str, ...]:
        """The stored names of the events this read model folds, sorted."""
        return tuple(sorted({event_type.TOPIC for event_type in self.folds}))

    @property
    def topics_of_own_stream(self) -> tuple[str, ...]:
        """Those of the topics that are keyed by their own stream: they change the row of their stream and no other."""
        return tuple(sorted({kind.TOPIC for kind, (keys, _) in self.folds.items() if keys is own_stream}))

    def keys(self, event: Any) -> tuple[Key, ...]:
        """Return the keys of the rows this event touches."""
        return tuple(self.folds[type(event)][0](event))

    @cached_property
    def key_of(self) -> Callable[[Any], Key]:
        """What gives the key of a row."""
        places = [self.columns.index(name) for name in self.key]
        return itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))

    def fold(self, row: RowT | None, event: Any, key: Key) -> RowT | None:
        """Return the row as it stands after the event; None when there is no row any more."""
        result: RowT | None = self.folds[type(event)][1](row, event, key)
        return result
