"""However a job ends, there are words for it in both languages, and they name what is known of it."""

import re
from pathlib import Path

import pytest

from app.operations.for_reports import ForReports
from app.operations.outcomes import FAILURES, ended_by, of_comparison, of_rebuild
from app.words.messages import LANGUAGES, MESSAGES, words_for
from infra.projector.folding import PoisonEventError
from replay.rebuilding.rebuild import MoreParkedError, Rebuilt
from replay.rebuilding.report import NotEqualError, Report
from replay.rebuilding.throttle import RebuildCancelledError
from replay.repair.jobs import Ended

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [
    *(ROOT / "app" / "operations").glob("*.py"),
    ROOT / "app" / "terminal" / "on_record.py",
    ROOT / "app" / "imports" / "outcomes.py",
]
OWN = set(
    re.findall(r'^\["([a-z-]+)"\]', (ROOT / "app" / "words" / "operations.toml").read_text("utf-8"), re.MULTILINE)
)
NOT_TAKEN = {"operation-under-way", "no-place-for-backups"}
REPORT = Report("boxes", 3, 99, rows=7, differing=2)


def codes() -> set[str]:
    """Return every code that a job can end with, as the sources write them."""
    texts = "\n".join(path.read_text("utf-8") for path in SOURCES)
    failures = {code for _, code, _ in (*FAILURES, *ForReports.failures)}
    of_one_word = {"rebuilt", "paused", "resumed", "dropped", "imported", "rehearsed"}
    return failures | of_one_word | set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', texts))


def test_every_code_has_words_and_all_words_have_a_code() -> None:
    assert {code for code in codes() if code not in MESSAGES} == set()
    assert OWN - codes() - NOT_TAKEN == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "ended",
    [
        of_rebuild(Rebuilt("boxes", 3, 100, 1.5, 0)),
        of_comparison(REPORT),
        ended_by(NotEqualError(REPORT), "boxes"),
        ended_by(MoreParkedError("boxes", 2, 17, "KeyError"), "boxes"),
        ended_by(PoisonEventError(17, "KeyError at fold:3"), "boxes"),
        ended_by(RebuildCancelledError("boxes"), "boxes"),
    ],
    ids=lambda ended: ended.code,
)
def test_the_words_name_what_is_known(language: str, ended: Ended) -> None:
    title, detail = words_for(ended.code, language, ended.facts)
    assert "boxes" in title + detail
    assert "—" not in f"{title} {detail}".replace(" — ", " "), "a fact that the sentence names is missing"


def test_a_bug_is_no_outcome() -> None:
    assert ended_by(KeyError("x"), "boxes") is None
