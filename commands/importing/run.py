"""The import itself: rows become commands, batches of them are carried out, and every row is accounted for.

While the log stores one batch the next one is read and decided.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol
from uuid import UUID, uuid5

import psycopg
from pydantic import ValidationError

from aggregates.base import AlreadyExistsError, DomainError, WrongValueError
from commands.base import Actor, Command
from commands.deal_import import ImportDeal
from commands.errors import ContendedError, KeyReusedError, RequestError
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer, PendingCommand
from commands.importing.csv_file import Record
from commands.importing.names import IMPORTED
from commands.importing.problems import CellError, Problem
from commands.importing.report import ErrorFile, Report
from commands.importing.sheet import Row, Sheet
from commands.importing.targets import BUILDERS, DATE_FIELD, Frame

BATCH = 1_000
"""Commands carried out in one transaction: as many as one request of the door may hold."""

PATIENCE = 30.0
"""Seconds an import waits for a log that cannot be reached before it stops (it may be run again to go on)."""

Progress = Callable[[int, int], None]
"""(rows done, rows in all)"""


class Runner(Protocol):
    """What carries out commands, as commands.execution.batch.BatchRunner does."""

    @property
    def is_idle(self) -> bool: ...
    def decide(self, turns: Sequence[PendingCommand]) -> None: ...
    def advance(self, *, wait: bool = True) -> list[PendingCommand]: ...


def _nobody(_: Sequence[PendingCommand]) -> None:
    """Tell nobody what was answered."""


@dataclass(frozen=True, slots=True)
class WriteDoor:
    """How an import writes: what carries out commands, the keyed hash, and who hears of the answers."""

    runner: Runner
    keyed_hash: Callable[[str], bytes]
    heard: Callable[[Sequence[PendingCommand]], None] = _nobody


@dataclass(slots=True)
class _Line:
    """One row on its way: where it stands."""

    sheet: Sheet
    record: Record
    file: str


class Importer:
    """Carries out the commands of one import, in order, as one actor."""

    def __init__(
        self, door: WriteDoor, source: str, import_id: UUID, report: Report, errors: ErrorFile, progress: Progress
    ) -> None:
        self._door = door
        self._actor = Actor(f"import:{source}"[:200], "import")
        self._source = source
        self._import_id = import_id
        self.report = report
        self._errors = errors
        self._progress = progress
        self._owners: dict[UUID, UUID] = {}
        self.now = datetime.now(UTC)
        self.total = 0

    def request(self, command: Command, name: str) -> Request:
        """Return the request for a command by the name it has in the source: the same name is the same command.

        Which run brings a row, and whether strictly, is not what the row says; so it is not compared either.
        """
        said = command.model_dump_json(exclude_defaults=True, exclude={"import_id", "strict"})
        kind = type(command).__name__
        return Request(
            command=command,
            actor=self._actor,
            command_id=uuid5(IMPORTED, f"{self._source}\n{kind}\n{name}"),
            received_at=self.now,
            content_hash=self._door.keyed_hash(f"{kind}:{said}"),
            key_given=True,
            correlation_id=self._import_id,
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

    def rows(self, sheet: Sheet, frame: Frame, file: str) -> None:
        """Carry out every row of a sheet and account for it."""
        source = self._lines(sheet, frame, file)
        while turns := list(islice(source, BATCH)):
            self._settle(self._carry_out(turns))
        while not self._door.runner.is_idle:
            self._settle(self._carry_out())

    def _lines(self, sheet: Sheet, frame: Frame, file: str) -> Iterator[PendingCommand]:
        build = BUILDERS[frame.mapping.target]
        self.report.rows += len(sheet.records)
        for record in _by_date(sheet):
            try:
                row = Row(sheet, record)
                command = build(row, frame)
                request = self.request(command, row.external_id)
            except CellError as error:
                self._not_taken("wrong", file, record, error.problem)
                continue
            except ValidationError as error:
                self._not_taken("wrong", file, record, _misfit(sheet, error))
                continue
            for warning in row.warnings:
                self.report.warnings += 1
                self._note("warning", file, record, warning.problem)
            yield PendingCommand(request, _Line(sheet, record, file))

    def _carry_out(self, turns: Sequence[PendingCommand] = ()) -> list[PendingCommand]:
        """Decide commands and return those answered meanwhile; tried again for a while if the log is out of reach."""
        runner = self._door.runner
        started = time.monotonic()
        while True:
            try:
                if turns:
                    given, turns = turns, ()
                    runner.decide(given)
                answered = runner.advance()
            except psycopg.OperationalError:
                if time.monotonic() - started > PATIENCE:
                    raise
                time.sleep(0.2)
                continue
            self._door.heard(answered)
            return answered

    def _settle(self, turns: Sequence[PendingCommand]) -> None:
        for turn in turns:
            line: _Line = turn.tag
            answer = turn.answer
            if isinstance(answer, Accepted):
                self._taken(turn, line, answer)
            elif isinstance(answer, AlreadyExistsError):
                self.report.already_there += 1
            elif isinstance(answer, ContendedError):
                # Whoever else writes on the same streams all the time wears a command out, but not an import.
                self._door.runner.decide([PendingCommand(turn.request, line)])
            elif answer is not None:
                outcome, problem = _refusal(line.sheet, answer)
                self._not_taken(outcome, line.file, line.record, problem)
        report = self.report
        done = report.accepted + report.already_there + report.refused + report.wrong
        self._progress(done, self.total or report.rows)

    def _taken(self, turn: PendingCommand, line: _Line, answer: Accepted) -> None:
        if answer.replayed:
            self.report.already_there += 1
        else:
            self.report.accepted += 1
            self.report.position = max(self.report.position, answer.position)
        command = turn.request.command
        if not isinstance(command, ImportDeal) or command.client_id is None or command.engaged_at is None:
            return
        if any(event["topic"] == "client.claimed" for event in answer.events):
            self._owners[command.client_id] = command.seller_id
        elif self._owners.get(command.client_id, command.seller_id) != command.seller_id:
            self.report.conflicts += 1
            self._note("conflict", line.file, line.record, Problem("owner-conflict", line.sheet.column_of("client")))

    def _not_taken(self, outcome: str, file: str, record: Record, problem: Problem) -> None:
        if outcome == "wrong":
            self.report.wrong += 1
        else:
            self.report.refused += 1
        self._note(outcome, file, record, problem)

    def _note(self, outcome: str, file: str, record: Record, problem: Problem) -> None:
        self.report.reasons[problem.code] += 1
        self._errors.note(outcome, file, record.line, record.cells, problem)


def _by_date(sheet: Sheet) -> Sequence[Record]:
    """Return the records in order of (date, id), undated last; without dates, or with ids to be made, as they stand."""
    field = DATE_FIELD.get(sheet.mapping.target, "date")
    if sheet.mapping.external_id is None or not any(sheet.cells(record, field) for record in sheet.records):
        return sheet.records
    last = datetime.max.replace(tzinfo=UTC)

    def when(record: Record) -> tuple[datetime, str]:
        typed = sheet.text(record, field)
        moment = sheet.moment(typed) if typed else None
        try:
            return moment or last, sheet.external_id(record)
        except CellError:
            return last, ""

    return sorted(sheet.records, key=when)


_CODES_OF_MISFITS = {
    "string_too_long": "too-long",
    "greater_than_equal": "wrong-amount",
    "not_a_currency": "not-a-currency",
    "too_many_decimals": "too-many-decimals",
}


def _misfit(sheet: Sheet, error: ValidationError) -> Problem:
    """Say which cell made a command impossible."""
    first = error.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    column = sheet.column_of(field.removesuffix("_id").removesuffix("_code"))
    value = first["input"] if isinstance(first["input"], str) else ""
    code = _CODES_OF_MISFITS.get(first["type"], "wrong-value")
    return Problem(code, column, value, {"reason": first["msg"], **first.get("ctx", {})})


_FIELDS_OF_KIND = {
    "staff": ("seller", "staff", "head"),
    "client": ("client", "organisation", "contact"),
    "phone": ("phone",),
    "email": ("email",),
    "tax_id": ("tax_id",),
    "product": ("product",),
    "pipeline": ("pipeline",),
    "deal": ("deal",),
}


_KIND_OF_CODE = {"client-owned": "client", "stage-is-unknown": "stage", "stage-is-retired": "stage"}


def _refusal(sheet: Sheet, answer: Answer) -> tuple[str, Problem]:
    """Return whether the row was wrong or refused, and why; a bug is raised and ends the import."""
    if isinstance(answer, KeyReusedError):
        return "refused", Problem("changed-since-imported")
    if isinstance(answer, ValidationError):
        return "wrong", _misfit(sheet, answer)
    if not isinstance(answer, (DomainError, RequestError)):
        assert isinstance(answer, Exception)  # noqa: S101 - Accepted was taken care of
        raise answer
    kind = str(answer.facts.get("kind", _KIND_OF_CODE.get(answer.code, "")))
    fields = _FIELDS_OF_KIND.get(kind, (kind,))
    column = next((sheet.column_of(field) for field in fields if sheet.is_mapped(field)), "")
    outcome = "wrong" if isinstance(answer, WrongValueError) else "refused"
    return outcome, Problem(answer.code, column, "", answer.facts)
