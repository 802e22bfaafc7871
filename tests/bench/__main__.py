"""`make bench`: runs the benchmarks, prints a table and writes var/bench.json."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.logs import configure_logs
from app.process import settle
from tests.bench.catalogue import BENCHMARKS
from tests.bench.ground import ground
from tests.bench.measuring import ROOT, Result, measure

WARNING = 30


def main() -> int:
    """Run what was asked for; the exit code is 0 unless a benchmark could not be run."""
    asked = _asked()
    if asked.list:
        for name, benchmark in BENCHMARKS.items():
            print(f"{name}\n    {(benchmark.__doc__ or '').strip()}\n")
        return 0
    configure_logs(level=WARNING)
    # Ended in whatever way, every server that was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # As the service does; the baselines that share this process gain by it as well.
    settle()
    results: list[Result] = []
    waiting = list(asked.only or BENCHMARKS)
    try:
        with ground(is_quick=asked.quick, events=asked.events, folder=asked.folder) as lent:
            while waiting:
                name, began = waiting[0], time.monotonic()
                measured = measure(name, BENCHMARKS[name], lent)
                results += measured
                told = "\n".join(map(_line, measured))
                print(f"{told}  ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
                waiting.pop(0)
    finally:
        # What was measured before something failed took its time, and is true.
        _print_table(results)
        _write(ROOT / "var" / "bench.json", results, is_part=bool(asked.only or waiting))
    return 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", choices=BENCHMARKS, help="may be repeated")
    parser.add_argument("--quick", action="store_true", help="three short turns instead of five")
    parser.add_argument("--events", type=int, help="size of the log that is rebuilt and loaded")
    parser.add_argument("--folder", type=Path, help="where the server's temporary folder goes")
    parser.add_argument("--list", action="store_true", help="say what each benchmark expects, and stop")
    return parser.parse_args()


def _line(result: Result) -> str:
    return f"{result.name}: {result.ours:,.0f} against {result.baseline:,.0f} {result.unit}, {result.ratio:.2f}×"


def _extras(extras: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in extras.items())


def _print_table(results: Sequence[Result]) -> None:
    table = Table(title="Medians; ratio above 1 means ours is faster", title_justify="left")
    for column in ("benchmark", "ours", "baseline", "unit", "ratio", "against", "also"):
        table.add_column(column, justify="right" if column in {"ours", "baseline", "ratio"} else "left")
    for one in results:
        figures = (f"{one.ours:,.0f}", f"{one.baseline:,.0f}", one.unit, f"{one.ratio:.2f}×")
        table.add_row(one.name, *figures, one.baseline_name, _extras(one.extras))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _write(path: Path, results: Sequence[Result], *, is_part: bool) -> None:
    """Write all results; a run of some keeps what an earlier run wrote about the others."""
    kept: dict[str, object] = {}
    if is_part and path.exists():
        kept = {one["name"]: one for one in json.loads(path.read_text(encoding="utf-8"))}
    kept.update({one.name: asdict(one) for one in results})
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(list(kept.values()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"Written to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
