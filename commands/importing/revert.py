"""Reverting an import: what it made and nobody has used since is taken back by new facts, the rest is told.

Nothing is remembered of how far a revert has come: what is taken back says so itself. So one that was killed goes on
when it is run again, and one that had come through does nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from aggregates.base import DomainError, NotFoundError
from aggregates.entry import EntryIsOfElsewhereError, EntryIsUsedError
from commands.base import Command
from commands.errors import ContendedError, DuplicateClientError, PreconditionFailedError, RequestError
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer, PendingCommand
from commands.import_revert import (
    FinishRevert,
    RevertActivityEntry,
    RevertClientEntry,
    RevertDealEntry,
    RevertImport,
)
from commands.importing.before import LIFECYCLE, OF_DEALS, OWNER, TAX_ID, Known, known_before
from commands.importing.made_beside import MadeBeside, client_of
from commands.importing.made_by import ACTIVITY, BESIDE, CLIENT, DEAL, Deed, Log, Made, pieces
from commands.importing.one_at_a_time import running
from commands.importing.problems import ImportRefusedError
from commands.importing.reverted import ENTRY, SAID_SINCE, UPDATE, RevertReport, Stays, called, deed_of
from commands.importing.run import Progress, WriteDoor, carry_out, importing_actor
from events.base import Event
from events.ids import revert_of
from events.import_run import ImportStarted
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import read_streams

ENTRIES: Mapping[str, tuple[type[Command], str]] = {
    ACTIVITY: (RevertActivityEntry, "activity_id"),
    DEAL: (RevertDealEntry, "deal_id"),
    CLIENT: (RevertClientEntry, "client_id"),
}
"""What takes back a thing of each kind; those that are about others come before these."""

OWN = frozenset({"import", "import_source"})
"""The import's own streams: no things that it made."""

Decode = Callable[[RecordedEvent], Event]


def revert_import(
    import_id: UUID,
    door: WriteDoor,
    decode: Decode,
    *,
    reason: str,
    asked_by: str | None = None,
    is_dry: bool = False,
    progress: Progress | None = None,
) -> RevertReport:
    """Take back what an import made and return the account; a second time it does nothing.

    `is_dry` only says in the report that the door stores nothing (see rehearsal). Raises ImportRefusedError when there
    is no such import, or while one runs, and psycopg.OperationalError when the log stays out of reach; run it again.
    """
    with nullcontext() if is_dry else running(door.borrow, alone=True):
        revert = Revert(import_id, door, decode, reason, progress)
        revert.report.is_dry = is_dry
        return revert.carried_out(asked_by)


class _Update(NamedTuple):
    """A client whom the import updated, on which stream of theirs, and what was known before."""

    client: Made
    made: Made
    known: Known


