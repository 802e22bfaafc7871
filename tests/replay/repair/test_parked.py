"""What waits is tried again or skipped, exactly once, and every later build of the read model knows of it."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from infra.projector.generations import connect
from infra.projector.projection import Projection
from infra.projector.projector import build
from replay.rebuilding.rebuild import MoreParkedError, rebuild, roll_back
from replay.rebuilding.resources import Resources
from replay.rebuilding.verify import verify
from replay.repair.checkpoint_check import check_checkpoint
from replay.repair.parked import NotParkedError, OtherCodeError, Tried, parked, retry_parked, skip_parked, skipped
from tests.database import Database
from tests.infra.poison import SICK, follow, poisoned, waiting
from tests.infra.projector.looking import in_memory, in_table, state_of
from tests.toy.boxes import (
    box_id,
    boxes,
    breaking,
    coin,
    days,
    decode,
    decode_all,
    decoder,
    drops,
    mended,
    opening,
    random_history,
    record,
)

A = (box_id("a"),)
PLACE = f'["{box_id("a")}"]'


def skip(database: Database, reason: str = "recorded by mistake") -> Tried:
    return skip_parked(boxes, database.projector_url, decode, A, reason=reason, actor="vera")


@pytest.fixture
def sick(database: Database) -> Database:
    """A box whose third fact, a coin, is poison; three more facts of it follow, and another box is well."""
    build(boxes, decode, database.projector_url)
    facts = [opening("a"), coin("a"), coin("a", "5", poison=True), coin("a"), opening("b"), coin("b"), coin("a")]
    record(database.owner_url, facts)
    follow(database.projector_url, [boxes], 100)
    return database


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_what_is_tried_again_is_as_if_it_had_never_failed(database: Database, batch: int) -> None:
    build(boxes, decode, database.projector_url)
    # Rows that wait while they are removed and made anew are the hard ones.
    history = [*poisoned(batch, 300), *(breaking(box) for box in SICK), *random_history(batch + 1, 100)]
    record(database.owner_url, history)
    follow(database.projector_url, [boxes], batch)
    assert in_table(database.projector_url, boxes) != in_memory(database.projector_url, mended)
    tried = retry_parked(mended, database.projector_url, decode)
    assert [one.flows for one in tried] == [True, True]
    assert waiting(database) == []
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, mended)
    record(database.owner_url, random_history(99, 100))
    follow(database.projector_url, [boxes], batch)
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, mended)


@pytest.mark.parametrize("projection", [boxes, drops], ids=lambda one: one.name)
def test_a_stream_that_waited_goes_on_when_its_fact_can_be_read(
    database: Database, projection: Projection[Any]
) -> None:
    build(projection, decode, database.projector_url)
    facts = [opening("a"), coin("a"), coin("a", unreadable=True), coin("b"), coin("a"), coin("a", unreadable=True)]
    record(database.owner_url, facts)
    follow(database.projector_url, [projection], 2)
    (tried,) = retry_parked(projection, database.projector_url, decode_all)
    assert tried.flows
    assert in_table(database.projector_url, projection) == in_memory(database.projector_url, projection, decode_all)


def test_what_still_cannot_be_taken_in_goes_on_waiting_since_the_same_time(sick: Database) -> None:
    (before,) = waiting(sick)
    (tried,) = retry_parked(boxes, sick.projector_url, decode)
    assert (tried.flows, tried.position) == (False, 3)
    assert waiting(sick) == [before]


def test_one_place_may_be_tried_again_alone(sick: Database) -> None:
    record(sick.owner_url, [coin("b", poison=True)])
    follow(sick.projector_url, [boxes], 100)
    assert retry_parked(mended, sick.projector_url, decode, A) == [Tried("boxes", PLACE, None, None)]
    assert [one.position for one in waiting(sick)] == [8]
    with pytest.raises(NotParkedError, match="nothing waits at"):
        retry_parked(mended, sick.projector_url, decode, A)


def test_other_code_touches_nothing_that_waits(sick: Database) -> None:
    with pytest.raises(OtherCodeError, match="letopis projections rebuild boxes"):
        retry_parked(replace(mended, version=2), sick.projector_url, decode)
    assert len(waiting(sick)) == 1


def test_a_retry_that_is_killed_has_changed_nothing(sick: Database) -> None:
    before = in_table(sick.projector_url, boxes)
    with psycopg.connect(sick.owner_url, autocommit=True) as owner:
        # The register is written last: rows and what waits must go with it.
        owner.execute(
            "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
            " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN new; END $$"
        )
        owner.execute(
            "CREATE TRIGGER fail BEFORE UPDATE OF revision ON letopis.projection FOR EACH ROW"
            " EXECUTE FUNCTION public.fail()"
        )
        with pytest.raises(psycopg.OperationalError):
            retry_parked(mended, sick.projector_url, decode)
        with pytest.raises(psycopg.OperationalError):
            skip(sick)
        owner.execute("DROP TRIGGER fail ON letopis.projection")
    assert in_table(sick.projector_url, boxes) == before
    assert skipped(sick.projector_url, ["boxes"]) == []
    assert len(waiting(sick)) == 1
    retry_parked(mended, sick.projector_url, decode)
    assert in_table(sick.projector_url, boxes) == in_memory(sick.projector_url, mended)


def test_a_skip_passes_over_one_fact_and_takes_in_those_after_it(sick: Database) -> None:
    assert skip(sick).flows
    there = in_table(sick.projector_url, boxes)[A]
    assert (there.row.coins, there.row.total, there.position) == (3, 3, 7)
    assert waiting(sick) == []
    (one,) = skipped(sick.projector_url, ["boxes"])
    assert (one.place, one.position, one.topic) == (PLACE, 3, "box.coin_dropped")
    assert (one.reason, one.actor) == ("recorded by mistake", "vera")
    assert one.failure.startswith("ZeroDivisionError at dropped:")


def test_a_skip_waits_again_at_the_next_fact_that_cannot_be_taken_in(sick: Database) -> None:
    record(sick.owner_url, [coin("a", poison=True), coin("a")])
    follow(sick.projector_url, [boxes], 100)
    assert skip(sick).position == 8
    assert in_table(sick.projector_url, boxes)[A].position == 7
    assert skip(sick).flows
    assert in_table(sick.projector_url, boxes)[A].row.coins == 4
    assert [one.position for one in skipped(sick.projector_url, ["boxes"])] == [3, 8]


def test_a_fact_that_cannot_be_read_is_skipped_for_the_whole_read_model(database: Database) -> None:
    build(drops, decode, database.projector_url)
    record(database.owner_url, [coin("a"), coin("a", unreadable=True), coin("a")])
    follow(database.projector_url, [drops], 100)
    assert skip_parked(drops, database.projector_url, decode, box_id("a"), reason="x", actor="vera").flows
    assert [position for _, position in in_table(database.projector_url, drops)] == [1, 3]
    assert verify(drops, database.projector_url, lambda: decode_all).is_equal
    assert check_checkpoint(drops, database.projector_url, decode_all).is_sound


def test_another_fact_at_the_position_of_one_that_was_skipped_is_not_passed_over(sick: Database) -> None:
    skip(sick)
    with psycopg.connect(sick.owner_url) as owner:
        owner.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
        owner.execute("UPDATE letopis.event SET event_id = gen_random_uuid() WHERE position = 3")
    rebuild(mended, sick.projector_url, decoder, resources=Resources(processes=1))
    assert in_table(sick.projector_url, boxes) == in_memory(sick.projector_url, mended)


def test_nothing_is_skipped_where_nothing_waits(sick: Database) -> None:
    with pytest.raises(NotParkedError):
        skip_parked(boxes, sick.projector_url, decode, (box_id("b"),), reason="x", actor="vera")
    assert skipped(sick.projector_url, ["boxes"]) == []


def test_a_skip_is_on_the_disk_before_it_is_said_to_be_done(sick: Database) -> None:
    with psycopg.connect(sick.owner_url, autocommit=True) as owner:
        owner.execute("CREATE TABLE public.seen AS SELECT ''::text AS how")
        owner.execute(
            "CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
            " $$ BEGIN UPDATE public.seen SET how = current_setting('synchronous_commit'); RETURN new; END $$"
        )
        owner.execute("CREATE TRIGGER look AFTER INSERT ON letopis.skipped FOR EACH ROW EXECUTE FUNCTION public.look()")
        skip(sick)
        assert owner.execute("SELECT how FROM public.seen").fetchone() == ("on",)


def test_a_skip_is_on_record_for_ever(sick: Database) -> None:
    skip(sick)
    with psycopg.connect(sick.owner_url, autocommit=True) as owner:
        for change in ("DELETE FROM letopis.skipped", "UPDATE letopis.skipped SET reason = 'x'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                owner.execute(change.encode())


@pytest.mark.parametrize("processes", [1, 2])
def test_a_rebuild_passes_over_what_was_skipped_though_it_could_take_it_in_now(sick: Database, processes: int) -> None:
    skip(sick)
    live = in_table(sick.projector_url, boxes)
    done = rebuild(
        mended, sick.projector_url, decoder, check="full", resources=Resources(processes=processes, small_log=0)
    )
    assert done is not None
    assert in_table(sick.projector_url, boxes) == live
    report = verify(mended, sick.projector_url, decoder)
    assert report.is_equal
    assert report.summary.endswith("0 extra, 1 facts skipped")
    record(sick.owner_url, [coin("a")])
    follow(sick.projector_url, [boxes], 100)
    assert in_table(sick.projector_url, boxes)[A].row.coins == 4


@pytest.mark.parametrize("processes", [1, 2])
def test_a_rebuild_parks_what_the_live_one_parks_and_is_the_same_row_for_row(
    database: Database, processes: int
) -> None:
    build(boxes, decode, database.projector_url)
    record(database.owner_url, [*poisoned(4, 300), coin("box 5", unreadable=True), coin("box 5"), coin("box 5")])
    follow(database.projector_url, [boxes], 10)
    live, waits = in_table(database.projector_url, boxes), waiting(database)
    assert len(waits) == 3
    done = rebuild(
        boxes,
        database.projector_url,
        decoder,
        check="full",
        resources=Resources(processes=processes, rows_at_once=3, small_log=0),
    )
    assert done is not None
    assert (done.generation, done.parked) == (2, 3)
    assert in_table(database.projector_url, boxes) == live
    assert [(one.place, one.position) for one in waiting(database)] == [(one.place, one.position) for one in waits]
    retry_parked(mended, database.projector_url, decode_all)
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, mended, decode_all)


@pytest.mark.parametrize("small_log", [0, 1000])
def test_a_rebuild_in_which_more_would_wait_is_swapped_only_when_told_to(database: Database, small_log: int) -> None:
    record(database.owner_url, [opening("a"), coin("a", poison=True)])
    build(mended, decode, database.projector_url)
    with pytest.raises(MoreParkedError, match=r"boxes was not swapped: 1 of its places .* position 2: ZeroDivision"):
        rebuild(boxes, database.projector_url, decoder, resources=Resources(small_log=small_log))
    assert in_table(database.projector_url, boxes)[A].row.coins == 1
    with connect(database.projector_url) as connection:
        assert connection.execute("SELECT to_regnamespace('boxes_g2')").fetchone() == (None,)
        assert connection.execute("SELECT count(*) FROM letopis.parked").fetchone() == (0,)
    done = rebuild(boxes, database.projector_url, decoder, may_park=True, resources=Resources(small_log=small_log))
    assert done is not None
    assert done.parked == 1
    assert in_table(database.projector_url, boxes)[A].row.coins == 0


def test_a_rebuild_with_the_corrected_code_leaves_nothing_waiting(sick: Database) -> None:
    done = rebuild(mended, sick.projector_url, decoder, resources=Resources(processes=1))
    assert done is not None
    assert done.parked == 0
    assert waiting(sick) == []
    assert in_table(sick.projector_url, boxes) == in_memory(sick.projector_url, mended)
    # What the earlier generation left waiting waits again when readers go back to it.
    roll_back(boxes, sick.projector_url, decode)
    assert [one.position for one in waiting(sick)] == [3]


def test_a_check_compares_what_waits_as_it_stood_and_counts_it(sick: Database) -> None:
    for code in (boxes, mended):
        report = verify(code, sick.projector_url, decoder, resources=Resources(rows_at_once=2))
        assert report.is_equal
        assert (report.parked, report.skipped, report.failing) == (1, 0, 0)
        assert report.summary == "2 rows at position 7: 0 differ, 0 missing, 0 extra, 1 wait (parked)"


def test_a_check_finds_a_row_that_took_in_what_it_should_wait_for(sick: Database) -> None:
    with psycopg.connect(sick.owner_url) as owner:
        owner.execute("UPDATE boxes_g1.boxes SET coins = 2, position = 4 WHERE position = 2")
    report = verify(boxes, sick.projector_url, decoder)
    assert (report.differing, report.is_equal) == (1, False)


def test_a_check_says_where_this_code_cannot_take_in_what_was_taken_in(database: Database) -> None:
    record(database.owner_url, [opening("a"), coin("a", poison=True)])
    build(mended, decode, database.projector_url)
    report = verify(boxes, database.projector_url, decoder)
    assert (report.differing, report.failing, report.is_equal) == (1, 1, False)
    assert report.summary.endswith("1 cannot be folded any more")


def test_what_waits_is_no_fact_that_was_gone_past(database: Database) -> None:
    build(drops, decode, database.projector_url)
    record(database.owner_url, [coin("a"), coin("a", unreadable=True), coin("a"), coin("b")])
    follow(database.projector_url, [drops], 100)
    found = check_checkpoint(drops, database.projector_url, decode)
    assert found.is_sound
    assert found.summary.endswith("0 missing, 1 wait (parked)")
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DELETE FROM letopis.parked")
    assert check_checkpoint(drops, database.projector_url, decode_all).skipped == [2, 3]


def test_the_first_build_shows_what_could_be_taken_in(database: Database) -> None:
    record(database.owner_url, [opening("a"), coin("a", poison=True), opening("b"), coin("b", unreadable=True)])
    build(boxes, decode, database.projector_url)
    assert state_of(database.projector_url, boxes) == ("live", 4, None)
    assert [one.position for one in parked(database.projector_url, ["boxes"])] == [2, 4]
    build(days, decode, database.projector_url)
    assert state_of(database.projector_url, days)[:2] == ("broken", 3)
