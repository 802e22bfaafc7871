"""The process that stores what `letopis import` reads, of a file that is worth one."""

import logging
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from aggregates.identity import Home
from app.composition.wiring import batch_runner
from app.process import settle
from infra.log.crypto import MasterKey
from infra.postgres.connection import OwnConnection

if TYPE_CHECKING:
    from commands.importing.run import Runner

WORTH_IT = 2 << 20
"""Bytes of a file from which on two processes are faster than one: the second takes half a second to start."""


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
    from app.serving.logs import configure_logs
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
