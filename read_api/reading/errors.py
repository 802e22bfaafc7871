"""Why a question was not answered.

ReadError
├── ReadNotAllowedError      the role may not see this                              403
│   └── ReadNotNamedError    the API key does not name it                           403
├── TooManyReadsError        the caller asks more than they may                     429
├── NotStaffError            the caller is no staff member, so has no day of theirs 403
├── TicketNotGoodError       the ticket was used, is too old or was never given     401
├── NoSuchThingError         nothing is known under the id                          404
│   ├── NoPriceError         a product has no price on that day, for that quantity  404
│   └── NoTaxRateError       a tax has no rate on that day                          404
├── UnknownReportError       there is no such report                                404
├── WrongParameterError      a parameter cannot be what was sent                    422
├── UnacceptableFormatError  the answer cannot be given in that form                406
├── WrongMediaTypeError      the body is not JSON by its Content-Type               415
├── ViewBuildingError        the view is not there yet                              503
├── ViewParkedError          what is known under the id waits for a fact            503
├── TooManyStreamsError      as many follow the events as can at once               503
├── ChartsNotInstalledError  what draws pictures is not installed here              501
├── ChartNotDrawnError       the picture took too long                              503
├── AnalyticsUnavailableError the reports cannot be computed at the moment          503
├── TooManyQuestionsError    as many ask in SQL as can at once                      503
├── TooManyPastsError        as many look at the past as can at once                503
├── PastTooLongError         the past of so many facts takes too long to fold       503
├── PastUnreadableError      a fact of that past cannot be folded                   503
├── FileBytesGoneError       the bytes of a file are not there any more              410
├── FileBytesDamagedError    the bytes of a file are not as they were written       503
├── FactNotTakenInError      a fact of a sample cannot be folded                    409
└── ViewBehindError          the view has not reached the position in time          504
"""

from collections.abc import Iterable
from typing import Any, ClassVar


class ReadError(Exception):
    """A question that was not answered; `facts` are what the message in the catalogue names."""

    code: ClassVar[str]

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts


class ReadNotAllowedError(ReadError):
    """The role may not see this; facts: role, needed (the roles that may), action."""

    code = "not-allowed"


class TooManyReadsError(ReadError):
    """The caller asks more than they may; facts: retry_after (seconds), limit, remaining, commands (1)."""

    code = "too-many-reads"


class ReadNotNamedError(ReadNotAllowedError):
    """The role may see this, and the caller's API key does not name it; facts: action, named (what it names)."""

    code = "not-named-by-key"


class NotStaffError(ReadError):
    """The caller is no staff member and has named none; no facts."""

    code = "not-staff"


class TicketNotGoodError(ReadError):
    """The ticket was used already, is too old or was never handed out; no facts."""

    code = "ticket-not-good"


class NoSuchThingError(ReadError):
    """Nothing is known under the id; facts: kind, id."""

    code = "not-found"


class UnknownReportError(ReadError):
    """There is no such report; facts: report, known."""

    code = "unknown-report"


class NoPriceError(NoSuchThingError):
    """A product has no price for a quantity on a day.

    Facts: product_code, quantity, on, edition, nearest (the nearest day that has one), least_quantity (from which on
    there is one on that day); those that there are not are None.
    """

    code = "no-price"


class NoTaxRateError(NoSuchThingError):
    """No rate of the tax of a product was adopted for a day; facts: tax_code, product_code, on."""

    code = "no-tax-rate"


class WrongParameterError(ReadError):
    """A parameter cannot be what was sent; facts: errors, each with pointer, code and what its message names."""

    code = "invalid-request"

    def __init__(self, *errors: dict[str, Any]) -> None:
        super().__init__(errors=list(errors))


def not_in_list(parameter: str, known: Iterable[str]) -> WrongParameterError:
    """Return the refusal of a word that a parameter does not know, with those that it knows."""
    *others, last = (repr(word) for word in known)
    expected = f"{', '.join(others)} or {last}"
    return WrongParameterError({"pointer": f"/{parameter}", "in": "query", "code": "not-in-list", "expected": expected})


class UnacceptableFormatError(ReadError):
    """The answer cannot be given in that form; facts: needed (the media types there are)."""

    code = "not-acceptable"


class WrongMediaTypeError(ReadError):
    """The body is not JSON by its Content-Type; facts: content_type, needed."""

    code = "unsupported-media-type"


class ViewBuildingError(ReadError):
    """The view is not there yet; facts: view, retry_after (seconds), and its state and position if known."""

    code = "view-building"


class ViewParkedError(ReadError):
    """Nothing is shown under the id because a fact about it could not be taken in.

    Facts: kind, id, parked (its position), retry_after (seconds).
    """

    code = "view-parked"


class TooManyStreamsError(ReadError):
    """As many follow the events of this process as can at once; facts: limit, retry_after (seconds)."""

    code = "too-many-streams"


class ChartsNotInstalledError(ReadError):
    """What draws pictures is not installed here; no facts."""

    code = "charts-not-installed"


class ChartNotDrawnError(ReadError):
    """The picture of a chart took too long, or could not be drawn; facts: seconds, reason."""

    code = "chart-not-drawn"


class AnalyticsUnavailableError(ReadError):
    """The reports cannot be computed at the moment; facts: retry_after (seconds)."""

    code = "analytics-unavailable"


class TooManyQuestionsError(ReadError):
    """As many ask in SQL through this process as can at once; facts: retry_after (seconds)."""

    code = "too-many-questions"


class TooManyPastsError(ReadError):
    """As many look at the past through this process as can at once; facts: retry_after (seconds)."""

    code = "too-many-pasts"


class PastTooLongError(ReadError):
    """The past of so many facts cannot be folded in the time there is; facts: seconds."""

    code = "past-too-long"


class DoctorAwayError(ReadError):
    """The doctor did not say in time what it found; facts: retry_after (seconds)."""

    code = "doctor-away"


class PastUnreadableError(ReadError):
    """A fact of that past cannot be folded; facts: position."""

    code = "past-unreadable"


class FactNotTakenInError(ReadError):
    """A fact of a sample of the log cannot be folded into a read model; facts: about (its name), position, why."""

    code = "fact-not-taken-in"


class ViewBehindError(ReadError):
    """The view has not reached the position in time; facts: position, min_position."""

    code = "view-behind"


class FileBytesGoneError(ReadError):
    """The bytes of a file were destroyed, or lost; facts: id."""

    code = "file-bytes-gone"


class FileBytesDamagedError(ReadError):
    """The bytes of a file are not as they were written; facts: id."""

    code = "file-bytes-damaged"
