"""What the rows of an import go through: carried out here or, of a file that is worth it, in a process beside."""

import logging
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from aggregates.identity import Home
from app.composition.decoding import mapper_by
from app.composition.wiring import batch_runner, rehearsing_runner_at
from app.process import settle
from infra.log.crypto import MasterKey
from infra.log.wake_up import WakeUp
from infra.postgres.connection import OwnConnection

if TYPE_CHECKING:
    from commands.execution.pending import PendingCommand
    from commands.importing.run import Runner, WriteDoor

WORTH_IT = 2 << 20
"""Bytes of a file from which on two processes are faster than one: the second takes half a second to start."""


@contextmanager
def import_door(url: str, master: MasterKey, home: Home, *, size: int, is_dry: bool) -> Iterator["WriteDoor"]:
    """Lend what the rows of files of so many bytes go through; of a dry run nothing is stored."""
    from commands.importing.run import WriteDoor

    with ExitStack() as stack:
        reading, writing, looking = OwnConnection(url), OwnConnection(url), OwnConnection(url)
        for one in (reading, writing, looking):
            stack.callback(one.close)
        wake_up = WakeUp(url)
        wake_up.start()
        stack.callback(wake_up.stop)

        def heard(turns: Sequence["PendingCommand"]) -> None:
            wake_up.stored(max((getattr(turn.answer, "position", 0) for turn in turns), default=0))

        runner: Runner
        if is_dry:
            runner = rehearsing_runner_at(master, reading, home)
        elif size > WORTH_IT:
            runner = stack.enter_context(storing_process(url, master, home))
        else:
            runner = batch_runner(master, reading, writing, home=home)
        decode = mapper_by(looking, master).to_event
        yield WriteDoor(runner, master.keyed_hash, heard, home, borrow=looking, decode=decode)


@contextmanager
def storing_process(url: str, master: MasterKey, home: Home) -> Iterator["Runner"]:
    """Lend what carries out commands in another process, which ends afterwards, or when this one dies."""
    from commands.importing.elsewhere import RunnerElsewhere

    # Not a copy of this one, whose threads and connections it would have half.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_store, args=(theirs, url, master, home), name="letopis-import", daemon=True)
    process.start()
    theirs.close()
    try:
        yield RunnerElsewhere(ours)
    finally:
        ours.close()
        process.join()


def _store(connection: Connection, url: str, master: MasterKey, home: Home) -> None:
    from app.logs import configure_logs
    from commands import registry
    from commands.importing.elsewhere import carry_out

    assert registry.COMMANDS  # noqa: S101 - with it every handler is known
    # The output is the other's, and so is when to stop.
    configure_logs(level=logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reading, writing = OwnConnection(url), OwnConnection(url)
    settle()
    with connection:
        carry_out(connection, batch_runner(master, reading, writing, home=home))
    reading.close()
    writing.close()
