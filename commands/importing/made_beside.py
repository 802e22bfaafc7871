"""What an import said beside the cards of clients: of those whom it entered, and of those who were there."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from commands.importing.made_by import BESIDE, CLIENT, Log, Made, pieces
from events.base import Event
from events.ids import fields_of, tags_of


class MadeBeside:
    """The streams beside cards on which the import recorded facts.

    `versions` has those on which nobody else recorded anything that stands, `of_others` those of clients who were
    there.
    """

    def __init__(self, log: Log, beside: Sequence[Made], entered: Iterable[UUID]) -> None:
        self.versions: dict[UUID, int] = {}
        for some in pieces([each.stream_id for each in beside]):
            self.versions |= log.own(some)
        with_entries = {of(each) for each in entered for of in (fields_of, tags_of)} if beside else set()
        self.of_others = [each for each in beside if each.stream_id not in with_entries]

    def with_entry(self, made: Made) -> dict[str, int]:
        """Return what is taken back with a client whom the import entered, as arguments of RevertClientEntry."""
        if made.noun != CLIENT or not self.versions:
            return {}
        found = {"fields_version": fields_of(made.stream_id), "tags_version": tags_of(made.stream_id)}
        return {name: self.versions[stream_id] for name, stream_id in found.items() if stream_id in self.versions}


def client_of(made: Made, told: Sequence[Event]) -> Made:
    """Return a client whose card the import updated, or beside whose card it said something."""
    if made.noun not in BESIDE:
        return made
    return made._replace(noun=CLIENT, stream_id=told[-1].client_id)  # type: ignore[attr-defined]  # each says of whom
