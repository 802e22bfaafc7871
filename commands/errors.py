"""Why a request was not carried out although no rule of the business forbids it.

RequestError
├── NotAllowedError             the role may not do this
│   └── NotNamedByKeyError      the API key does not name it
├── NotLetInError               they have left, or were suspended, while it was decided
├── PreconditionFailedError     If-Match names another version of the primary stream
├── KeyReusedError              the idempotency key was used with other content
├── DuplicateClientError        somebody else holds an identity the command would take
├── ContendedError              the streams changed again and again while deciding
├── UnknownCommandError         there is no such command
├── InvalidCommandError         a field cannot be what was sent
├── InvalidHeaderError          a header cannot be what was sent
├── HeaderOfOneCommandError     a batch was sent with a header that belongs to one command
├── UnsupportedMediaTypeError   the body is not application/json
├── BatchRefusedError           another command of an atomic batch was refused
├── TooManyRequestsError        the caller sends more commands than they may
├── OverloadedError             the queue is full, or the log cannot be reached: nothing was carried out
└── OutcomeUnknownError         the log did not say whether the command was stored
"""

from typing import Any, ClassVar
from uuid import UUID


class RequestError(Exception):
    """A request that was not carried out; `facts` are what the message in the catalogue names."""

    code: ClassVar[str]
    is_on_record: ClassVar[bool] = False
    """Whether a refusal for it is kept: it is about ownership or access, and the business asks about it later."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts


class NotAllowedError(RequestError):
    """The role may not do this; facts: role, needed (the roles that may), action."""

    code = "not-allowed"
    is_on_record = True


class NotNamedByKeyError(NotAllowedError):
    """The role may do this, and the caller's API key does not name it; facts: action, named (what it names)."""

    code = "not-named-by-key"


class NotLetInError(RequestError):
    """Whoever asks has left, or was suspended, since they were let in; facts: staff_id."""

    code = "not-let-in"
    is_on_record = True


class PreconditionFailedError(RequestError):
    """If-Match names another version than the primary stream has; facts: expected, version."""

    code = "version-conflict"


class KeyReusedError(RequestError):
    """The idempotency key was used before, with other content; facts: command_id."""

    code = "idempotency-key-reused"


class DuplicateClientError(RequestError):
    """Another client has the phone, e-mail or tax id; facts: kind, candidates (their ids), names (theirs, or the ids
    for who may not know them)."""

    code = "duplicate-client"
    is_on_record = True

    def __init__(self, *, kind: str, candidates: list[UUID], names: list[str] | None = None) -> None:
        super().__init__(kind=kind, candidates=candidates, names=names or [])


class ContendedError(RequestError):
    """The streams changed again and again while the command was being decided; facts: attempts."""

    code = "contended"


class UnknownCommandError(RequestError):
    """There is no such command; facts: command."""

    code = "unknown-command"


class InvalidCommandError(RequestError):
    """A field cannot be what was sent; facts: errors, each with pointer, code and what its message names."""

    code = "invalid-request"

    def __init__(self, *errors: dict[str, Any]) -> None:
        super().__init__(errors=list(errors))


class InvalidHeaderError(RequestError):
    """A header cannot be what was sent; facts: header, needed."""

    code = "invalid-header"


class HeaderOfOneCommandError(RequestError):
    """A batch was sent with a header that belongs to one command; facts: header."""

    code = "header-of-one-command"


class UnsupportedMediaTypeError(RequestError):
    """The body is not JSON by its Content-Type; facts: content_type, needed."""

    code = "unsupported-media-type"


class BatchRefusedError(RequestError):
    """A command of the atomic batch was refused, so none was carried out; facts: index (of it), results (if all)."""

    code = "batch-refused"


class TooManyRequestsError(RequestError):
    """The caller sends more commands than they may; facts: retry_after (seconds), limit, remaining, commands."""

    code = "too-many-requests"


class OverloadedError(RequestError):
    """Too many commands wait, or the log cannot be reached: it was not carried out; facts: retry_after (seconds)."""

    code = "overloaded"


class OutcomeUnknownError(RequestError):
    """The command was given to the log, which did not say whether it was stored; facts: retry_after (seconds).

    Sent again under its key it is carried out once, whatever became of it.
    """

    code = "outcome-unknown"
