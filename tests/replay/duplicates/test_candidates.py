"""Who may be the same as one client, a new one as well, is told with the score that a search among all gives."""

from uuid import UUID

import psycopg
import pytest

from infra.linkage.comparing import Comparer
from infra.linkage.model import KEPT
from replay.duplicates.candidates import Candidate, candidates_of
from replay.duplicates.finding import find
from replay.duplicates.records import COLUMNS
from tests.read_api.office import Office, client, nth
from tests.replay.duplicates.cards import told
from tests.replay.duplicates.test_finding import LIMITS, kept

COMPARER = Comparer(COLUMNS)


def candidates(office: Office, number: int | UUID) -> dict[UUID, Candidate]:
    client_id = number if isinstance(number, UUID) else nth(number)
    with psycopg.connect(office.database.projector_url, autocommit=True) as connection:
        return {one.client_id: one for one in candidates_of(connection, COMPARER, client_id)}


def test_a_candidate_has_the_score_and_the_agreement_that_a_search_among_all_gives(cards: Office) -> None:
    find(cards.database.projector_url, LIMITS, lambda _phase, _done: None)
    pairs = kept(cards.database)
    assert len(pairs) >= 4
    for pair in pairs.values():
        for one, other in ((pair["party_id"], pair["other_id"]), (pair["other_id"], pair["party_id"])):
            found = candidates(cards, one)[other]
            assert found.score == pytest.approx(float(pair["score"]), abs=2e-4)
            assert found.agreement == pair["agreement"]


def test_who_was_entered_after_the_last_search_has_candidates_at_once(cards: Office) -> None:
    find(cards.database.projector_url, LIMITS, lambda _phase, _done: None)
    cards.put(
        "client_card",
        client(190, "ромашка, ооо", identity_keys=["phone:+79161234568"]),
        client(191, "Griboedov A.", kind="person", profile={"birthday": told("15.1.1975")}),
        client(192, "Кто-то ещё", kind="person", identity_keys=["phone:+79991112233"]),
        client(193, "Промхимзащита", identity_keys=["tax_id:7707083893"]),
    )
    assert candidates(cards, 190).keys() >= {nth(41), nth(42)}
    assert candidates(cards, 191).keys() == {nth(43), nth(44)}
    assert candidates(cards, 192) == {}
    assert next(iter(candidates(cards, 193))) == nth(47)


def test_before_the_first_search_what_is_known_beforehand_decides(cards: Office) -> None:
    assert candidates(cards, 41).keys() == {nth(42)}
    assert all(one.score >= KEPT for one in candidates(cards, 43).values())


def test_of_who_is_not_there_or_was_put_away_there_are_none(cards: Office) -> None:
    assert candidates(cards, 51) == {}
    assert candidates(cards, 199) == {}
