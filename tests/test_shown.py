"""A read model with a fault is not shown: each way of looking at one sees the fault it is there for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from events.deal import DealLost, DealMoved, DealOpened
from infra.projector.folding import PoisonEventError
from infra.projector.projection import Key, Keys, Projection, own_stream
from tests.examples import SALE, fact
from tests.story import given, on


class Row(NamedTuple):
    deal_id: UUID
    stages: list[str]


HISTORY = on(SALE, fact(DealOpened), fact(DealMoved), fact(DealMoved, to_stage="payment"))
Fold = Callable[[Row | None, Any, Key], Row]


def model(fold: Fold, keys: Keys = own_stream, reads: tuple[str, ...] | None = None) -> Projection[Row]:
    view = Projection("stages", Row, ("deal_id",), Path())
    view.on(DealMoved, keys=keys, reads=reads)(fold)
    view.on(DealOpened)(lambda row, _, key: row or Row(key[0], []))
    return view


def moved(row: Row | None, event: DealMoved, key: Key) -> Row:
    return Row(key[0], [*(row.stages if row else ()), event.to_stage])


def moved_in_place(row: Row | None, event: DealMoved, key: Key) -> Row:
    row = row or Row(key[0], [])
    row.stages.append(event.to_stage)
    return Row(key[0], list(row.stages))


def moved_from_the_first(row: Row | None, event: DealMoved, key: Key) -> Row:
    assert row is not None
    return Row(key[0], [*row.stages, event.to_stage])


def moved_for_a_reason(row: Row | None, event: DealMoved, key: Key) -> Row:
    return moved(row, event, key)._replace(stages=[getattr(event, "from_stage", "unread")])


def test_a_right_read_model_is_shown() -> None:
    given(HISTORY, on(SALE, fact(DealLost))).shows(model(moved), Row(SALE, ["contract", "payment"]))


def test_a_row_that_is_changed_in_place_is_seen() -> None:
    with pytest.raises(AssertionError, match=r"in place|played twice"):
        given(HISTORY).rows(model(moved_in_place))


def test_a_fold_that_needs_the_first_fact_is_seen() -> None:
    with pytest.raises(PoisonEventError):
        given(HISTORY).rows(model(moved_from_the_first))


def test_a_fold_that_looks_at_more_than_it_says_is_seen() -> None:
    with pytest.raises(AssertionError, match="reads too little"):
        given(HISTORY).rows(model(moved_for_a_reason, reads=("to_stage",)))


def test_a_row_shared_with_a_stranger_is_seen() -> None:
    with pytest.raises(AssertionError, match="share a row"):
        given(HISTORY).rows(model(moved, keys=lambda _: ((UUID(int=1),),)))


def test_a_fold_that_remembers_a_stranger_is_seen() -> None:
    remembered: list[str] = []

    def counting(row: Row | None, event: DealMoved, key: Key) -> Row:
        remembered.append(str(key[0]))
        before = next((name for name in reversed(remembered) if name != str(key[0])), "nobody")
        return Row(key[0], [*(row.stages if row else ()), before])

    with pytest.raises(AssertionError, match="the neighbour changed"):
        given(HISTORY).rows(model(counting))


def test_what_is_not_shown_is_not_said() -> None:
    with pytest.raises(AssertionError):
        given(HISTORY).shows(model(moved))
    with pytest.raises(AssertionError):
        given(HISTORY).shows_row(model(moved), SALE, stages=["payment"])