class Revert:
    """One revert on its way."""

    def __init__(
        self, import_id: UUID, door: WriteDoor, decode: Decode, reason: str, progress: Progress | None = None
    ) -> None:
        self._import_id = import_id
        self._door = door
        self._decode = decode
        self._reason = reason
        self._progress = progress
        self._log = Log(door.borrow, import_id)
        self._gone: set[int] = set()
        self._restored: set[int] = set()
        self._beside = MadeBeside(self._log, (), ())
        self._again: list[PendingCommand] = []
        self._total = self._done = 0
        self.report = RevertReport(import_id)

    def carried_out(self, asked_by: str | None) -> RevertReport:
        """Take back what can be, and return the account."""
        started = time.monotonic()
        began = next((event for event in self._facts([self._import_id]).get(self._import_id, ())), None)
        if not isinstance(began, ImportStarted):
            raise ImportRefusedError("no-such-import", id=self._import_id)
        self.report.source = began.source
        self._ask(RevertImport(import_id=self._import_id, reason=self._reason, asked_by=asked_by))
        made = [each for each in self._log.made() if each.noun not in OWN]
        self.report.remains.update(each.noun for each in made if each.noun not in {*ENTRIES, *BESIDE})
        beside = [each for each in made if each.noun in BESIDE]
        made = [each for each in made if each.noun in ENTRIES]
        self._beside = MadeBeside(self._log, beside, (each.stream_id for each in made if each.is_entered))
        self._gone |= {each.int for each in self._beside.versions}
        updated = self._beside.of_others
        self._total = len(made) + len(updated)
        for noun in ENTRIES:
            self._take_back(noun, [each for each in made if each.noun == noun and each.is_entered])
        self._put_back([*(each for each in made if not each.is_entered), *updated])
        self._say_who()
        report = self.report
        gone, restored, kept = report.gone.total(), report.restored, report.kept
        self._ask(FinishRevert(import_id=self._import_id, gone=gone, restored=restored, kept=kept))
        report.seconds = time.monotonic() - started
        return report

    # --- what the import entered -----------------------------------------------------------------------------------

    def _take_back(self, noun: str, made: Sequence[Made]) -> None:
        """Take back things of one kind; what others that are taken back as well are about comes after those."""
        kind, field = ENTRIES[noun]
        while made:
            in_use: dict[UUID, Deed] = {}
            for some in pieces(made):
                found = self._in_use(noun, [each.stream_id for each in some])
                in_use |= found
                self._settle(
                    self._turn(
                        kind,
                        {field: each.stream_id, **self._beside.with_entry(each)},
                        each,
                        occurred_at=each.occurred_at,
                    )
                    for each in some
                    if each.stream_id not in found
                )
            self._settle_all()
            left = [each for each in made if each.stream_id in in_use]
            if len(left) == len(made):
                for each in left:
                    self._stay(each, ENTRY, EntryIsUsedError.code, in_use[each.stream_id])
                return
            made = left

    def _in_use(self, noun: str, ids: Sequence[UUID], after: Mapping[UUID, int] | None = None) -> dict[UUID, Deed]:
        """Return which of these things others are about that stand, and the last deed on such a one.

        `after`: of each thing only those count that tell of it after a position.
        """
        about = [
            (thing, other)
            for thing, other, position in self._log.about(noun, ids)
            if other.int not in self._gone and (after is None or position > after[thing])
        ]
        standing = self._log.standing({other for _, other in about})
        return {thing: standing[other] for thing, other in about if other in standing}

    # --- what the import said of clients who were there ------------------------------------------------------------

    def _put_back(self, made: Sequence[Made]) -> None:
        """Let count again what was known of clients before the import said otherwise."""
        for some in pieces(made):
            self._settle(self._updates(some))
        self._settle_all()

    def _updates(self, made: Sequence[Made]) -> Iterator[PendingCommand]:
        told = self._facts([each.stream_id for each in made])
        known = {each.stream_id: known_before(told.get(each.stream_id, ()), self._import_id) for each in made}
        owned = [one for one, before in known.items() if OF_DEALS & before.back.keys()]
        worked_with = self._in_use(CLIENT, owned, {each.stream_id: each.position for each in made})
        for one in worked_with:
            known[one] = known_before(told[one], self._import_id, keeps=OF_DEALS)
        reverted = revert_of(self._import_id)
        for each in made:
            before = known[each.stream_id]
            client = client_of(each, told.get(each.stream_id, ()))
            for thing, event in before.stays:
                deed = worked_with.get(each.stream_id) if thing[0] in {OWNER, LIFECYCLE} else None
                self._stay(client, called(thing), SAID_SINCE, deed or deed_of(event))
            if before.back:
                command = before.command(client.stream_id, self._import_id, self._reason)
                yield self._turn_of(command, _Update(client, each, before), if_match=before.version)
            else:
                self._done += 1
                if any(event.envelope.correlation_id == reverted for event in told.get(each.stream_id, ())):
                    self._note_restored(client)

    def _facts(self, ids: Sequence[UUID]) -> dict[UUID, list[Event]]:
        """Return all facts of streams, in order."""
        with self._door.borrow() as connection:
            recorded = read_streams(connection, dict.fromkeys(ids, 0))
        told: dict[UUID, list[Event]] = {}
        for fact in recorded:
            told.setdefault(fact.envelope.stream_id, []).append(self._decode(fact))
        return told

    # --- carrying out ----------------------------------------------------------------------------------------------

    def _turn(self, kind: type[Command], said: Mapping[str, Any], tag: Made, **more: Any) -> PendingCommand:
        command = kind.model_validate({"import_id": self._import_id, "reason": self._reason, **said, **more})
        return self._turn_of(command, tag)

    def _turn_of(self, command: Command, tag: Any, *, if_match: int | None = None) -> PendingCommand:
        request = Request.of(command, importing_actor(self.report.source), self._door.keyed_hash, if_match=if_match)
        return PendingCommand(replace(request, correlation_id=revert_of(self._import_id)), tag)

    def _ask(self, command: Command) -> None:
        """Carry out what is about the whole revert; raises why it was refused."""
        turn = self._turn_of(command, None)
        answered = carry_out(self._door, [turn])
        while not answered and not self._door.runner.is_idle:
            answered = carry_out(self._door)
        if isinstance(turn.answer, Exception):
            raise turn.answer
        self.report.position = max(self.report.position, getattr(turn.answer, "position", 0))

    def _settle(self, turns: Iterator[PendingCommand]) -> None:
        given = [*self._again, *turns]
        self._again = []
        for turn in carry_out(self._door, given):
            self._answered(turn)
        if self._progress is not None:
            self._progress(self._done, self._total)

    def _settle_all(self) -> None:
        while self._again or not self._door.runner.is_idle:
            self._settle(iter(()))

    def _answered(self, turn: PendingCommand) -> None:
        answer = turn.answer
        if isinstance(answer, ContendedError):
            self._again.append(turn.again())
            return
        if not isinstance(answer, (Accepted, DomainError, RequestError)):
            assert isinstance(answer, Exception)  # noqa: S101 - every command is answered
            raise answer
        self._done += 1
        if isinstance(answer, Accepted):
            self.report.position = max(self.report.position, answer.position)
        if isinstance(turn.tag, _Update):
            self._answered_update(turn, turn.tag, answer)
        elif isinstance(answer, (Accepted, NotFoundError, EntryIsOfElsewhereError)):
            # It was taken back before, or has been entered anew since.
            self._gone.add(turn.tag.stream_id.int)
            self.report.gone[turn.tag.noun] += 1
        else:
            self._stay(turn.tag, ENTRY, answer.code)

    def _answered_update(self, turn: PendingCommand, update: _Update, answer: Answer) -> None:
        command = turn.request.command
        if isinstance(answer, Accepted):
            self._note_restored(update.client)
        elif isinstance(answer, PreconditionFailedError):
            # Somebody did something with the client just now: it is looked at once more.
            self._done -= 1
            self._again += self._updates([update.made])
        elif isinstance(answer, DuplicateClientError) and getattr(command, "tax_id", None) is not None:
            rivals = self._log.standing(answer.facts["candidates"])
            self._stay(update.client, TAX_ID, answer.code, next(iter(rivals.values()), None))
            self._done -= 1
            self._again.append(self._turn_of(command.model_copy(update={"tax_id": None}), update))
        elif not isinstance(answer, NotFoundError):
            assert isinstance(answer, (DomainError, RequestError))  # noqa: S101 - see _answered
            self._stay(update.client, UPDATE, answer.code)

    def _note_restored(self, client: Made) -> None:
        """Count a client, once, of whom something is as it was."""
        self._restored.add(client.stream_id.int)
        self.report.restored = len(self._restored)

    def _stay(self, made: Made, what: str, code: str, deed: Deed | None = None) -> None:
        self.report.stays.append(Stays(made.noun, made.stream_id, what, code, deed))

    def _say_who(self) -> None:
        """Find, of what stays by a rule, what was done with it first."""
        stays = self.report.stays
        for some in pieces([each.id for each in stays if each.deed is None]):
            found = self._log.first_of_others(some)
            for place, each in enumerate(stays):
                if each.deed is None and each.id in found:
                    stays[place] = replace(each, deed=found[each.id])
