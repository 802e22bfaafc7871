"""How fast one caller may send commands and ask questions, of all processes of this service together."""

from collections.abc import Callable

from app.settings import Settings
from infra.rate_limit import RateLimit
from read_api.reading.errors import TooManyReadsError

SEARCHES = frozenset({"search_clients", "find_owners"})
"""Questions by a phone, an e-mail or a tax number: who asks very many of them goes through a list of numbers."""


def shared_out(settings: Settings, per_second: float, burst: int, error: Callable[..., Exception]) -> RateLimit:
    """Return this process's share of a limit: callers are spread over the processes, and none gets more than it all."""
    return RateLimit(per_second / settings.workers, max(1, burst // settings.workers), error)


def turns_of_reads(settings: Settings) -> Callable[[str, str], None]:
    """Return what counts a question of a caller, by its name; it raises TooManyReadsError."""
    reads = shared_out(settings, settings.reads_per_second, settings.reads_burst, TooManyReadsError)
    a_minute = settings.searches_per_minute
    searches = shared_out(settings, a_minute / 60, a_minute, TooManyReadsError)

    def take(caller_id: str, question: str) -> None:
        reads.take(caller_id)
        if question in SEARCHES:
            searches.take(caller_id)

    return take
