"""While the log stores one batch the next is decided; what turns out to rest on nothing is decided again."""

import time
from collections.abc import Sequence
from uuid import UUID, uuid4

import psycopg
import pytest

from commands.errors import KeyReusedError, OutcomeUnknownError, OverloadedError
from commands.execution.batch import BatchRunner
from commands.execution.decider import MAX_ATTEMPTS
from commands.execution.pending import Accepted, PendingCommand
from commands.execution.store import LogStore
from infra.log.append import Appended
from infra.log.eventlog import Decided
from infra.log.ids import new_id
from infra.postgres.connection import OwnConnection
from tests.database import Database
from tests.toy.rules import (
    BoxIsTakenError,
    DropCoin,
    NotTheHolderError,
    OpenBox,
    open_in_another_process,
    request,
    runner,
)


class _Moody:
    """The log, which now and then cannot be reached, before or after it has stored what it was given."""

    def __init__(self, url: str) -> None:
        self._borrow = OwnConnection(url)
        self._log = LogStore(self._borrow)
        self.fails_to_take = self.fails_to_answer = False
        self.sent: list[int] = []
        self.refused: set[UUID] = set()

    def send(self, batch: Sequence[Decided], *, atomic: bool = False) -> None:
        if self.fails_to_take:
            self.fails_to_take = False
            raise psycopg.OperationalError("not reached")
        if any(one.stream_id in self.refused for one in batch):
            raise psycopg.errors.ProgramLimitExceeded("index row size 3000 exceeds the maximum")
        self.sent.append(len(batch))
        self._log.send(batch, atomic=atomic)

    def is_stored(self) -> bool:
        return self._log.is_stored()

    def receive(self, batch: Sequence[Decided]) -> list[Appended]:
        outcomes = self._log.receive(batch)
        if self.fails_to_answer:
            self.fails_to_answer = False
            raise psycopg.OperationalError("hung up")
        return outcomes

    def close(self) -> None:
        self._borrow.close()


def opens(box: UUID, holder: str, *, key: UUID | None = None) -> PendingCommand:
    return PendingCommand(request(OpenBox(box_id=box, holder=holder), command_id=key))


def drops(box: UUID, holder: str) -> PendingCommand:
    return PendingCommand(request(DropCoin(coin_id=uuid4(), box_id=box, holder=holder)))


def put(batch: BatchRunner, *turns: PendingCommand) -> list[PendingCommand]:
    batch.decide(turns)
    return batch.advance()


def finish(batch: BatchRunner) -> None:
    """Go on until all is answered; what is handed out has its answer, and is handed out once."""
    answered: list[PendingCommand] = []
    while not batch.is_idle:
        answered += batch.advance()
        assert all(turn.answer is not None for turn in answered)
    assert len(set(answered)) == len(answered)


def answer(turn: PendingCommand) -> object:
    return turn.answer if isinstance(turn.answer, Accepted) else type(turn.answer)


def test_a_batch_is_decided_on_the_one_before_it_while_that_is_still_on_its_way(database: Database) -> None:
    box = uuid4()
    with runner(database.writer_url) as batch:
        batch.store = LogStore(OwnConnection(database.writer_url))
        first, second = opens(box, "Anna"), drops(box, "Anna")
        assert put(batch, first) == []
        assert batch.is_storing
        assert put(batch, second) == [first]
        finish(batch)
    assert isinstance(first.answer, Accepted)
    assert isinstance(second.answer, Accepted)
    assert (first.answer.position, second.answer.position) == (1, 2)


def test_what_rests_on_a_batch_that_was_refused_is_decided_again(database: Database) -> None:
    other = uuid4()
    with runner(database.writer_url) as batch:
        batch.store = LogStore(OwnConnection(database.writer_url))
        batch.decide([anna := opens(other, "Anna"), refused := opens(other, "Boris")])
        open_in_another_process(database.writer_url, other, "Boris")
        batch.advance()
        # Decided while Anna's batch is on its way: the first two on her sitting there, the third on nothing of hers.
        batch.decide([coin := drops(other, "Anna"), again := opens(other, "Boris"), dora := opens(uuid4(), "Dora")])
        finish(batch)
    assert answer(anna) is BoxIsTakenError
    assert answer(coin) is NotTheHolderError
    for nothing_to_do in (refused, again):
        assert isinstance(nothing_to_do.answer, Accepted)
        assert nothing_to_do.answer.events == []
    assert isinstance(dora.answer, Accepted)


def test_a_refusal_on_what_was_long_true_is_confirmed_before_it_is_said(database: Database) -> None:
    box = uuid4()
    with runner(database.writer_url) as batch:
        (early,) = batch.run([request(DropCoin(coin_id=uuid4(), box_id=box, holder="Boris"))])
        open_in_another_process(database.writer_url, box, "Boris")
        (late,) = batch.run([request(DropCoin(coin_id=uuid4(), box_id=box, holder="Boris"))])
    assert isinstance(early, Exception)
    assert isinstance(late, Accepted)


def test_that_there_is_nothing_to_do_is_confirmed_before_it_is_said(database: Database) -> None:
    box = uuid4()
    with runner(database.writer_url) as batch:
        batch.run([request(OpenBox(box_id=box, holder="Anna"))])
        with psycopg.connect(database.writer_url) as connection:
            before = connection.execute("SELECT count(*) FROM letopis.event").fetchone()
        (same,) = batch.run([request(OpenBox(box_id=box, holder="Anna"))])
        assert isinstance(same, Accepted)
        assert (same.version, same.position, same.events) == (1, 1, [])
        with psycopg.connect(database.writer_url) as connection:
            assert connection.execute("SELECT count(*) FROM letopis.event").fetchone() == before


