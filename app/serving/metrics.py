"""What a monitoring system reads: how long things took, and gauges measured when it asks (Prometheus format)."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import accumulate

from infra.durations import BOUNDS, SUM, Durations, Key, Row

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Gauge:
    """One number that goes up and down, with what it is about."""

    name: str
    meaning: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)


Gauges = Callable[[], Awaitable[Sequence[Gauge]]]

Taken = Mapping[str, Mapping[Key, Row]]
"""What was taken from the counts of a process, by their names there."""


@dataclass(frozen=True)
class Measured:
    """How long everything took that is measured in this process, and in those that tell it what they counted.

    Requests by method, route and status, commands by name, and views by name: from when a fact was recorded.
    """

    requests: Durations = field(default_factory=Durations)
    commands: Durations = field(default_factory=Durations)
    appends: Durations = field(default_factory=Durations)
    views: Durations = field(default_factory=Durations)

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        # Methods are the caller's own words: an invented one must not make a new line for ever.
        self.requests.add((method if method in _METHODS else "OTHER", route, str(status)), seconds)

    def take(self) -> Taken:
        """Return what was counted since the last time, to be added to what another process counted."""
        return {each.name: getattr(self, each.name).take() for each in fields(self)}

    def add_all(self, taken: Taken) -> None:
        """Add what another process took from its counts."""
        for name, counted in taken.items():
            getattr(self, name).add_all(counted)

    def lines(self) -> Iterator[str]:
        """Give all of it as lines of the exposition format."""
        requests = self.requests.told()
        yield from _explained("letopis_requests_total", "Requests answered by this service.", "counter")
        for key, row in requests.items():
            yield f"letopis_requests_total{_labels(_OF_REQUESTS, key)} {sum(row[:SUM])}"
        of_class = Durations()
        for (method, route, status), row in requests.items():
            # One after the other: several statuses are one class.
            of_class.add_all({(method, route, f"{status[0]}xx"): row})
        yield from _histogram(
            "letopis_request_duration_seconds", "From the head of a request to the end of its answer.",
            _OF_REQUESTS, of_class.told(),
        )  # fmt: skip
        yield from _histogram(
            "letopis_command_duration_seconds", "From when a command was queued to its answer.",
            ("command",), self.commands.told(),
        )  # fmt: skip
        yield from _histogram(
            "letopis_append_duration_seconds", "From when a batch was given to the log to when it was known as stored.",
            (), self.appends.told(),
        )  # fmt: skip
        yield from _histogram(
            "letopis_view_delay_seconds", "From when a fact was recorded to when a read model shows it.",
            ("projection",), self.views.told(),
        )  # fmt: skip


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
_OF_REQUESTS = ("method", "route", "status")


def _explained(name: str, meaning: str, kind: str) -> list[str]:
    return [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]


def _histogram(name: str, meaning: str, labels: Sequence[str], rows: Mapping[Key, Row]) -> Iterator[str]:
    """Give a histogram: of each key how many took no longer than each bound, all of them, and their seconds."""
    yield from _explained(name, meaning, "histogram")
    for key, row in rows.items():
        of_key = _labels(labels, key)
        opened = f"{of_key[:-1]}," if of_key else "{"
        *below, count = accumulate(row[:SUM])
        for bound, number in zip(BOUNDS, below, strict=True):
            yield f'{name}_bucket{opened}le="{bound:g}"}} {number}'
        yield f'{name}_bucket{opened}le="+Inf"}} {count}'
        yield f"{name}_count{of_key} {count}"
        yield f"{name}_sum{of_key} {row[SUM]:.6f}"


def _labels(names: Sequence[str], key: Key) -> str:
    return format_labels(dict(zip(names, key, strict=True)))


def format_labels(labels: dict[str, str]) -> str:
    """Return labels in braces with their values escaped, or nothing."""
    escaped = {
        name: text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name, text in labels.items()
    }
    inside = ",".join(f'{name}="{text}"' for name, text in escaped.items())
    return f"{{{inside}}}" if inside else ""


def exposition(measured: Measured, gauges: Sequence[Gauge]) -> str:
    """Return everything a monitoring system may know, one sample a line."""
    lines = [*measured.lines()]
    explained: set[str] = set()
    for gauge in sorted(gauges, key=lambda gauge: gauge.name):
        if gauge.name not in explained:
            explained.add(gauge.name)
            lines += _explained(gauge.name, gauge.meaning, "gauge")
        lines.append(f"{gauge.name}{format_labels(gauge.labels)} {gauge.value:g}")
    return "\n".join(lines) + "\n"
