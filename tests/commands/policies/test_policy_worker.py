"""A policy answers each fact as if once, whatever stops its worker in between."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from app.composition.decoding import decoder_at
from commands.client import RegisterClient
from commands.errors import ContendedError
from commands.execution.decision import Request
from commands.execution.pending import Answer
from commands.ownership import ClaimClient
from commands.policies import policy_worker
from commands.policies.ownership_reassignment import ownership_reassignment
from commands.policies.policy_worker import PolicyWorker
from commands.staff import DepartStaff, HireStaff
from events.values import StaffRole
from tests.commands.policies.diary import SELLER, Diary, diary
from tests.database import MASTER, Database
from tests.examples import ROMASHKA, command
from tests.infra.projector.looking import eventually

HEAD = UUID(int=0x53)


@pytest.fixture
def book(database: Database) -> Iterator[Diary]:
    """A company in which a seller with one client has left."""
    with diary(database) as opened:
        opened.do(
            HireStaff(staff_id=HEAD, name="Vera", role=StaffRole.HEAD),
            command(RegisterClient),
            ClaimClient(client_id=ROMASHKA, seller_id=SELLER),
            DepartStaff(staff_id=SELLER, successor_id=HEAD),
        )
        yield opened


def worker_of(book: Diary, execute: Callable[[Sequence[Request]], list[Answer]] | None = None) -> PolicyWorker:
    url = book.database.writer_url
    decode = decoder_at(url, MASTER)
    return PolicyWorker(ownership_reassignment, url, decode, execute or book.execute, MASTER.keyed_hash)


def run(book: Diary, execute: Callable[[Sequence[Request]], list[Answer]] | None = None) -> None:
    worker = worker_of(book, execute)
    try:
        while worker.step():
            pass
    finally:
        worker.stop()


def transfers(book: Diary) -> int:
    return int(book.one("SELECT count(*) FROM letopis.event WHERE topic = 'client.transferred'"))


def checkpoint(book: Diary) -> int:
    return int(
        book.one("SELECT coalesce(max(position), 0) FROM letopis.checkpoint WHERE name = 'ownership-reassignment'")
    )


def test_the_clients_of_the_departed_go_to_the_successor_once(book: Diary) -> None:
    run(book)
    assert (transfers(book), checkpoint(book)) == (1, book.one("SELECT max(position) FROM letopis.event"))
    run(book)
    assert (transfers(book), len(book.asked)) == (1, 1)
    assert book.one("SELECT actor FROM letopis.event WHERE topic = 'client.transferred'") == (
        "policy:ownership-reassignment"
    )


def test_killed_before_the_checkpoint_it_answers_again_and_nothing_more_is_recorded(
    book: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(policy_worker, "write_checkpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            run(book)
    assert (transfers(book), checkpoint(book)) == (1, 0)
    run(book)
    assert (transfers(book), len(book.asked)) == (1, 2)


def test_a_command_that_lost_too_many_races_is_asked_again_and_not_passed_over(book: Diary) -> None:
    def contended(requests: Sequence[Request]) -> list[Answer]:
        return [ContendedError(attempts=5) for _ in requests]

    with pytest.raises(ContendedError):
        run(book, contended)
    assert checkpoint(book) == 0
    run(book)
    assert transfers(book) == 1


def test_a_bug_in_a_policy_is_logged_and_its_thread_goes_on(book: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commands.policies.leased.PAUSE_AFTER_BUG", 0.01)
    failures = iter([KeyError("a bug"), RuntimeError("another")])

    def fails_twice(requests: Sequence[Request]) -> list[Answer]:
        for failure in failures:
            raise failure
        return book.execute(requests)

    worker = worker_of(book, fails_twice)
    worker.start()
    try:
        eventually(lambda: transfers(book) == 1)
    finally:
        worker.stop()
    assert checkpoint(book) > 0


def test_a_lease_is_given_back_when_the_worker_stops(book: Diary) -> None:
    first, second = worker_of(book), worker_of(book)
    assert first.step()
    assert not second.step()
    first.stop()

    def is_free() -> bool:
        second.step()
        return second._holder is not None

    eventually(is_free)
    second.stop()