def test_a_twin_of_a_command_on_its_way_waits_and_gets_its_receipt(database: Database) -> None:
    key, box = new_id(), uuid4()
    with runner(database.writer_url) as batch:
        batch.store = LogStore(OwnConnection(database.writer_url))
        put(batch, first := opens(box, "Anna", key=key))
        put(batch, twin := opens(box, "Anna", key=key), other := opens(box, "Boris", key=key))
        finish(batch)
    assert isinstance(first.answer, Accepted)
    assert isinstance(twin.answer, Accepted)
    assert (first.answer.replayed, twin.answer.replayed) == (False, True)
    assert answer(other) is KeyReusedError


@pytest.mark.parametrize("is_stored", [True, False])
def test_a_log_out_of_reach_for_a_moment_loses_nothing_and_doubles_nothing(database: Database, is_stored: bool) -> None:
    boxes = [uuid4() for _ in range(3)]
    store = _Moody(database.writer_url)
    with runner(database.writer_url) as batch:
        batch.store = store
        first, second, third = (opens(box, "Anna", key=new_id()) for box in boxes)
        put(batch, first)
        if is_stored:
            store.fails_to_answer = True  # the first batch is stored, and nobody hears of it
        else:
            store.fails_to_take = True  # the second one never arrives
        with pytest.raises(psycopg.OperationalError):
            put(batch, second)
        assert not batch.is_idle
        batch.decide([third])
        finish(batch)
    store.close()
    answers = [turn.answer for turn in (first, second, third)]
    assert all(isinstance(each, Accepted) for each in answers)
    assert isinstance(first.answer, Accepted)
    assert first.answer.replayed is is_stored
    with psycopg.connect(database.writer_url) as connection:
        assert connection.execute("SELECT count(*), count(DISTINCT stream_id) FROM letopis.event").fetchone() == (3, 3)


def test_a_log_that_is_read_and_stores_nothing_is_nobody_s_contention(database: Database) -> None:
    store = _Moody(database.writer_url)
    with runner(database.writer_url) as batch:
        batch.store = store
        batch.decide([early := opens(uuid4(), "Anna")])
        for _ in range(2 * MAX_ATTEMPTS):
            store.fails_to_take = True
            with pytest.raises(psycopg.OperationalError):
                batch.advance()
        moment = time.monotonic()
        batch.decide([late := opens(uuid4(), "Boris")])
        store.fails_to_take = True
        with pytest.raises(psycopg.OperationalError):
            batch.advance()
        assert batch.give_up(OverloadedError(retry_after=2), lost_before=moment) == [early]
        finish(batch)
    store.close()
    assert [answer(early), type(late.answer)] == [OverloadedError, Accepted]


def test_all_or_nothing_that_was_stored_unheard_is_answered_with_its_receipts(database: Database) -> None:
    asked = [request(OpenBox(box_id=uuid4(), holder="Anna"))]
    store = _Moody(database.writer_url)
    with runner(database.writer_url) as batch:
        batch.store = store
        store.fails_to_answer = True
        with pytest.raises(psycopg.OperationalError):
            batch.run(asked, atomic=True)
        (again,) = batch.run(asked, atomic=True, lost_at=time.monotonic())
    store.close()
    assert isinstance(again, Accepted)
    assert again.replayed
    assert len(again.events) == 1


def test_what_waits_can_be_given_up_with_an_answer(database: Database) -> None:
    store = _Moody(database.writer_url)
    with runner(database.writer_url) as batch:
        batch.store = store
        put(batch, first := opens(uuid4(), "Anna"))
        store.fails_to_answer = True
        with pytest.raises(psycopg.OperationalError):
            put(batch, second := opens(uuid4(), "Boris"))
        given_up = batch.give_up(OverloadedError(retry_after=2))
        assert given_up == [first, second]
        assert batch.is_idle
    # The first one was sent, and may be stored; the second was not.
    assert [answer(first), answer(second)] == [OutcomeUnknownError, OverloadedError]
    store.close()


def test_what_the_database_refuses_for_what_it_is_is_answered_so_and_its_neighbours_are_stored(
    database: Database,
) -> None:
    store = _Moody(database.writer_url)
    turns = [opens(uuid4(), "Anna"), opens(poisonous := uuid4(), "Boris"), opens(uuid4(), "Dora")]
    store.refused = {poisonous}
    with runner(database.writer_url) as batch:
        batch.store = store
        with pytest.raises(psycopg.OperationalError):
            put(batch, *turns)
        answered = batch.carry_out_singly()
        assert batch.is_idle
    assert answered == turns
    assert [answer(turn) for turn in turns] == [
        turns[0].answer,
        psycopg.errors.ProgramLimitExceeded,
        turns[2].answer,
    ]
    assert isinstance(turns[0].answer, Accepted)
    assert isinstance(turns[2].answer, Accepted)
    store.close()


def test_a_database_that_is_lost_while_the_refused_one_is_looked_for_keeps_the_others_waiting(
    database: Database,
) -> None:
    store = _Moody(database.writer_url)
    turns = [opens(poisonous := uuid4(), "Anna"), opens(uuid4(), "Boris"), opens(uuid4(), "Dora")]
    store.refused = {poisonous}
    with runner(database.writer_url) as batch:
        batch.store = store
        with pytest.raises(psycopg.OperationalError):
            put(batch, *turns)
        store.fails_to_answer = True
        with pytest.raises(psycopg.OperationalError):
            batch.carry_out_singly()
        finish(batch)
    assert isinstance(turns[0].answer, psycopg.errors.ProgramLimitExceeded)
    assert all(isinstance(turn.answer, Accepted) for turn in turns[1:])
    store.close()
