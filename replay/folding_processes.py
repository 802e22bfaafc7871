"""Folds the whole log into an empty table: in this process, or in several that share the rows by partition."""

import gc
import importlib
import multiprocessing
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from multiprocessing.queues import SimpleQueue
from time import sleep
from typing import Any, Literal, NamedTuple

from infra.folding import Decode, PoisonEventError, Rows, decoding, play, preparing, reader_of, touches
from infra.generations import Generation, connect
from infra.log_reader import read_in_blocks
from infra.parking import parking_of
from infra.projection import Projection
from infra.row_store import RowStore
from replay.pace import Pace, RebuildCancelledError

# Rows written by one COPY: between two of them a worker can be told to rest.
ROWS_IN_A_COPY = 20_000


@dataclass(frozen=True, slots=True)
class Share:
    """What is to be folded: the log up to a position, in so many parts, by so many workers, into one generation."""

    url: str
    generation: Generation
    last: int
    parts: int
    workers: int


class Told(NamedTuple):
    """What a worker has done in one step: it folded so many facts, or wrote so many rows, in so many seconds."""

    worker: int
    events: int
    rows: int
    seconds: float


# A step that was done; or, instead, the fact that cannot be folded; or that all was cancelled; or nothing: it is done.
_Said = Told | tuple[int, str] | Literal["cancelled"] | None


class WorkerDiedError(Exception):
    """A process that folded a part of the log ended without a word (killed, or out of memory)."""


def fold_here(
    projection: Projection[Any],
    decode: Decode,
    share: Share,
    worker: int,
    tell: Callable[[Told], None],
    alive: Callable[[], None] = lambda: None,
) -> None:
    """Fold one worker's parts into the table and tell of every step.

    What cannot take a fact in is parked. Raises PoisonEventError where that cannot be, and RebuildCancelledError.
    """
    with connect(share.url) as connection:
        read_in_blocks(connection)
        generation = share.generation
        pace = Pace(connection, generation.name, generation.number, share.workers, alive)
        store = RowStore(connection, projection, generation.schema)
        event_of, prepare = decoding(decode, projection), preparing(decode, projection)
        pace.turn(0)
        for part in range(worker, share.parts, share.workers):
            reader = reader_of(projection, decode, part, share.parts)
            rows: Rows = {}
            parking = parking_of(connection, projection, generation, is_anew=True)
            start = 0
            while start < share.last:
                # A query that examines so many positions gives about as many facts of this part as a step shall have.
                end = min(start + pace.step() * share.parts, share.last)
                facts = reader.between(connection, start, end)
                prepare(facts)
                play(projection, rows, touches(projection, facts, event_of, parking), parking)
                written = 0
                if projection.is_append_only:
                    store.fill(connection, rows.values())
                    written = len(rows)
                    rows.clear()
                examined = _of_part(end, part, share.parts) - _of_part(start, part, share.parts)
                tell(Told(worker, examined, written, pace.turn(examined)))
                start = end
            every = iter(rows.values())
            while some := list(islice(every, ROWS_IN_A_COPY)):
                store.fill(connection, some)
                tell(Told(worker, 0, len(some), pace.turn(len(some))))
            parking.write(connection, generation)


def _of_part(position: int, part: int, parts: int) -> int:
    """Return how many of the positions up to one are counted as a part's own: all parts together count each once."""
    return (position + parts - 1 - part) // parts


def reference_of(projection: Projection[Any]) -> tuple[str, str]:
    """Return the module and the name under which another process finds the read model: folds do not pickle."""
    modules = {fold.__module__ for _, fold in projection.folds.values()}
    for module in sorted(modules):
        for name, value in vars(sys.modules[module]).items():
            if value is projection:
                return module, name
    raise LookupError(f"{projection.name} is no module's variable: another process cannot find it")


def found(reference: tuple[str, str]) -> Projection[Any]:
    """Return the read model that was referred to."""
    module, name = reference
    projection: Projection[Any] = getattr(importlib.import_module(module), name)
    return projection


def _module_of(decoder: Callable[[], Decode]) -> str:
    """Return the module of a function, or of what functools.partial was made of."""
    return str(getattr(decoder, "func", decoder).__module__)


def _work(
    reference: tuple[str, str],
    decoder: Callable[[], Decode],
    share: Share,
    worker: int,
    said: "SimpleQueue[_Said]",
) -> None:
    # Rows live until they are written and nothing here makes cycles: looking for some costs a fifth of the time.
    gc.disable()

    def alive() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            sys.exit("the rebuild this process worked for is gone")

    try:
        fold_here(found(reference), decoder(), share, worker, said.put, alive)
    except PoisonEventError as poison:
        said.put((poison.position, poison.reason))
    except RebuildCancelledError:
        said.put("cancelled")
    else:
        said.put(None)


def fold_in_processes(
    projection: Projection[Any],
    decoder: Callable[[], Decode],
    share: Share,
    tell: Callable[[Told], None],
    look: Callable[[], None],
) -> None:
    """Fold all parts, shared out among the workers, each a process; raises PoisonEventError and WorkerDiedError.

    `look` is called all the time; what it raises ends them all.
    """
    # Copies of a fresh interpreter that has loaded what they need: a copy of this one would share its connections and
    # whatever its threads hold, and a fresh one each would load everything again.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([reference_of(projection)[0], _module_of(decoder), __name__])
    said: SimpleQueue[_Said] = context.SimpleQueue()
    processes = [
        context.Process(target=_work, args=(reference_of(projection), decoder, share, worker, said), daemon=True)
        for worker in range(share.workers)
    ]
    for process in processes:
        process.start()
    try:
        _listen(projection.name, said, processes, tell, look)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _listen(
    name: str, said: "SimpleQueue[_Said]", processes: list[Any], tell: Callable[[Told], None], look: Callable[[], None]
) -> None:
    working = len(processes)
    while working:
        look()
        if said.empty():
            if any(process.exitcode for process in processes):
                raise WorkerDiedError("a process of the rebuild ended early; nothing was changed, start it again")
            sleep(0.02)
            continue
        message = said.get()
        if isinstance(message, Told):
            tell(message)
        elif message is None:
            working -= 1
        elif message == "cancelled":
            raise RebuildCancelledError(name)
        else:
            raise PoisonEventError(*message)
