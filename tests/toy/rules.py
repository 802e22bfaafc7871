"""Who may do what with money boxes: a box has one holder, and only they drop coins into it."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from commands.base import HANDLERS, Actor, Command, Context, Outcome
from commands.execution.batch import BatchRunner
from commands.execution.decision import Encryption, Request
from commands.execution.store import LogStore
from commands.execution.streams import Streams
from events.marks import Names
from infra.log.crypto import Keyring
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import LogKeys, read_streams
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from tests.database import MASTER
from tests.toy.events import BoxOpened, CoinDropped

HOST = Actor(id="host", role="admin")


class BoxIsTakenError(RuleBrokenError):
    """The box is another holder's; facts: holder."""

    code = "test-box-is-taken"


class NotTheHolderError(RuleBrokenError):
    """The box is not theirs who would drop the coin; no facts."""

    code = "test-not-the-holder"


class Box(Aggregate):
    KIND = "box"

    def start(self) -> None:
        self.holder: str | None = None

    def open(self, holder: str) -> None:
        if self.holder == holder:
            return
        if self.holder is not None:
            raise BoxIsTakenError(holder=self.holder)
        self.trigger_event(BoxOpened, holder=holder)

    @applies(BoxOpened)
    def _opened(self, event: BoxOpened) -> None:
        self.holder = event.holder


class Coin(Aggregate):
    KIND = "coin"

    def start(self) -> None:
        self.holders: list[str | None] = []

    def drop(self, holder: str) -> None:
        self.trigger_event(CoinDropped, holder=holder)

    @applies(CoinDropped)
    def _dropped(self, event: CoinDropped) -> None:
        self.holders.append(event.holder)


class OpenBox(Command):
    box_id: Annotated[UUID, Names("box")]
    holder: str
    then_fail: bool = False


class DropCoin(Command):
    coin_id: Annotated[UUID, Names("coin")]
    box_id: Annotated[UUID, Names("box")]
    holder: str


def open_box(command: OpenBox, context: Context) -> Outcome:
    box = context.find(Box, command.box_id) or context.new(Box, command.box_id)
    box.open(command.holder)
    if command.then_fail:
        raise NotTheHolderError
    return context.save(box)


def drop_coin(command: DropCoin, context: Context) -> Outcome:
    box = context.load(Box, command.box_id)
    if box.holder != command.holder:
        raise NotTheHolderError
    coin = context.find(Coin, command.coin_id) or context.new(Coin, command.coin_id)
    coin.drop(command.holder)
    return context.save(coin)


def request(command: Command, *, command_id: UUID | None = None, if_match: int | None = None) -> Request:
    """Return the command as the door would hand it on."""
    return Request.of(command, HOST, MASTER.keyed_hash, command_id=command_id, if_match=if_match)


@contextmanager
def runner(url: str, *, after_read: Callable[[], None] | None = None) -> Iterator[BatchRunner]:
    """Lend a batch runner; `after_read` is called between loading and deciding, where others may interfere."""
    borrow = OwnConnection(url)
    mapper = Mapper((BoxOpened, CoinDropped), {}, Keyring(MASTER, LogKeys(borrow)))

    def read(after: Any, limit: int | None = None, /) -> Sequence[RecordedEvent]:
        with borrow() as connection:
            found = read_streams(connection, after, limit)
        if after_read is not None:
            after_read()
        return found

    encryption = Encryption(body=mapper.to_body, new_key=mapper.keyring.unsaved, keyed_hash=MASTER.keyed_hash)
    # Only for the moment: the register of handlers is the product's, and other tests look at all of it.
    HANDLERS.update({OpenBox: open_box, DropCoin: drop_coin})
    try:
        yield BatchRunner(borrow, Streams(read, mapper.to_event), encryption, mapper.keyring, LogStore(borrow))
    finally:
        del HANDLERS[OpenBox], HANDLERS[DropCoin]
        borrow.close()


def open_in_another_process(url: str, box_id: UUID, holder: str) -> None:
    """Let another process open a box, and wait until that is stored."""
    process = multiprocessing.get_context("spawn").Process(target=_open, args=(url, box_id, holder))
    process.start()
    process.join()
    assert process.exitcode == 0


def _open(url: str, box_id: UUID, holder: str) -> None:
    with runner(url) as other:
        (answer,) = other.run([request(OpenBox(box_id=box_id, holder=holder))])
    if isinstance(answer, Exception):
        raise answer
