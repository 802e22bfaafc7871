"""The README's "Where to add", played on a copy of the tree: how many files it takes, and nothing can be forgotten.

Each addition is put into a copy, frozen, and run through the gates that need no database. Then it is put there again
with one enrolment, mark, shape or right left out, and a gate says by name what to add.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from projections.sales.products import products
from tests.newcomer import additions as add
from tests.newcomer.additions import After, New, Step

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("events", "aggregates", "commands", "projections", "read_api", "replay", "infra", "app", "tests")
GATES = (
    "tests/test_enrolled.py",
    "tests/events",
    "tests/aggregates/test_base.py",
    "tests/aggregates/test_parties.py",
    "tests/projections/test_nouns.py",
    "tests/projections/test_shapes.py",
    "tests/projections/analytics/test_reports.py::test_a_report_that_nobody_reckoned_by_hand_is_refused",
    "tests/projections/analytics/test_described.py",
    "tests/commands/test_deal.py",
    "tests/commands/test_again.py",
    "tests/aggregates/test_start.py",
    "tests/app/words/test_problems.py::test_every_code_has_words_in_both_languages",
)

Change = Callable[[tuple[Step, ...]], tuple[Step, ...]]


def copy_with(steps: tuple[Step, ...], place: Path) -> Path:
    """Return a copy of the tree in which these steps were taken."""
    for package in COPIED:
        shutil.copytree(ROOT / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    for step in steps:
        step.put(place)
    return place


def run(place: Path, *words: str) -> tuple[int, str]:
    """Run Python on a copy; return the exit code and all that was said."""
    done = subprocess.run(
        [sys.executable, "-B", *words], cwd=place, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + done.stderr


def gates(place: Path, *chosen: str) -> tuple[int, str]:
    """Run the gates, or those that are chosen, on a copy."""
    return run(place, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *(chosen or GATES))


def touched(place: Path) -> list[str]:
    """Return the files of a copy that are not as they are in the tree."""
    found = []
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place)
        if path.is_file() and name.parts[0] in COPIED and "__pycache__" not in name.parts:
            there = ROOT / name
            if not there.exists() or there.read_bytes() != path.read_bytes():
                found.append(str(name))
    return found


@pytest.mark.parametrize(
    ("steps", "most"),
    [(add.AN_EVENT, 7), (add.A_COMMAND, 4), (add.A_VIEW, 6), (add.A_REPORT, 2), (add.AN_AGGREGATE, 4)],
    ids=["event", "command", "view", "report", "aggregate"],
)
def test_an_addition_touches_few_files(tmp_path: Path, steps: tuple[Step, ...], most: int) -> None:
    place = copy_with(steps, tmp_path)
    code, said = run(place, "-m", "tests.frozen")
    assert code == 0, said
    files = touched(place)
    if steps is add.AN_AGGREGATE:
        # Its own files are its own affair: those of others are where two people meet.
        files = [name for name in files if (ROOT / name).exists()]
    assert len(files) <= most, files


def test_all_additions_together_pass_the_gates(tmp_path: Path) -> None:
    every = (*add.AN_EVENT, *add.A_COMMAND, *add.A_VIEW, *add.A_REPORT, *add.AN_AGGREGATE)
    place = copy_with(every, tmp_path)
    code, said = run(place, "-m", "tests.frozen")
    assert code == 0, said
    code, said = gates(place, *GATES, "tests/commands/test_ticket.py")
    assert code == 0, said


def leave_out(step: Step) -> Change:
    return lambda steps: tuple(one for one in steps if one is not step)


def replaced(step: Step, part: str, other: str) -> Change:
    """Put something else for a part, which stands once in what one of the steps says."""
    assert step.text.count(part) == 1, part
    text = step.text.replace(part, other)
    changed: Step = New(step.path, text) if isinstance(step, New) else After(step.path, step.anchor, text)
    return lambda steps: tuple(changed if one is step else one for one in steps)


def cut(step: Step, part: str) -> Change:
    """Take a part out of what one of the steps says."""
    return replaced(step, part, "")


def nth(steps: tuple[Step, ...], path: str, number: int = 0) -> Step:
    """Return the n-th step that is about a file."""
    return [one for one in steps if one.path == path][number]


EVENT, COMMAND, VIEW, REPORT, AGGREGATE = add.AN_EVENT, add.A_COMMAND, add.A_VIEW, add.A_REPORT, add.AN_AGGREGATE
FORGOTTEN: dict[str, tuple[tuple[Step, ...], Change, str]] = {
    "the example of an event": (
        EVENT,
        cut(nth(EVENT, "events/deal.py"), '@example(on=SALE, text="They want it blue")\n'),
        "DealPraised has no example",
    ),
    "the mark of a personal text": (
        EVENT,
        replaced(nth(EVENT, "events/deal.py"), "Annotated[Text, PERSONAL]", "Text"),
        "DealPraised.text is free text: mark it PERSONAL",
    ),
    "the fold of the aggregate": (
        EVENT,
        cut(nth(EVENT, "aggregates/deal.py", 1), "    @applies(DealPraised)\n"),
        "one aggregate folds it",
    ),
    "the fold of the noun's view": (
        EVENT,
        leave_out(nth(EVENT, "projections/sales/pipeline_board.py", 1)),
        "pipeline_board does not fold ['deal.praised']",
    ),
    "the fact table": (EVENT, leave_out(nth(EVENT, "projections/sales/facts.py")), "add them to a fact table"),
    "the example of a command": (
        COMMAND,
        cut(nth(COMMAND, "commands/deal.py"), '@example(deal_id=SALE, reason="nobody answers")\n'),
        "AbandonDeal has no example",
    ),
    "the roles of a command": (
        COMMAND,
        cut(nth(COMMAND, "commands/deal.py"), "    ROLES, EDITS = SELLING, EditedKind.DEALS\n\n"),
        "AbandonDeal names no ROLES",
    ),
    "the handler of a command": (
        COMMAND,
        cut(nth(COMMAND, "commands/deal.py", 1), "@handles(AbandonDeal)\n"),
        "write what carries it out beside it",
    ),
    "the words of a rule": (
        COMMAND,
        leave_out(nth(COMMAND, "aggregates/deal.toml")),
        "deal-is-under-contract has no words",
    ),
    "the enrolment of a view": (
        VIEW,
        leave_out(nth(VIEW, "projections/registry.py", 1)),
        "['projections.sales.series'] is not in MODULES of projections.registry",
    ),
    "the roles of a question": (VIEW, cut(nth(VIEW, "read_api/products.py"), ", roles=EVERYBODY"), "'roles'"),
    "the oracle of a report": (
        REPORT,
        leave_out(nth(REPORT, "tests/projections/analytics/oracle.py")),
        "The report openings is not held against anything",
    ),
    "the Russian title of a report": (
        REPORT,
        cut(
            nth(REPORT, "projections/analytics/reports/sales/openings.sql"),
            '--: title.ru = "Открытые сделки по месяцам"\n',
        ),
        "openings.sql: 'ru' is not said",
    ),
    "what a row of a fact table is": (
        AGGREGATE,
        leave_out(nth(AGGREGATE, "projections/service/facts.toml")),
        "fact_ticket lacks en, ru",
    ),
    "the noun among the events": (
        AGGREGATE,
        leave_out(nth(AGGREGATE, "events/registry.py", 1)),
        "['events.ticket'] is not in MODULES of events.registry",
    ),
    "the noun among the commands": (
        AGGREGATE,
        leave_out(nth(AGGREGATE, "commands/registry.py", 1)),
        "['commands.ticket'] is not in MODULES of commands.registry",
    ),
    "the noun among the read models": (
        AGGREGATE,
        leave_out(nth(AGGREGATE, "projections/registry.py", 1)),
        "is not in MODULES of projections.registry",
    ),
    "the noun among the questions": (
        AGGREGATE,
        leave_out(nth(AGGREGATE, "read_api/door.py", 1)),
        "['read_api.tickets'] is not in MODULES of read_api.door",
    ),
}


GATE_OF = {
    "the fold of the aggregate": "tests/aggregates/test_base.py",
    "the fold of the noun's view": "tests/projections/test_nouns.py",
    "the fact table": "tests/projections/test_nouns.py",
    "the words of a rule": "tests/app/words/test_problems.py",
    "what a row of a fact table is": "tests/projections/analytics/test_described.py",
    "the oracle of a report": "tests/projections/analytics/test_reports.py",
    "the Russian title of a report": "tests/projections/analytics/test_reports.py",
}
"""Where it is noticed; whatever is enrolled nowhere, or cannot be read at all, in tests/test_enrolled.py."""


@pytest.mark.parametrize("what", FORGOTTEN)
def test_what_is_forgotten_is_said_by_name(tmp_path: Path, what: str) -> None:
    steps, change, said_of_it = FORGOTTEN[what]
    place = copy_with(change(steps), tmp_path)
    code, said = gates(place, GATE_OF.get(what, "tests/test_enrolled.py"))
    assert code != 0, f"nobody noticed that {what} was left out"
    assert said_of_it in said.replace("\nE   ", ""), said[-3000:]


def test_what_is_not_frozen_is_asked_for(tmp_path: Path) -> None:
    place = copy_with(add.AN_EVENT, tmp_path)
    code, said = gates(place, "tests/events")
    assert code != 0
    assert "`make freeze` writes deal.praised.v1.json" in said


def test_another_column_is_another_shape(tmp_path: Path) -> None:
    changed = After(
        "projections/sales/products.py", "    series: str | None = None\n", "    colour: str | None = None\n"
    )
    place = copy_with((changed,), tmp_path)
    code, said = run(place, "-m", "tests.frozen")
    assert code != 0
    assert f"raise `shape` of the projection to {products.shape + 1}" in said.replace("\n", " ")
    code, said = gates(place, "tests/projections/test_shapes.py")
    assert code != 0
    assert f"raise `shape` of the projection to {products.shape + 1}" in said.replace("\n", " ")
