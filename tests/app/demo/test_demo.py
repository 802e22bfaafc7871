"""The demo tells the truth: its whole story comes true on a real service, and what is not true is said."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.demo.demo import WORDS, tell_at
from app.demo.place import Place, throw_away_place
from app.demo.story import STEPS, NotTrueError, Story, check, immutable, rebuild_cards
from read_api import views


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A running service on a throw-away database."""
    with throw_away_place("ru") as running:
        yield running


def told_by(place: Place, steps: Mapping[str, Any]) -> tuple[bool, str]:
    said: list[str] = []
    is_true = tell_at(place, "ru", said.append, steps)
    return is_true, "\n".join(said)


def test_the_whole_story_is_true(place: Place) -> None:
    is_true, said = told_by(place, STEPS)
    assert is_true, said
    assert said.count("✓") == len(STEPS) == 8
    assert "{" not in said


def test_a_step_that_is_not_true_says_what_was_expected_and_what_was_seen(place: Place) -> None:
    reached: list[str] = []
    steps = {
        "company": lambda _: check("GET /somewhere", 404, 200),
        "race": lambda _: reached.append("race"),
    }
    is_true, said = told_by(place, steps)
    assert not is_true
    assert not reached
    assert re.search(r"✗ .*GET /somewhere\n +ожидалось: 200\n +получено: 404", said)


def test_a_log_that_lets_itself_be_changed_is_noticed(place: Place) -> None:
    story = Story(place, WORDS["names"]["ru"])
    table = "ALTER TABLE letopis.event"
    with psycopg.connect(place.urls.owner, autocommit=True) as owner:
        owner.execute(f"{table} DISABLE TRIGGER event_is_immutable".encode())
        try:
            with pytest.raises(NotTrueError, match="UPDATE, DELETE, TRUNCATE"):
                immutable(story)
        finally:
            owner.execute(f"{table} ENABLE TRIGGER event_is_immutable".encode())
    immutable(story)


def test_a_rebuild_is_compared_with_what_was_there_before(place: Place) -> None:
    story = Story(place, WORDS["names"]["ru"])
    with psycopg.connect(place.urls.owner, autocommit=True) as owner:
        row = owner.execute(
            f"SELECT client_id FROM read.{views.CLIENT_CARD} WHERE name = %s".encode(), [story.names["client"]]
        ).fetchone()
        assert row is not None
        story.ids["client"] = row[0]
        generation = owner.execute(
            "SELECT generation FROM read.projection_status WHERE name = 'client_card'"
        ).fetchone()
        assert generation is not None
        # A card that is not what the log makes: the rebuilt one differs from it.
        owner.execute(f"UPDATE client_card_g{generation[0]}.client_card SET source = 'nowhere'".encode())
    story.tokens["head"] = place.token("auditor", "auditor")  # this story hired nobody, so its head sees nobody
    with pytest.raises(NotTrueError) as error:
        rebuild_cards(story)
    assert error.value.expected["source"] == "nowhere"
    assert error.value.seen["source"] != "nowhere"


@pytest.mark.parametrize("code", STEPS)
def test_every_step_is_told_in_both_languages_with_the_same_facts(code: str) -> None:
    words = WORDS["steps"][code]
    for part in ("title", "told"):
        names = [set(re.findall(r"{(\w+)}", words[language][part])) for language in ("en", "ru")]
        # A language may name somebody again where the other says "they".
        assert names[1] - {"winner", "loser"} == names[0] - {"winner", "loser"}
        assert all(words[language][part] for language in ("en", "ru"))


def test_both_languages_have_the_same_names_and_words() -> None:
    for part in ("names", "words"):
        assert WORDS[part]["en"].keys() == WORDS[part]["ru"].keys()
    assert WORDS["steps"].keys() == STEPS.keys()


def test_nothing_of_the_place_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        # The database server's user passes through.
        for folder in (tmp_path, *tmp_path.parents[:3]):
            folder.chmod(folder.stat().st_mode | 0o011)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("LETOPIS_PORT", "1")
    with throw_away_place("en") as running:
        assert running.read(running.token("x", "admin"), "/health").body == {"status": "alive"}
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
