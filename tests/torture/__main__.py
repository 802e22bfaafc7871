"""`python -m tests.torture`: kills every part at bad moments and says what came of it in its last line."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.torture.plan import LONG, SHORT
from tests.torture.processes import FailedError
from tests.torture.run import Result, TooSlowError, run


def main() -> int:
    """Run the suite; 0 when nothing was skipped, doubled, lost or otherwise wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--short", action="store_true", help="minutes instead of long")
    parser.add_argument("--seed", type=int, default=SHORT.seed, help="another seed is another run")
    parser.add_argument("--steps", type=int, help="batches of each writer")
    parser.add_argument("--kills", type=int, help="kills from outside")
    parser.add_argument("--without", choices=["lock", "receipts"], help="take a guard away: the run has to fail")
    parser.add_argument("--table", type=Path, help="write the table here, too")
    asked = parser.parse_args()
    plan = replace(SHORT if asked.short else LONG, seed=asked.seed)
    plan = replace(plan, steps=asked.steps or plan.steps, kills=asked.kills or plan.kills)
    try:
        result = run(plan, lambda words: print(words, flush=True), without=asked.without)
    except (TooSlowError, FailedError) as error:
        print(f"FAILED: {error}")
        return 1
    table = "\n".join(_table(result))
    print(table)
    if asked.table is not None:
        asked.table.write_text(f"{table}\n\n`{result.line}`\n", encoding="utf-8")
    print(result.line)
    return 0 if result.is_clean else 1


def _table(result: Result) -> Iterator[str]:
    plan = result.plan
    yield (
        f"Seed {plan.seed}: {plan.writers} writers and {plan.callers} callers, {plan.steps} batches each; "
        f"{result.acknowledged:,} commands acknowledged, {result.appended:,} facts, {result.seconds:.0f} s."
    )
    yield ""
    yield "| killed | times |"
    yield "|---|---:|"
    for what, number in sorted(result.killed.items()):
        yield f"| {what} | {number} |"
    yield ""
    yield "| who | facts | skipped | doubled | lost | otherwise wrong |"
    yield "|---|---:|---:|---:|---:|---|"
    for one in result.verdicts:
        wrong = "; ".join(one.wrong) or "nothing"
        yield f"| {one.name} | {one.facts:,} | {one.skipped} | {one.doubled} | {one.lost} | {wrong} |"


if __name__ == "__main__":
    sys.exit(main())
