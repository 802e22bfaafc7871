"""How a benchmark is measured: ours and the baseline take turns, and the medians are compared."""

import platform
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from os import cpu_count
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.ground import Ground

ROOT = Path(__file__).resolve().parent.parent.parent

Sampler = Callable[[], float]
"""Measures once and returns a rate, or a duration.

Called several times, it never measures what an earlier call left warm or full.
"""


@dataclass(frozen=True)
class Race:
    """Two samplers of the same thing, ready to run; `extras` tells what else was seen, when all is measured."""

    ours: Sampler
    baseline: Sampler
    baseline_name: str
    unit: str
    extras: Callable[[], Mapping[str, Any]] = dict
    is_duration: bool = False
    """The samplers return durations: less is better."""


Benchmark = Callable[[Ground], AbstractContextManager[Race]]
"""Prepares a race on the ground and clears up after it; its docstring says what we expect and what would be unfair."""


@dataclass(frozen=True)
class Result:
    """What one benchmark came to: medians, and their ratio (more than 1: ours is faster)."""

    name: str
    ours: float
    baseline: float
    baseline_name: str
    ratio: float
    unit: str
    machine: str
    commit: str
    samples: Mapping[str, list[float]]
    extras: Mapping[str, Any] = field(default_factory=dict)


def measure(name: str, benchmark: Benchmark, ground: Ground) -> Result:
    """Let ours and the baseline take turns (A B A B …), so that a noisy moment of the machine hits both."""
    with benchmark(ground) as race:
        pairs = list(_turns(race, ground.rounds))
        extras = dict(race.extras())
    ours, theirs = ([round(pair[side], 3) for pair in pairs] for side in (0, 1))
    ratio = median(ours) / median(theirs)
    return Result(
        name=name,
        ours=round(median(ours), 1),
        baseline=round(median(theirs), 1),
        baseline_name=race.baseline_name,
        ratio=round(1 / ratio if race.is_duration else ratio, 3),
        unit=race.unit,
        machine=machine(),
        commit=commit(),
        samples={"ours": ours, "baseline": theirs},
        extras=extras,
    )


def _turns(race: Race, rounds: int) -> Iterator[tuple[float, float]]:
    for _ in range(rounds):
        yield race.ours(), race.baseline()


def machine() -> str:
    """Say what was measured on: cores, memory, system, Python."""
    memory = "? GB"
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        memory = f"{round(int(meminfo.read_text().split()[1]) / 1024**2)} GB"
    system = f"{platform.system()} {platform.machine()}"
    return f"{cpu_count()} cores, {memory}, {system}, Python {platform.python_version()}"


def commit() -> str:
    """Name the code that was measured; a plus says that files had been changed since."""

    def git(*words: str) -> str:
        asked = ["git", "-C", str(ROOT), *words]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")
