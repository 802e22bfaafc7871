"""Each decision in docs/adr names the tests that keep it, so none of them becomes mere intention."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def test_there_are_decisions_numbered_without_a_hole() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    assert DECISIONS


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_names_tests_that_exist(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    kept_by = re.findall(r"`(tests/[\w/.]+\.py)::(test_\w+)`", text.partition("**Kept by.**")[2])
    assert kept_by
    for file, name in kept_by:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), f"{file} has no {name}"


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_fits_on_a_page(decision: Path) -> None:
    assert len(decision.read_text(encoding="utf-8").splitlines()) <= 40
