"""The glossary tells the truth: each word lives in the module it names, and the words that were given up are gone."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROWS = re.findall(
    r"^\| ([^|]+) \| ([^|]+) \| `([^`]+)` \|$", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE
)
PRODUCT = ("events", "aggregates", "commands", "projections", "read_api", "replay", "infra", "app")

GIVEN_UP = ("StoredFact", "ReadFact", "HandedOverError", "fold_share", "rule-keeper", "seal_first")
"""Words of our own for what the field has a word for."""


def test_there_are_words_in_it() -> None:
    assert len(ROWS) >= 30


@pytest.mark.parametrize(("here", "field", "where"), ROWS, ids=[row[0] for row in ROWS])
def test_a_word_lives_where_the_glossary_says(here: str, field: str, where: str) -> None:
    text = re.sub(r"[\s_]", "", (ROOT / where).read_text("utf-8").lower())
    words = [word.strip() for word in re.sub(r"\(.*?\)", "", here).split(",")]
    assert any(word.lower().replace(" ", "") in text for word in words), f"{where} does not say {here!r}"
    assert field


def test_words_that_were_given_up_are_gone() -> None:
    texts = {path: path.read_text("utf-8") for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")}
    assert texts
    found = {f"{path.relative_to(ROOT)}: {word}" for path, text in texts.items() for word in GIVEN_UP if word in text}
    assert not found
