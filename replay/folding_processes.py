"""Folds the whole log into an empty table: in this process, or in several that share the rows by partition."""

import gc
import importlib
import multiprocessing
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from time import sleep
from typing import Any

from infra.folding import Decode, PoisonEventError, Rows, decoding, play, preparing, touches
from infra.generations import Generation, connect
from infra.log_reader import LogReader
from infra.parking import parking_of
from infra.projection import Projection
from infra.row_store import RowStore

# Positions examined by one query, for each of the parts: a query then gives about this many facts.
STEP = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """What is to be folded: the log up to a position, in so many parts, into the tables of a generation."""

    url: str
    generation: Generation
    last: int
    parts: int


# So many facts were examined; or, instead, the fact that cannot be; or nothing: the work is done.
_Said = int | tuple[int, str] | None


class WorkerDiedError(Exception):
    """A process that folded a part of the log ended without a word (killed, or out of memory)."""


def fold_here(
    projection: Projection[Any], decode: Decode, share: Share, parts: Iterable[int], folded: Callable[[int], None]
) -> None:
    """Fold some of the parts into the table and tell how many facts each piece came to.

    What cannot take a fact in is parked; raises PoisonEventError where that cannot be.
    """
    with connect(share.url) as connection:
        store = RowStore(connection, projection, share.generation.schema)
        event_of, prepare = decoding(decode, projection), preparing(decode, projection)
        for part in parts:
            reader = LogReader(
                projection.topics,
                with_parties=projection.needs_parties,
                partition_by=projection.partition_by,
                part=part,
                parts=share.parts,
            )
            rows: Rows = {}
            parking = parking_of(connection, projection, share.generation, is_anew=True)
            for examined, facts in reader.stream(connection, 0, share.last, STEP * share.parts):
                prepare(facts)
                play(projection, rows, touches(projection, facts, event_of, parking), parking)
                if projection.is_append_only:
                    store.fill(connection, rows.values())
                    rows.clear()
                folded(examined // share.parts)
            store.fill(connection, rows.values())
            parking.write(connection, share.generation)


def _reference(projection: Projection[Any]) -> tuple[str, str]:
    """Return the module and the name under which another process finds the read model: folds do not pickle."""
    modules = {fold.__module__ for _, fold in projection.folds.values()}
    for module in sorted(modules):
        for name, value in vars(sys.modules[module]).items():
            if value is projection:
                return module, name
    raise LookupError(f"{projection.name} is no module's variable: another process cannot find it")


def _module_of(decoder: Callable[[], Decode]) -> str:
    """Return the module of a function, or of what functools.partial was made of."""
    return str(getattr(decoder, "func", decoder).__module__)


def _work(
    reference: tuple[str, str],
    decoder: Callable[[], Decode],
    share: Share,
    parts: list[int],
    said: "SimpleQueue[_Said]",
) -> None:
    # Rows live until they are written and nothing here makes cycles: looking for some costs a fifth of the time.
    gc.disable()

    def folded(count: int) -> None:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            sys.exit("the rebuild this process worked for is gone")
        said.put(count)

    module, name = reference
    projection: Projection[Any] = getattr(importlib.import_module(module), name)
    try:
        fold_here(projection, decoder(), share, parts, folded)
    except PoisonEventError as poison:
        said.put((poison.position, poison.reason))
    else:
        said.put(None)


def fold_in_processes(
    projection: Projection[Any],
    decoder: Callable[[], Decode],
    share: Share,
    workers: int,
    folded: Callable[[int], None],
) -> None:
    """Fold all parts, shared out among so many processes; raises PoisonEventError and WorkerDiedError."""
    # Copies of a fresh interpreter that has loaded what they need: a copy of this one would share its connections and
    # whatever its threads hold, and a fresh one each would load everything again.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_reference(projection)[0], _module_of(decoder)])
    said: SimpleQueue[_Said] = context.SimpleQueue()
    processes = [
        context.Process(
            target=_work,
            args=(_reference(projection), decoder, share, list(range(one, share.parts, workers)), said),
            daemon=True,
        )
        for one in range(workers)
    ]
    for process in processes:
        process.start()
    try:
        _listen(said, processes, folded)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _listen(said: "SimpleQueue[_Said]", processes: list[Any], folded: Callable[[int], None]) -> None:
    working = len(processes)
    while working:
        if said.empty():
            if any(process.exitcode for process in processes):
                raise WorkerDiedError("a process of the rebuild ended early; nothing was changed, start it again")
            sleep(0.02)
            continue
        message = said.get()
        if isinstance(message, int):
            folded(message)
        elif message is None:
            working -= 1
        else:
            raise PoisonEventError(*message)
