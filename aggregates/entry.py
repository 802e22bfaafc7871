"""What an import entered, and takes back when it is reverted: only what nobody has done anything with since."""

from typing import ClassVar
from uuid import UUID

from aggregates.base import Aggregate, Identity, RuleBrokenError
from events.base import Event
from events.entry import EntryReverted
from events.ids import revert_of


class EntryIsOfElsewhereError(RuleBrokenError):
    """Another import entered it, or people did; facts: kind, id."""

    code = "entry-is-of-elsewhere"


class EntryIsUsedError(RuleBrokenError):
    """Something was done with it since the import that entered it; facts: kind, id."""

    code = "entry-is-used"


class WithEntry(Aggregate):
    """A thing that may be entered by an import; ENTRY_REVERTED is the fact that it is taken back.

    `entered_in` is the matter (`correlation_id`) in which it was entered, an import's id; `used_by` are the matters of
    other imports that have said something of it, and are not reverted (`undone_by`: the matters of the reverts of those
    that are); `is_used`: somebody else did. What was taken
    back may be entered anew, and knows nothing of before.
    """

    ENTRY_REVERTED: ClassVar[type[EntryReverted]]
    PASSING: ClassVar[frozenset[type[Event]]] = frozenset()
    """Facts after whose end nothing is left of them: while they hold, the thing says so itself."""

    entered_in: UUID | None
    used_by: set[UUID]
    undone_by: set[UUID]
    is_used: bool
    is_reverted: bool

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "ENTRY_REVERTED"):
            cls._folds = {**cls._folds, cls.ENTRY_REVERTED: WithEntry._entry_reverted}

    def start(self) -> None:
        super().start()
        self.entered_in = None
        self.used_by = set()
        self.undone_by = set()
        self.is_used = self.is_reverted = False

    @property
    def exists(self) -> bool:
        """Whether it is there: recorded, and not taken back."""
        return self.version > 0 and not self.is_reverted

    def identities(self) -> frozenset[Identity]:
        """Return what it holds; what was taken back holds nothing."""
        return frozenset() if self.is_reverted else super().identities()

    def apply(self, event: Event) -> None:
        """Fold one recorded fact, and whether it is of the matter in which the thing was entered."""
        if self.is_reverted:
            self.start()
        super().apply(event)
        matter = event.envelope.correlation_id
        if matter != self.entered_in:
            self._in_another_matter(matter, event)

    def _in_another_matter(self, matter: UUID, event: Event) -> None:
        if self.entered_in is None:
            self.entered_in = matter
        elif self.is_reverted or self.is_used or type(event) in self.PASSING:
            return
        elif not event.envelope.actor.startswith("import:"):
            self.is_used = True
        elif any(matter == revert_of(each) for each in self.used_by):
            self.used_by = {each for each in self.used_by if matter != revert_of(each)}
            self.undone_by = {*self.undone_by, matter}
        elif matter not in {*self.undone_by, revert_of(self.entered_in)}:
            self.used_by = {*self.used_by, matter}

    def _entry_reverted(self, _: EntryReverted) -> None:
        self.is_reverted = True

    def check_entry(self, import_id: UUID) -> None:
        """Raise unless the import entered it and nobody has done anything with it since."""
        if self.entered_in != import_id:
            raise EntryIsOfElsewhereError(kind=self.KIND, id=self.id)
        if self.is_used or self.used_by:
            raise EntryIsUsedError(kind=self.KIND, id=self.id)

    def revert_entry(self, import_id: UUID, *, reason: str, **told: object) -> None:
        """Record that it is as if it had not been entered."""
        self.check_entry(import_id)
        self.trigger_event(self.ENTRY_REVERTED, import_id=import_id, reason=reason, **told)
