"""The time left counts every kind of work, at what it costs on this machine right now."""

import pytest

from replay.rebuilding.forecast import USUAL, Costs, Forecast

KNOWN = Costs(to_fold=1e-3, to_write=2e-3, to_index=1e-3, to_check=1e-3, to_compare=2e-3, rows=0.5)


def forecast(known: Costs | None = KNOWN, workers: int = 1, checks: int = 0, events: int = 1000) -> Forecast:
    return Forecast(known, events=events, checks=checks, workers=workers)


def test_before_anything_is_done_the_last_rebuild_tells() -> None:
    # 1000 facts folded, 500 rows written, 500 rows indexed.
    assert forecast().seconds_left() == pytest.approx(1 + 1 + 0.5)


def test_workers_share_the_folding_the_writing_and_the_checking_but_not_the_indexing() -> None:
    assert forecast(workers=2).seconds_left() == pytest.approx(0.5 + 0.5 + 0.5)
    assert forecast(workers=2, checks=1000).seconds_left() == pytest.approx(1.5 + 0.5 + 0.5)


def test_a_check_folds_the_facts_and_compares_their_rows() -> None:
    assert forecast(checks=1000).seconds_left() == pytest.approx(2.5 + 1 + 1)
    assert forecast(checks=100).seconds_left() == pytest.approx(2.5 + 0.2)


def test_a_machine_that_folds_slower_than_last_time_is_slower_at_all_the_rest() -> None:
    one = forecast()
    one.fold(100, 0.2)
    assert one.seconds_left() == pytest.approx(900 * 2e-3 + 2 * (1 + 0.5))


def test_a_throttle_holds_folding_writing_and_checking_but_not_the_indexes() -> None:
    one = forecast(checks=1000)
    assert one.seconds_left(throttle=100) == pytest.approx(10 + 5 + 0.5 + 15)


def test_what_is_dealt_out_first_is_shared_by_the_workers_and_held_to_the_throttle() -> None:
    def dealing(workers: int = 1) -> Forecast:
        return Forecast(KNOWN._replace(to_deal=1e-3), events=1000, checks=0, workers=workers, deals=1000)

    assert dealing().seconds_left() == pytest.approx(2.5 + 1)
    assert dealing(workers=2).seconds_left() == pytest.approx(1.5 + 0.5)
    assert dealing().seconds_left(throttle=100) == pytest.approx(10 + 10 + 5 + 0.5)
    one = dealing()
    # A machine that deals slower than last time is slower at all the rest.
    one.deal(500, 1.0)
    assert one.seconds_left() == pytest.approx(1 + 2 * 2.5)
    one.fold(100, 0.1)
    assert one.seconds_left() == pytest.approx(1 + 2.4)


def test_what_is_done_is_not_left() -> None:
    one = forecast(checks=1000)
    one.fold(1000, 1.0)
    one.write(250, 0.5)
    one.all_written()
    # Fewer rows than expected: to be indexed, and to be checked.
    assert one.seconds_left() == pytest.approx(0.25 + 1 + 0.5)
    assert one.seconds_left(indexing_for=0.2) == pytest.approx(0.05 + 1 + 0.5)
    one.index_seconds = 0.25
    assert one.seconds_left() == pytest.approx(1 + 0.5)
    one.check("check", 1000, 1.0)
    one.check("compare", 250, 0.5)
    assert one.seconds_left() == pytest.approx(0)


def test_what_a_rebuild_cost_is_kept_for_the_next_one() -> None:
    one = forecast(None)
    one.deal(1000, 0.3)
    one.fold(1000, 3.0)
    one.write(200, 1.0)
    one.all_written()
    one.index_seconds = 0.4
    one.check("check", 100, 0.7)
    one.check("compare", 100, 0.6)
    assert one.costs == pytest.approx(Costs(3e-3, 5e-3, 2e-3, 7e-3, 6e-3, 0.2, 3e-4))


def test_one_piece_of_work_that_took_unusually_long_does_not_count_for_ever() -> None:
    one = forecast(events=100_000)
    one.fold(100, 10.0)
    for _ in range(400):
        one.fold(100, 0.1)
    assert one.costs.to_fold == pytest.approx(1e-3, rel=0.05)


def test_without_a_rebuild_before_the_usual_costs_count() -> None:
    assert forecast(None).costs == USUAL


def test_a_log_without_facts_takes_no_time() -> None:
    assert Forecast(None, events=0, checks=0, workers=1).seconds_left() == 0
