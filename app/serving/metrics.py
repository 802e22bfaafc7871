"""What a monitoring system reads: requests counted, and gauges measured when it asks (Prometheus format)."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Gauge:
    """One number that goes up and down, with what it is about."""

    name: str
    meaning: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


Gauges = Callable[[], Awaitable[Sequence[Gauge]]]


Key = tuple[str, str, int]
"""Method, route and status."""


class RequestCounts:
    """How many requests were answered, and how long they took, by method, route and status."""

    def __init__(self) -> None:
        self._counts: dict[Key, int] = defaultdict(int)
        self._seconds: dict[Key, float] = defaultdict(float)
        self._lock = Lock()

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        # Methods are the caller's own words: an invented one must not make a new line for ever.
        key = (method if method in _METHODS else "OTHER", route, status)
        with self._lock:
            self._counts[key] += 1
            self._seconds[key] += seconds

    def take(self) -> dict[Key, tuple[int, float]]:
        """Return what was counted since the last time, to be added to another process's counts."""
        with self._lock:
            counts, self._counts = self._counts, defaultdict(int)
            seconds, self._seconds = self._seconds, defaultdict(float)
        return {key: (count, seconds[key]) for key, count in counts.items()}

    def add_all(self, taken: Mapping[Key, tuple[int, float]]) -> None:
        """Add what another process took from its counts."""
        with self._lock:
            for key, (count, seconds) in taken.items():
                self._counts[key] += count
                self._seconds[key] += seconds

    def lines(self) -> list[str]:
        """Return the counts as lines of the exposition format."""
        lines = [
            "# HELP letopis_requests_total Requests answered by this service.",
            "# TYPE letopis_requests_total counter",
        ]
        lines += [f"letopis_requests_total{_labels(key)} {count}" for key, count in sorted(self._counts.items())]
        lines += [
            "# HELP letopis_request_seconds_total Time spent answering requests.",
            "# TYPE letopis_request_seconds_total counter",
        ]
        lines += [
            f"letopis_request_seconds_total{_labels(key)} {time:.6f}" for key, time in sorted(self._seconds.items())
        ]
        return lines


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


def _labels(key: tuple[str, str, int]) -> str:
    return format_labels(dict(zip(("method", "route", "status"), map(str, key), strict=True)))


def format_labels(labels: dict[str, str]) -> str:
    """Return labels in braces with their values escaped, or nothing."""
    escaped = {
        name: text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name, text in labels.items()
    }
    inside = ",".join(f'{name}="{text}"' for name, text in escaped.items())
    return f"{{{inside}}}" if inside else ""


def exposition(counts: RequestCounts, gauges: Sequence[Gauge]) -> str:
    """Return everything a monitoring system may know, one sample a line."""
    lines = counts.lines()
    explained: set[str] = set()
    for gauge in sorted(gauges, key=lambda gauge: gauge.name):
        if gauge.name not in explained:
            explained.add(gauge.name)
            lines += [f"# HELP {gauge.name} {gauge.meaning}", f"# TYPE {gauge.name} gauge"]
        lines.append(f"{gauge.name}{format_labels(gauge.labels)} {gauge.value:g}")
    return "\n".join(lines) + "\n"
