"""The import itself: rows become commands, batches of them are carried out, and every row is accounted for.

While the log stores one batch the next one is read and decided.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol
from uuid import UUID

import psycopg

from aggregates.base import AlreadyExistsError
from aggregates.identity import HOME, Home
from commands.base import Actor, Command
from commands.client_import import ImportClientUpdate
from commands.deal_import import ImportDeal
from commands.errors import ContendedError
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer, PendingCommand
from commands.importing.error_file import ErrorFile
from commands.importing.frame import Frame
from commands.importing.in_order import in_order
from commands.importing.names import IMPORTED
from commands.importing.problems import Problem
from commands.importing.recognition import may_be_known_now, recognise
from commands.importing.refusals import refusal
from commands.importing.report import Report
from commands.importing.row import Row
from commands.importing.sheet import Sheet
from commands.importing.survey import Survey
from commands.importing.targets import made
from events.base import Event
from events.client import ClientRegistered
from infra.log.envelope import RecordedEvent
from infra.log.ids import named_id
from infra.postgres.connection import Borrow
from infra.tables.delimited import Record

BATCH = 1_000
"""Commands carried out in one transaction: as many as one request of the door may hold."""

REMEMBERED = 100_000
"""Rows whose likes are known to be there: files name the same things again and again."""

PATIENCE = 30.0
"""Seconds an import waits for a log that cannot be reached before it stops (it may be run again to go on)."""

_OF_THE_RUN = {"import_id", "strict", "matched_ids"}

Progress = Callable[[int, int], None]
"""(rows done, rows in all)"""


class Runner(Protocol):
    """What carries out commands, as commands.execution.batch.BatchRunner does."""

    @property
    def is_idle(self) -> bool: ...
    def recall(self, turns: Sequence[PendingCommand]) -> list[PendingCommand]: ...
    def decide(self, turns: Sequence[PendingCommand]) -> None: ...
    def advance(self, *, wait: bool = True) -> list[PendingCommand]: ...


def _nobody(_: Sequence[PendingCommand]) -> None:
    """Tell nobody what was answered."""


@dataclass(frozen=True, slots=True)
class WriteDoor:
    """How an import writes: what carries out commands, the keyed hash, and who hears of the answers.

    `borrow` lends the connection for looking into the log, as long as an import runs, and `decode` reads what is found;
    numbers are read as at `home`.
    """

    runner: Runner
    keyed_hash: Callable[[str], bytes]
    heard: Callable[[Sequence[PendingCommand]], None] = _nobody
    home: Home = HOME
    borrow: Borrow = field(kw_only=True)
    decode: Callable[[RecordedEvent], Event] = field(kw_only=True)


def carry_out(
    door: WriteDoor, turns: Sequence[PendingCommand] = (), *, looked_up: bool = False
) -> list[PendingCommand]:
    """Decide commands and return those answered meanwhile; tried again for a while if the log is out of reach.

    `looked_up`: first it is asked in whom those that update clients are recognised.
    """
    runner = door.runner
    started = time.monotonic()
    while True:
        try:
            if turns and looked_up:
                recognise(turns, door.borrow, door.keyed_hash, door.home)
            if turns:
                # Of a file that is read once more most rows are there.
                given, turns = runner.recall(turns), ()
                runner.decide(given)
            answered = runner.advance()
        except psycopg.OperationalError:
            if time.monotonic() - started > PATIENCE:
                raise
            time.sleep(0.2)
            continue
        door.heard(answered)
        return answered


@dataclass(slots=True)
class _Line:
    """One row on its way: where it stands, and whether it was looked for once more."""

    sheet: Sheet
    record: Record
    is_second: bool = False


def importing_actor(source: str) -> Actor:
    """Return as whom an import, and its revert, record facts."""
    return Actor(f"import:{source}"[:200], "import")


class Importer:
    """Carries out the commands of one import, in order, as one actor."""

    def __init__(
        self,
        door: WriteDoor,
        source: str,
        import_id: UUID,
        report: Report,
        errors: ErrorFile,
        progress: Progress,
        *,
        reverts: int = 0,
    ) -> None:
        self._door = door
        self._actor = importing_actor(source)
        # What was taken back may be said once more.
        self._said_by = f"{source}\nafter {reverts}" if reverts else source
        self.import_id = import_id
        self.report = report
        self._errors = errors
        self._progress = progress
        self._owners: dict[UUID, UUID] = {}
        self._there: dict[UUID, bytes] = {}
        self._waiting: dict[UUID, list[PendingCommand]] = {}
        self._again: list[PendingCommand] = []
        self.now = datetime.now(UTC)
        self.total = 0
        self._is_updating = False

    def request(self, command: Command, name: str) -> Request:
        """Return the request for a command by the name it has in the source: the same name is the same command.

        Which run brings a row, and whether strictly, is not what the row says; so it is not compared either.
        """
        said = command.__pydantic_serializer__.to_json(command, exclude_defaults=True, exclude=_OF_THE_RUN).decode()
        kind = type(command).__name__
        content_hash = self._door.keyed_hash(f"{kind}:{said}")
        # What is said of a client may be otherwise next month, and once more as it was: it is this import that says it.
        whose = f"{self.import_id}\n{content_hash.hex()}" if isinstance(command, ImportClientUpdate) else self._said_by
        return Request(
            command=command,
            actor=self._actor,
            command_id=named_id(IMPORTED, f"{whose}\n{kind}\n{name}"),
            received_at=self.now,
            content_hash=content_hash,
            key_given=True,
            correlation_id=self.import_id,
        )

    def prepare(self, *named: tuple[Command, str]) -> Sequence[Answer]:
        """Carry out what is no row; return the answers, of which a refusal is for the caller to judge."""
        turns = [PendingCommand(self.request(command, name)) for command, name in named]
        self._carry_out(turns)
        while not self._door.runner.is_idle:
            self._carry_out()
        answers = [turn.answer for turn in turns if turn.answer is not None]
        self.report.position = max(self.report.position, *(getattr(answer, "position", 0) for answer in answers), 0)
        return answers

    def rows(self, sheet: Sheet, survey: Survey, frame: Frame, file: str) -> None:
        """Carry out every row of a sheet and account for it."""
        self._errors.begin(sheet, file)
        self.report.rows += survey.count
        self.report.blank += survey.blank
        self.report.left_out += survey.left_out
        self._is_updating = frame.mapping.mode != "create"
        source = self._lines(sheet, survey, frame)
        while True:
            turns = [*self._again, *islice(source, BATCH)]
            self._again = []
            if not turns and self._door.runner.is_idle:
                return
            self._settle(self._carry_out(turns))

    def _lines(self, sheet: Sheet, survey: Survey, frame: Frame) -> Iterator[PendingCommand]:
        for record in in_order(sheet, survey):
            row = Row(sheet, survey, record)
            command = made(row, frame)
            if command is None:
                self._not_taken("wrong", record, row.problems)
                continue
            for warning in row.warnings:
                self.report.warnings += 1
                self._doubt("warning", record, warning)
            turn = PendingCommand(self.request(command, row.external_id), _Line(sheet, record))
            if not self._is_met(turn):
                yield turn

    def _is_met(self, turn: PendingCommand) -> bool:
        """Return whether a like row is there, or under way: then it is accounted for with that one."""
        name = turn.request.command_id
        if self._there.get(name) == turn.request.content_hash:
            self.report.already_there += 1
            return True
        if name in self._waiting:
            self._waiting[name].append(turn)
            return True
        self._waiting[name] = []
        return False

    def _carry_out(self, turns: Sequence[PendingCommand] = ()) -> list[PendingCommand]:
        """Decide commands and return those answered meanwhile."""
        return carry_out(self._door, turns, looked_up=self._is_updating)

    def _settle(self, turns: Sequence[PendingCommand]) -> None:
        for turn in turns:
            line: _Line = turn.tag
            answer = turn.answer
            if isinstance(answer, ContendedError):
                # Whoever else writes on the same streams all the time wears a command out, but not an import.
                self._again.append(PendingCommand(turn.request, line))
                continue
            if not line.is_second and may_be_known_now(turn):
                self._again.append(PendingCommand(turn.request, _Line(line.sheet, line.record, is_second=True)))
                continue
            self._ask_likes_of(turn)
            if isinstance(answer, Accepted):
                self._taken(turn, line, answer)
            elif isinstance(answer, AlreadyExistsError):
                self.report.already_there += 1
            elif answer is not None:
                outcome, problem = refusal(line.sheet, line.record, answer)
                self._not_taken(outcome, line.record, [problem])
        report = self.report
        done = report.accepted + report.already_there + report.refused + report.wrong
        self._progress(done, self.total or report.rows)

    def _ask_likes_of(self, turn: PendingCommand) -> None:
        """Go on with the rows that waited for a like one; those that say the same are there if it is."""
        name, said = turn.request.command_id, turn.request.content_hash
        likes = self._waiting.pop(name, [])
        if isinstance(turn.answer, (Accepted, AlreadyExistsError)):
            if len(self._there) < REMEMBERED:
                self._there[name] = said
            self.report.already_there += sum(like.request.content_hash == said for like in likes)
            likes = [like for like in likes if like.request.content_hash != said]
        self._again += likes

    def _taken(self, turn: PendingCommand, line: _Line, answer: Accepted) -> None:
        if answer.replayed or not answer.events:
            self.report.already_there += 1
        else:
            self.report.accepted += 1
            is_update = isinstance(turn.request.command, ImportClientUpdate)
            self.report.updated += is_update and answer.events[0]["topic"] != ClientRegistered.TOPIC
            self.report.position = max(self.report.position, answer.position)
        command = turn.request.command
        if not isinstance(command, ImportDeal) or command.client_id is None or command.engaged_at is None:
            return
        if any(event["topic"] == "client.claimed" for event in answer.events):
            self._owners[command.client_id] = command.seller_id
        elif self._owners.get(command.client_id, command.seller_id) != command.seller_id:
            self.report.conflicts += 1
            self._doubt("conflict", line.record, Problem("owner-conflict", line.sheet.column_of("client")))

    def _not_taken(self, outcome: str, record: Record, problems: Sequence[Problem]) -> None:
        if outcome == "wrong":
            self.report.wrong += 1
        else:
            self.report.refused += 1
        self.report.reasons.update({problem.code for problem in problems})
        self._errors.not_taken(record, problems)

    def _doubt(self, outcome: str, record: Record, problem: Problem) -> None:
        self.report.reasons[problem.code] += 1
        self._errors.doubt(outcome, record, problem)
