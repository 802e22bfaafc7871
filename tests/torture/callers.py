"""Writers that go the product's own way: batches of commands, decided and appended by the batch runner."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg

from commands.execution.batch import BatchRunner
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from infra.log.append import Appended, append
from infra.log.eventlog import Decided
from infra.postgres.connection import OwnConnection
from tests.torture.ledger import Ledger
from tests.torture.plan import DEADLY, NAMESPACE, Manner, Plan, Step
from tests.torture.writers import PAUSE_AFTER_FAILURE, OrphanedError, die, give_up_without_parent, send_only
from tests.toy.rules import DropCoin, OpenBox, request, runner

BOX = uuid5(NAMESPACE, "the box")
OPENING = uuid5(NAMESPACE, "the opening")
HOLDER = "Olga"


def refused_id(command_id: UUID) -> UUID:
    """Return the id of the command that is refused beside this one, and must leave no trace."""
    return uuid5(command_id, "refused")


class _Store:
    """Appends as the product does, but stalls or dies around it once when told to."""

    def __init__(self, borrow: OwnConnection) -> None:
        self.manner = Manner.PLAIN
        self.pause = 0.0
        self._borrow = borrow
        self._outcomes: list[Appended] = []

    def send(self, batch: Sequence[Decided], *, atomic: bool = False) -> None:
        assert not atomic
        with self._borrow() as connection:
            self._outcomes = self._append(connection, batch)

    def is_stored(self) -> bool:
        return True

    def receive(self, batch: Sequence[Decided]) -> list[Appended]:
        assert len(batch) == len(self._outcomes)
        return self._outcomes

    def _append(self, connection: psycopg.Connection[Any], batch: Sequence[Decided]) -> list[Appended]:
        manner, self.manner = self.manner, Manner.PLAIN
        if manner in {Manner.HUNG_UP, Manner.KILLED_SENT}:
            send_only(connection, list(batch))
            if manner is Manner.KILLED_SENT:
                die()
            connection.close()
            raise psycopg.OperationalError("hung up")
        if manner in {Manner.PLAIN, Manner.KILLED_STORED}:
            outcomes = append(connection, batch)
        else:
            with connection.transaction(force_rollback=manner is Manner.ROLLED_BACK):
                outcomes = append(connection, batch)
                time.sleep(self.pause)
                if manner is Manner.KILLED_OPEN:
                    die()
        if manner is Manner.KILLED_STORED:
            die()
        if manner is Manner.ROLLED_BACK:
            raise psycopg.OperationalError("rolled back")
        return outcomes


def open_the_box(url: str) -> None:
    """Record the one fact that every coin is decided on."""
    with runner(url) as one:
        (answer,) = one.run([request(OpenBox(box_id=BOX, holder=HOLDER), command_id=OPENING)])
    assert isinstance(answer, Accepted), answer


def _requests(step: Step) -> list[Request]:
    asked = []
    for command in step.commands:
        coin = DropCoin(coin_id=command.stream_id, box_id=BOX, holder=HOLDER)
        asked.append(request(coin, command_id=command.command_id))
        stranger = OpenBox(box_id=BOX, holder="somebody else")
        asked.append(request(stranger, command_id=refused_id(command.command_id)))
    return asked


def _carry_out(one: BatchRunner, step: Step, ledger: Ledger) -> None:
    asked = _requests(step)
    while not ledger.acknowledged.issuperset(command.command_id for command in step.commands):
        try:
            answers = one.run(asked)
        except psycopg.Error:
            give_up_without_parent()
            time.sleep(PAUSE_AFTER_FAILURE)
            continue
        for each, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Accepted):
                ledger.acknowledge(each.command_id)


def call(name: str, plan: Plan, url: str, folder: Path) -> None:
    """Be one caller: carry out its steps, from where an earlier life of it was killed."""
    ledger = Ledger(folder / f"{name}.ledger")
    borrow = OwnConnection(url)
    store = _Store(borrow)
    with runner(url) as one, suppress(OrphanedError):
        one.store = store
        for step in plan.steps_of(name):
            if ledger.acknowledged.issuperset(command.command_id for command in step.commands):
                continue
            died_already = step.manner in DEADLY and step.number in ledger.deaths
            store.manner, store.pause = (Manner.PLAIN if died_already else step.manner), step.pause
            if store.manner in DEADLY:
                ledger.note_death(step.number)
            _carry_out(one, step, ledger)
    borrow.close()
    ledger.close()
