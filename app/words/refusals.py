"""Which codes an operation can be refused with, by status: programs decide by codes, so they are told beforehand.

No refusal has another code. Of the rules of the business a command is told all that its handler can come to by the
names it calls; that may be a few more than it ever meets. A story that tells of a refusal with another code fails.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any, get_args

from aggregates.base import DomainError, RuleBrokenError, WrongValueError
from aggregates.identity_errors import WrongEmailError, WrongPhoneError
from app.auth.errors import CallerError
from app.words.problems import HTTP_CODES, STATUSES
from commands import errors as commands
from commands.base import HANDLERS, Command
from commands.client_file import AddClientFile
from commands.client_file_errors import ClientFileEmptyError, ClientFileNameError, ClientFileTooLargeError
from commands.execution.decision import Decision
from commands.importing.refused import NoRoomForFileError, UploadWrongError
from infra.log.clock import ClockAheadError
from read_api.reading.errors import ReadError, ViewBuildingError, WrongParameterError
from replay.repair.jobs import JobError

Codes = Mapping[str, list[str]]
"""Status → codes, in order."""

RULES = ("aggregates.", "commands.")
"""Where rules are."""

ONLY_CAUGHT = (DomainError, RuleBrokenError, WrongValueError)
"""Kinds of errors; what is raised is always one that has a code of its own."""

OF_EVERY_BODY = {"400": ["bad-request", "not-json"], "413": [HTTP_CODES[413]], "415": [HTTP_CODES[415]]}
OF_THE_DOOR = (commands.UnknownCommandError, commands.BatchRefusedError, commands.HeaderOfOneCommandError)
"""Errors of a request that names a command itself, or sends several."""

OF_THE_SERVICE = (ClockAheadError, ViewBuildingError)
"""Errors of nobody who asks: a clock goes wrong, or the view that says who works with whom is not there yet."""


def codes_of_command(command: type[Command]) -> Codes:
    """Return the codes of one command sent by itself."""
    errors = {*_rules_of(command), *_kinds_of(commands.RequestError), *_kinds_of(CallerError), *OF_THE_SERVICE}
    return _by_status(errors.difference(OF_THE_DOOR))


def codes_of_batch() -> Codes:
    """Return the codes of a batch as a whole; each command in it is told its own."""
    per_command = {commands.PreconditionFailedError, commands.DuplicateClientError, commands.ContendedError}
    per_command |= {commands.KeyReusedError, commands.UnknownCommandError}
    errors = {*_kinds_of(commands.RequestError), *_kinds_of(CallerError), *OF_THE_SERVICE}
    return _by_status(errors - per_command)


def codes_of_read() -> Codes:
    """Return the codes of reads."""
    return _by_status({*_kinds_of(ReadError), *_kinds_of(CallerError), WrongPhoneError, WrongEmailError})


def codes_of_file() -> Codes:
    """Return the codes of what takes a file of a client in."""
    of_the_fact = codes_of_command(AddClientFile)
    refused = {ClientFileTooLargeError, ClientFileEmptyError, ClientFileNameError, NoRoomForFileError, UploadWrongError}
    of_bytes = _by_status(refused)
    return {
        status: sorted({*of_the_fact.get(status, ()), *of_bytes.get(status, ())})
        for status in sorted({*of_the_fact, *of_bytes})
    }


def codes_of_operation() -> Codes:
    """Return the codes of what starts a job of an operator."""
    of_the_door = {commands.NotAllowedError, commands.UnsupportedMediaTypeError, WrongParameterError}
    return _by_status({*_kinds_of(JobError), *_kinds_of(CallerError), *of_the_door})


def _rules_of(command: type[Command]) -> set[type[Any]]:
    """Follow the handler through all it calls: functions by their names, methods by theirs in every class in play."""
    found: set[type[Any]] = set()
    classes: set[type[Any]] = {command, Decision}
    for field in command.model_fields.values():
        classes |= _values_in(field.annotation)
    names: set[str] = set()
    waiting, seen = [HANDLERS[command]], set()
    while waiting:
        function: Any = waiting.pop()
        seen.add(function)
        for name in _names_in(function.__code__):
            names.add(name)
            value = function.__globals__.get(name)
            if isinstance(value, type) and issubclass(value, DomainError):
                found |= {value}.difference(ONLY_CAUGHT)
            elif isinstance(value, type) and value.__module__.startswith(RULES):
                classes.add(value)
            elif isinstance(value, FunctionType) and value.__module__.startswith(RULES):
                waiting.append(value)
        waiting += [method for kind in classes for method in _methods(kind, names)]
        waiting = [each for each in waiting if each not in seen]
    return found


def _values_in(annotation: Any) -> set[type[Any]]:
    parts = [_values_in(part) for part in get_args(annotation)]
    own = {annotation} if getattr(annotation, "__module__", "").startswith(RULES) else set()
    return own.union(*parts)


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names_in(inner)


def _methods(kind: type[Any], names: set[str]) -> Iterator[Any]:
    for base in kind.__mro__:
        if base.__module__.startswith(RULES):
            for name in names & vars(base).keys():
                member = vars(base)[name]
                plain = getattr(member, "fget", None) or getattr(member, "__func__", member)
                if isinstance(plain, FunctionType):
                    yield plain


def _kinds_of(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from _kinds_of(child)


def _by_status(errors: set[type[Any]]) -> Codes:
    codes: dict[str, set[str]] = defaultdict(set)
    for error in errors:
        if "code" in vars(error):
            number = next(status for kind, status in STATUSES if issubclass(error, kind))
            codes[str(number)].add(error.code)
    codes["422"].add("invalid-request")
    codes["503"].add("database-unreachable")
    for status, more in OF_EVERY_BODY.items():
        codes[status].update(more)
    return {status: sorted(told) for status, told in sorted(codes.items())}
