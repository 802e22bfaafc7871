"""A tiny business for tests of the command path: seats that one guest can take, and toasts to those seated."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from commands.base import HANDLERS, Actor, Command, Context, Outcome
from commands.execution.batch import BatchRunner
from commands.execution.decision import Encryption, Request
from commands.execution.store import LogStore
from commands.execution.streams import Streams
from events.base import Event
from events.marks import Names
from infra.log.crypto import Keyring
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import LogKeys, read_streams
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from tests.database import MASTER

HOST = Actor(id="host", role="admin")


class SeatTaken(Event):
    """A guest sat down."""

    TOPIC: ClassVar[str] = "seat.taken"

    guest: str


class ToastGiven(Event):
    """Somebody drank to the guest of a seat."""

    TOPIC: ClassVar[str] = "toast.given"

    guest: str


class SeatIsTakenError(RuleBrokenError):
    """Another guest sits there; facts: guest."""

    code = "test-seat-is-taken"


class NotSeatedError(RuleBrokenError):
    """The guest does not sit there; no facts."""

    code = "test-not-seated"


class Seat(Aggregate):
    KIND = "seat"

    def start(self) -> None:
        self.guest: str | None = None

    def take(self, guest: str) -> None:
        if self.guest == guest:
            return
        if self.guest is not None:
            raise SeatIsTakenError(guest=self.guest)
        self.trigger_event(SeatTaken, guest=guest)

    @applies(SeatTaken)
    def _taken(self, event: SeatTaken) -> None:
        self.guest = event.guest


class Toast(Aggregate):
    KIND = "toast"

    def start(self) -> None:
        self.guests: list[str] = []

    def give(self, guest: str) -> None:
        self.trigger_event(ToastGiven, guest=guest)

    @applies(ToastGiven)
    def _given(self, event: ToastGiven) -> None:
        self.guests.append(event.guest)


class TakeSeat(Command):
    seat_id: Annotated[UUID, Names("seat")]
    guest: str
    then_fail: bool = False


class GiveToast(Command):
    toast_id: Annotated[UUID, Names("toast")]
    seat_id: Annotated[UUID, Names("seat")]
    guest: str


def take_seat(command: TakeSeat, context: Context) -> Outcome:
    seat = context.find(Seat, command.seat_id) or context.new(Seat, command.seat_id)
    seat.take(command.guest)
    if command.then_fail:
        raise NotSeatedError
    return context.save(seat)


def give_toast(command: GiveToast, context: Context) -> Outcome:
    seat = context.load(Seat, command.seat_id)
    if seat.guest != command.guest:
        raise NotSeatedError
    toast = context.find(Toast, command.toast_id) or context.new(Toast, command.toast_id)
    toast.give(command.guest)
    return context.save(toast)


def request(command: Command, *, command_id: UUID | None = None, if_match: int | None = None) -> Request:
    """Return the command as the door would hand it on."""
    return Request.of(command, HOST, MASTER.keyed_hash, command_id=command_id, if_match=if_match)


@contextmanager
def runner(url: str, *, after_read: Callable[[], None] | None = None) -> Iterator[BatchRunner]:
    """Lend a batch runner; `after_read` is called between loading and deciding, where others may interfere."""
    borrow = OwnConnection(url)
    mapper = Mapper((SeatTaken, ToastGiven), {}, Keyring(MASTER, LogKeys(borrow)))

    def read(after: Any, limit: int | None = None, /) -> Sequence[RecordedEvent]:
        with borrow() as connection:
            found = read_streams(connection, after, limit)
        if after_read is not None:
            after_read()
        return found

    encryption = Encryption(body=mapper.to_body, new_key=mapper.keyring.unsaved, keyed_hash=MASTER.keyed_hash)
    # Only for the moment: the register of handlers is the product's, and other tests look at all of it.
    HANDLERS.update({TakeSeat: take_seat, GiveToast: give_toast})
    try:
        yield BatchRunner(borrow, Streams(read, mapper.to_event), encryption, mapper.keyring, LogStore(borrow))
    finally:
        del HANDLERS[TakeSeat], HANDLERS[GiveToast]
        borrow.close()


def take_in_another_process(url: str, seat_id: UUID, guest: str) -> None:
    """Let another process seat a guest, and wait until that is stored."""
    process = multiprocessing.get_context("spawn").Process(target=_take, args=(url, seat_id, guest))
    process.start()
    process.join()
    assert process.exitcode == 0


def _take(url: str, seat_id: UUID, guest: str) -> None:
    with runner(url) as other:
        (answer,) = other.run([request(TakeSeat(seat_id=seat_id, guest=guest))])
    if isinstance(answer, Exception):
        raise answer
