"""Plants small faults in the rules and the folds, one by one, and asks the tests whether they see them: `make mutants`.

The tool is mutmut. It leaves decorated functions alone, and here nearly every fold is one; so it works on a copy in
which `@on(X) def f` is spelled `def f` and `f = on(X)(f)`, which is the same to Python. No database is needed.
"""

import ast
import contextlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / ".mutants"
MUTATED = ("aggregates", "projections")
COPIED = ("events", "commands", "read_api", "replay", "infra", "app", "tests", "docs", "pyproject.toml")
KEPT = {"staticmethod", "classmethod"}
"""The decorators that mutmut understands by itself."""
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
SEEN = {"killed", "timeout"}
ENOUGH = 90
"""Of a hundred faults, how many the tests must see."""


def spelled_out(source: str) -> str:
    """Return the same module with each decorator called after its function instead of written above it."""
    lines = source.splitlines(keepends=True)
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    # From the end, so that what is inserted moves nothing that is still to come.
    for function in sorted(functions, key=lambda node: node.lineno, reverse=True):
        decorators = [ast.get_source_segment(source, each) or "" for each in function.decorator_list]
        if not decorators or set(decorators) <= KEPT:
            continue
        assert function.end_lineno is not None
        calls = "".join(f"{each}(" for each in decorators) + function.name + ")" * len(decorators)
        lines.insert(function.end_lineno, f"{' ' * function.col_offset}{function.name} = {calls}\n")
        del lines[function.decorator_list[0].lineno - 1 : function.lineno - 1]
    return "".join(lines)


def lay_out(target: Path) -> None:
    """Copy what the tests of rules and folds need, the mutated packages spelled out."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")
    for name in (*COPIED, *MUTATED):
        there = ROOT / name
        if there.is_dir():
            shutil.copytree(there, target / name, ignore=ignored)
        else:
            shutil.copy2(there, target / name)
    for name in MUTATED:
        for path in (target / name).rglob("*.py"):
            path.write_text(spelled_out(path.read_text("utf-8")), "utf-8")


def run() -> dict[str, str]:
    """Let the tool plant its faults in the copy, and return what became of each."""
    # CI, so that hypothesis draws the same each time.
    surroundings = {**os.environ, "CI": "true", "LETOPIS_FAULTS_PLANTED": "1"}
    subprocess.run([MUTMUT, "run", "--max-children", "2"], cwd=COPY, check=True, env=surroundings)
    asked = subprocess.run([MUTMUT, "results", "--all", "true"], cwd=COPY, check=True, text=True, capture_output=True)
    return dict(re.findall(r"^ *(\S+): (\S.*)$", asked.stdout, re.MULTILINE))


def main() -> int:
    lay_out(COPY)
    outcomes = run()
    unseen = sorted(name for name, outcome in outcomes.items() if outcome not in SEEN)
    with contextlib.chdir(COPY):
        for name in unseen:
            sys.stdout.write(f"{name} ({outcomes[name]})\n{get_diff_for_mutant(name)}\n")
    seen = len(outcomes) - len(unseen)
    score = 100 * seen / len(outcomes)
    sys.stdout.write(f"mutants: {len(outcomes)} planted, {seen} seen by a test: {score:.1f} %\n")
    return 0 if score >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
