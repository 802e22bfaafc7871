"""What a team and a branch have in common: a name that is theirs alone, a head, and an end."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError
from events.base import Event


class UnitIsClosedError(RuleBrokenError):
    """The team or branch was closed; facts: kind, id, name."""

    code = "unit-is-closed"


class UnitNameTakenError(RuleBrokenError):
    """Another team, or branch, has the name; facts: kind, name, id (the other's)."""

    code = "unit-name-taken"


class UnitFacts(NamedTuple):
    """The facts of one kind of unit, and under which id one of a name is opened."""

    id_of: Callable[[str], UUID]
    opened: type[Event]
    renamed: type[Event]
    name_taken: type[Event]
    moved_under_head: type[Event]
    closed: type[Event]


class Unit(Aggregate):
    """A named part of the company. The stream of a name it took later only says whose name that is (`stands_for`)."""

    FACTS: ClassVar[UnitFacts]

    name: str
    head_id: UUID | None
    is_closed: bool
    stands_for: UUID | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        folds = (Unit._opened, Unit._renamed, Unit._name_taken, Unit._moved_under_head, Unit._closed)
        cls._folds = dict(zip(cls.FACTS[1:], folds, strict=True))

    @classmethod
    def id_of(cls, name: str) -> UUID:
        """Return under which id a unit of this name is opened."""
        return cls.FACTS.id_of(name)

    def start(self) -> None:
        self.name = ""
        self.head_id = self.stands_for = None
        self.is_closed = False

    @property
    def was_opened(self) -> bool:
        """Whether there is, or was, such a unit, and not only another one that took its name."""
        return bool(self.name)

    def check_open(self) -> None:
        """Raise UnitIsClosedError when the unit was closed."""
        if self.is_closed:
            raise UnitIsClosedError(kind=self.KIND, id=self.id, name=self.name)

    def open(self, *, name: str, head_id: UUID | None = None) -> None:
        """Record that there is a new unit, or that a closed one is opened again; raises UnitNameTakenError."""
        if self.stands_for is not None or (self.exists and not self.is_closed):
            raise UnitNameTakenError(kind=self.KIND, name=name, id=self.stands_for or self.id)
        self.trigger_event(self.FACTS.opened, name=name, head_id=head_id)

    def rename(self, name: str, of_name: "Unit") -> None:
        """Record another name, and on that name's own stream (`of_name`) whose it is; the present one records nothing.

        Raises UnitNameTakenError when the name is another unit's.
        """
        if name == self.name:
            return
        self.check_open()
        holder = of_name.stands_for or (of_name.id if of_name.exists else None)
        if holder not in {None, self.id}:
            raise UnitNameTakenError(kind=self.KIND, name=name, id=holder)
        self.trigger_event(self.FACTS.renamed, from_name=self.name, to_name=name)
        if holder is None and of_name is not self:
            of_name.trigger_event(self.FACTS.name_taken, **{f"{self.KIND}_id": self.id})

    def move_under_head(self, head_id: UUID | None, *, reason: str | None = None) -> None:
        """Record another head; the present one records nothing."""
        if head_id == self.head_id:
            return
        self.check_open()
        self.trigger_event(self.FACTS.moved_under_head, from_head_id=self.head_id, to_head_id=head_id, reason=reason)

    def close(self, *, reason: str) -> None:
        """Record that the unit is no more; a closed one records nothing."""
        if self.is_closed:
            return
        self.trigger_event(self.FACTS.closed, reason=reason)

    def _opened(self, event: Any) -> None:
        self.name, self.head_id, self.is_closed = event.name, event.head_id, False

    def _renamed(self, event: Any) -> None:
        self.name = event.to_name

    def _name_taken(self, event: Any) -> None:
        self.stands_for = getattr(event, f"{self.KIND}_id")

    def _moved_under_head(self, event: Any) -> None:
        self.head_id = event.to_head_id

    def _closed(self, _: Any) -> None:
        self.is_closed = True
