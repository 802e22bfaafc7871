"""However many commands answer a fact: they come in chunks, go on where they were, and keep nobody waiting for ever."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from app.composition.decoding import decoder_at
from app.composition.write_side import WriteSide
from app.database import Urls
from app.serving.policy_lag import checks_of, gauges_of_policies, policies_at
from app.settings import Settings
from commands.activity import CancelActivity, PlanActivity
from commands.base import Command
from commands.client import RegisterClient
from commands.contact_point import ContactPointGiven
from commands.errors import OverloadedError
from commands.execution.decision import Request
from commands.execution.pending import Answer
from commands.ownership import ClaimClient
from commands.policies.base import Lookup, Policy
from commands.policies.policy_worker import CHUNK, PolicyWorker
from commands.staff import DepartStaff, HireStaff
from events.values import Channel, ClientKind, ContactKind, StaffRole
from tests.commands.policies.diary import NOON, SELLER, Diary, diary, plan_id
from tests.database import MASTER, Database
from tests.infra.projector.looking import eventually

HEAD = UUID(int=0x53)
REST = 10
PLANS = 2 * CHUNK + REST


class KilledError(BaseException):
    """The process is gone."""


def plan(number: int) -> PlanActivity:
    return PlanActivity(
        activity_id=plan_id(number), channel=Channel.TASK, staff_id=HEAD, topic="Look through", due_at=NOON
    )


def plan_many(_event: Any, _lookup: Lookup) -> Iterator[tuple[UUID, Command]]:
    for number in range(PLANS):
        yield plan_id(number), plan(number)


@pytest.fixture
def book(database: Database) -> Iterator[Diary]:
    """A company in which somebody has left, and whoever leaves gives the head very much to do."""
    with diary(database) as opened:
        opened.do(HireStaff(staff_id=HEAD, name="Vera", role=StaffRole.HEAD), DepartStaff(staff_id=SELLER))
        yield opened


def policy_of(commands_for: Any = plan_many) -> Policy:
    return Policy("ownership-reassignment", ("staff.departed",), commands_for)


def worker_of(book: Diary, execute: Any = None, commands_for: Any = plan_many) -> PolicyWorker:
    url = book.database.writer_url
    return PolicyWorker(
        policy_of(commands_for), url, decoder_at(url, MASTER), execute or book.execute, MASTER.keyed_hash
    )


def run(book: Diary, execute: Any = None, commands_for: Any = plan_many) -> None:
    """Do what a worker does that starts, answers what there is, and stops."""
    worker = worker_of(book, execute, commands_for)
    book.batches.clear()
    try:
        while worker.step():
            pass
    finally:
        worker.stop()


def planned(book: Diary) -> int:
    return int(book.one("SELECT count(*) FROM letopis.event WHERE topic = 'activity.planned'"))


def is_at_the_end(book: Diary) -> bool:
    return bool(
        book.one(
            "SELECT position = (SELECT max(position) FROM letopis.event) AND answering IS NULL"
            " FROM letopis.checkpoint WHERE name = 'ownership-reassignment'"
        )
    )


def test_a_long_answer_is_asked_in_chunks(book: Diary) -> None:
    run(book)
    assert book.batches == [CHUNK, CHUNK, REST]
    assert planned(book) == PLANS
    assert is_at_the_end(book)


def kill_at_the_second_chunk(book: Diary) -> None:
    def killed_at_the_second(requests: Sequence[Request]) -> list[Answer]:
        if book.batches:
            raise KilledError
        return book.execute(requests)

    with pytest.raises(KilledError):
        run(book, killed_at_the_second)


def test_killed_between_two_chunks_it_goes_on_where_it_was(book: Diary) -> None:
    kill_at_the_second_chunk(book)
    assert (planned(book), is_at_the_end(book)) == (CHUNK, False)
    run(book)
    assert book.batches == [CHUNK, REST]
    assert planned(book) == PLANS
    assert is_at_the_end(book)


def test_killed_before_a_chunk_is_noted_it_is_asked_again_and_recorded_once(
    book: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as dying:
        dying.setattr("commands.policies.policy_worker.write_answered", killed)
        with pytest.raises(KilledError):
            run(book)
    run(book)
    assert book.batches == [CHUNK, CHUNK, REST]
    assert planned(book) == PLANS


def test_a_worker_told_to_stop_does_not_finish_a_long_answer_first(book: Diary) -> None:
    worker = worker_of(book)

    def told_to_stop(requests: Sequence[Request]) -> list[Answer]:
        worker._stopping.set()
        return book.execute(requests)

    worker._execute = told_to_stop
    assert not worker.step()
    worker.stop()
    assert (planned(book), is_at_the_end(book)) == (CHUNK, False)
    run(book)
    assert book.batches == [CHUNK, REST]


def test_a_queue_that_is_full_in_between_costs_no_chunk_that_was_answered(book: Diary) -> None:
    def full_at_the_second(requests: Sequence[Request]) -> list[Answer]:
        if book.batches:
            raise OverloadedError(retry_after=1)
        return book.execute(requests)

    with pytest.raises(OverloadedError):
        run(book, full_at_the_second)
    run(book)
    assert book.batches == [CHUNK, REST]
    assert planned(book) == PLANS


def test_where_what_was_answered_last_is_gone_all_is_asked_again_and_recorded_once(book: Diary) -> None:
    kill_at_the_second_chunk(book)

    def all_but_one(event: Any, lookup: Lookup) -> Iterator[tuple[UUID, Command]]:
        return (each for each in plan_many(event, lookup) if each[0] != plan_id(CHUNK - 1))

    run(book, commands_for=all_but_one)
    assert sum(book.batches) == PLANS - 1
    assert planned(book) == PLANS


def unanswered(book: Diary) -> list[str]:
    told = book.one("SELECT string_agg(position || ' ' || code, ', ' ORDER BY position) FROM letopis.unanswered")
    return told.split(", ") if told else []


def departure(book: Diary) -> int:
    return int(book.one("SELECT min(position) FROM letopis.event WHERE topic = 'staff.departed'"))


def test_a_fact_with_a_command_refused_is_noted_and_answered_once_more_at_the_next_start(book: Diary) -> None:
    def one_refused(event: Any, lookup: Lookup) -> Iterator[tuple[UUID, Command]]:
        yield plan_id(9_999), CancelActivity(activity_id=plan_id(9_999), reason="nobody planned it")
        yield from plan_many(event, lookup)

    run(book, commands_for=one_refused)
    assert (planned(book), is_at_the_end(book)) == (PLANS, True)
    assert unanswered(book) == [f"{departure(book)} not-found"]
    run(book, commands_for=one_refused)
    assert len(unanswered(book)) == 1
    book.do(plan(9_999))
    run(book, commands_for=one_refused)
    assert unanswered(book) == []
    assert planned(book) == PLANS + 1


def test_a_fact_that_a_policy_cannot_answer_keeps_no_later_one_waiting(book: Diary) -> None:
    first = departure(book)
    later = UUID(int=0x54)
    book.do(HireStaff(staff_id=later, name="Boris", role=StaffRole.SELLER), DepartStaff(staff_id=later))

    def has_a_bug(event: Any, lookup: Lookup) -> Iterator[tuple[UUID, Command]]:
        if event.position == first:
            yield plan_id(5_000), plan(5_000)
            raise KeyError(event.position)
        yield from plan_many(event, lookup)

    run(book, commands_for=has_a_bug)
    assert (planned(book), is_at_the_end(book)) == (PLANS + 1, True)
    assert unanswered(book) == [f"{first} KeyError"]
    told, _timer = checks_of(policies_at(book.database.reader_url), 30)
    assert told.reason == f"could not answer 1 facts, the first at position {first}"
    run(book, commands_for=lambda *_: iter(()))
    assert unanswered(book) == []


def test_how_far_a_policy_is_can_be_asked(book: Diary) -> None:
    url = book.database.reader_url
    never_ran, _never_due = checks_of(policies_at(url), 30)
    assert (never_ran.is_ready, never_ran.reason) == (True, "has not begun")

    def full(_: Sequence[Request]) -> list[Answer]:
        raise OverloadedError(retry_after=1)

    with pytest.raises(OverloadedError):
        run(book, full)
    behind, _timer = policies_at(url)
    assert (behind.position, behind.lag_events) == (0, 3)
    assert 0 < behind.still_seconds <= behind.lag_seconds
    (told,) = checks_of([behind], 0.0)
    assert told.is_ready
    assert "stands still for" in str(told.reason)
    gauges = {gauge.name: gauge.value for gauge in gauges_of_policies([behind])}
    assert gauges["letopis_policy_lag_events"] == 3

    run(book)
    well, _timer = policies_at(url)
    assert (well.lag_events, well.lag_seconds, well.still_seconds, well.unanswered) == (0, 0, 0, 0)
    assert well.wrong(0.0) is None


def test_inside_a_long_answer_a_policy_is_behind_but_does_not_stand_still(book: Diary) -> None:
    seen = []

    def looked_at(requests: Sequence[Request]) -> list[Answer]:
        seen.append(policies_at(book.database.reader_url)[0])
        return book.execute(requests)

    run(book, looked_at)
    assert [one.position for one in seen] == [0, 0, 0]
    lags = [one.lag_seconds for one in seen]
    assert lags == sorted(lags)
    assert all(one.still_seconds < one.lag_seconds for one in seen[1:])


def register(number: int) -> RegisterClient:
    return RegisterClient(
        client_id=UUID(int=0xC0000 + number),
        kind=ClientKind.ORGANISATION,
        name=f"Client {number}",
        contact_points=(ContactPointGiven(kind=ContactKind.PHONE, value=f"+79220{number:06}"),),
    )


def test_who_owned_more_clients_than_the_queue_is_long_leaves_none_behind(database: Database, tmp_path: Any) -> None:
    """And whoever leaves after them is not kept waiting: two leave at once."""
    other, heir = UUID(int=0x54), UUID(int=0x55)
    owners = {number: other if number % 10 == 0 else SELLER for number in range(150)}
    with diary(database) as book:
        book.do(
            HireStaff(staff_id=other, name="Boris", role=StaffRole.SELLER),
            HireStaff(staff_id=heir, name="Vera", role=StaffRole.SELLER),
        )
        book.do(*map(register, owners))
        book.do(*(ClaimClient(client_id=UUID(int=0xC0000 + n), seller_id=owner) for n, owner in owners.items()))
        book.do(*(DepartStaff(staff_id=each, successor_id=heir) for each in (SELLER, other)))
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    side = WriteSide(urls, Settings(var=tmp_path, queue_size=20, _env_file=None), MASTER, with_policies=True)
    side.start()
    try:
        eventually(lambda: book.one("SELECT count(*) FROM letopis.event WHERE topic = 'client.transferred'") == 150)
    finally:
        side.stop()
