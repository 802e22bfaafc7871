"""How a benchmark is measured: ours and the baseline take turns, and the medians are compared."""

import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
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
    """Samplers of the same thing, ready to run; `extras` tells what else was seen, when all is measured.

    `others` are further baselines: what is added to the benchmark's name, what the baseline is, its sampler.
    """

    ours: Sampler
    baseline: Sampler
    baseline_name: str
    unit: str
    extras: Callable[[], Mapping[str, Any]] = dict
    others: Sequence[tuple[str, str, Sampler]] = ()
    is_duration: bool = False
    """The samplers return durations: less is better."""


Benchmark = Callable[[Ground], AbstractContextManager[Race | Mapping[str, Race]]]
"""Prepares a race, or several by name, on the ground and clears up after it.

Its docstring says what we expect and what would be unfair.
"""


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


def measure(name: str, benchmark: Benchmark, ground: Ground) -> list[Result]:
    """Run a benchmark's races one after the other, and return a result for each baseline."""
    with benchmark(ground) as lent:
        races = {name: lent} if isinstance(lent, Race) else {f"{name}_{part}": race for part, race in lent.items()}
        return [result for whole, race in races.items() for result in _measured(whole, race, ground.rounds)]


def _measured(name: str, race: Race, rounds: int) -> list[Result]:
    """Let ours and the baselines take turns (A B A B …), so that a noisy moment of the machine hits all."""
    baselines = [("", race.baseline_name, race.baseline), *race.others]
    turns = [(race.ours(), *(sample() for _, _, sample in baselines)) for _ in range(rounds)]
    ours, *theirs = ([round(sample, 3) for sample in side] for side in zip(*turns, strict=True))
    return [
        Result(
            name=f"{name}_{added}" if added else name,
            ours=round(median(ours), 1),
            baseline=round(median(samples), 1),
            baseline_name=baseline_name,
            ratio=round(_ratio(race, median(ours), median(samples)), 3),
            unit=race.unit,
            machine=machine(),
            commit=commit(),
            samples={"ours": ours, "baseline": samples},
            extras=dict(race.extras()),
        )
        for (added, baseline_name, _), samples in zip(baselines, theirs, strict=True)
    ]


def _ratio(race: Race, ours: float, theirs: float) -> float:
    return theirs / ours if race.is_duration else ours / theirs


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
