"""Clients who may be one are found among all of them, and what was found before is replaced."""

import os
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from events.ids import pair_of
from infra.linkage.linked import Limits, LinkingFailedError
from infra.linkage.model import KEPT, LEVELS, SUGGESTED
from read_api import duplicates
from read_api.duplicates import Agreement, Compared
from replay.duplicates.finding import CardsNotBuiltError, Found, find
from replay.duplicates.records import COLUMNS
from tests.database import Database
from tests.read_api.office import Office, nth, office
from tests.replay.duplicates.cards import CARDS

LIMITS = Limits(512, 1)


def kept(database: Database) -> dict[UUID, dict[str, Any]]:
    with psycopg.connect(database.reader_url, row_factory=dict_row) as connection:
        return {row["pair_id"]: row for row in connection.execute("SELECT * FROM read.duplicate_pair")}


def processes() -> list[str]:
    """Return the processes that score pairs for this one, by what was typed to start them."""
    texts = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/stat")]
    of_ours = [text.split() for text in texts if int(text.rpartition(b")")[2].split()[1]) == os.getpid()]
    lines = [Path(f"/proc/{int(fields[0])}/cmdline").read_bytes().decode() for fields in of_ours]
    return [line for line in lines if "infra.linkage.linking" in line]


def found_in(database: Database) -> Found:
    return find(database.projector_url, LIMITS, lambda _phase, _done: None)


def test_who_may_be_one_is_kept_with_what_agrees_and_who_is_not_is_not_suggested(cards: Office) -> None:
    found = found_in(cards.database)
    pairs = kept(cards.database)
    assert (found.position, found.clients, found.pairs) == (7, len(CARDS) - 1, len(pairs))
    assert found.compared >= found.pairs
    for one, other in ((41, 42), (43, 44), (47, 48)):
        assert pairs[pair_of(nth(one), nth(other))]["score"] >= 0.9
    for one, other in ((45, 46), (49, 50)):
        pair = pairs.get(pair_of(nth(one), nth(other)))
        assert pair is None or KEPT <= pair["score"] < 0.9
    assert pairs[pair_of(nth(43), nth(44))]["agreement"] == {"name": "initials", "kind": "same", "birthday": "same"}
    assert not any(nth(51) in (pair["party_id"], pair["other_id"]) for pair in pairs.values())


def test_the_next_one_replaces_what_was_found_and_says_the_same_of_the_same(cards: Office) -> None:
    found_in(cards.database)
    before = kept(cards.database)
    found_in(cards.database)
    assert kept(cards.database) == before
    cards.run("DELETE FROM client_card_g1.client_card WHERE client_id = %s", [nth(42)])
    found_in(cards.database)
    assert pair_of(nth(41), nth(42)) not in kept(cards.database)
    [(runs, clients)] = cards.run("SELECT count(*), max(records) FROM read.duplicate_run")
    assert (runs, clients) == (1, len(CARDS) - 2)
    assert cards.run("SELECT count(*) FROM letopis.duplicate_frequency") == [(len(CARDS) - 2,)]


def test_what_ends_before_its_time_leaves_what_was_there_and_no_process(cards: Office) -> None:
    found_in(cards.database)
    before = kept(cards.database)

    def stopped(phase: str, _done: int) -> None:
        if phase != "reading":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        find(cards.database.projector_url, LIMITS, stopped)
    assert kept(cards.database) == before
    assert not processes()


def test_without_cards_nobody_is_compared(database: Database) -> None:
    with pytest.raises(CardsNotBuiltError):
        found_in(database)


def test_of_nobody_and_of_one_there_is_nothing_to_find(database: Database) -> None:
    with office(database) as opened:
        assert found_in(database)[1:] == (0, 0, 0)
        opened.put("client_card", CARDS[0])
        assert found_in(database)[1:] == (1, 0, 0)


def test_too_little_memory_is_said_and_what_was_found_stays(cards: Office) -> None:
    found_in(cards.database)
    before = kept(cards.database)
    with pytest.raises(LinkingFailedError, match="LETOPIS_DUPLICATES_MEMORY_MB"):
        find(cards.database.projector_url, Limits(1, 1), lambda _phase, _done: None)
    assert kept(cards.database) == before


def test_what_is_compared_is_what_people_are_told() -> None:
    assert duplicates.SUGGESTED == SUGGESTED

    assert set(get_args(Compared)) == {column.name for column in COLUMNS}
    assert set(get_args(Agreement)) == {level.name for column in COLUMNS for level in LEVELS[column.kind]}
