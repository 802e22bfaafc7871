"""Shares work on a read model out among processes, hears what each says, and ends them all when one fails."""

import gc
import importlib
import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.queues import SimpleQueue
from time import sleep
from typing import Any, NamedTuple, TypeVar

import psycopg

from infra.projector.folding import Decode, PoisonEventError
from infra.projector.projection import Projection
from infra.told import ToldError
from replay.rebuilding.resources import NoRoomError
from replay.rebuilding.throttle import RebuildCancelledError

T = TypeVar("T")

Reference = tuple[str, str]
"""A module, and its variable that holds a read model."""

Tell = Callable[[T], None]
"""Says something to whoever gave the work."""

Alive = Callable[[], None]
"""Called all the time; what it raises ends the work."""

Work = Callable[[Projection[Any], Decode, int, Tell[T], Alive], None]
"""What worker number so-and-so does; another process gets it pickled."""


class WorkerDiedError(ToldError):
    """A process ended without a word (killed, or out of memory)."""


class _Ended(NamedTuple):
    """The last word of a process: it is done, or met a fact that cannot be folded, or had no room, or was ended."""

    poison: tuple[int, str] | None = None
    no_room: NoRoomError | None = None
    is_cancelled: bool = False


def run_workers(
    projection: Projection[Any], decoder: Callable[[], Decode], work: Work[T], workers: int, hear: Tell[T], look: Alive
) -> None:
    """Let so many workers do the work, one alone in this process, more in their own; return when all are done.

    `hear` is told what they say, in this process. Raises PoisonEventError, RebuildCancelledError, NoRoomError and
    WorkerDiedError.
    """
    if workers == 1:
        try:
            work(projection, decoder(), 0, hear, look)
        except psycopg.errors.DiskFull as error:
            raise NoRoomError.said_by(projection.name, error) from error
        return
    # Copies of a fresh interpreter that has loaded what they need: a copy of this one would share its connections and
    # whatever its threads hold, and a fresh one each would load everything again.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([reference_of(projection)[0], _module_of(decoder), _module_of(work)])
    said: SimpleQueue[T | _Ended] = context.SimpleQueue()
    processes = [
        context.Process(target=_work, args=(reference_of(projection), decoder, work, worker, said), daemon=True)
        for worker in range(workers)
    ]
    for process in processes:
        process.start()
    try:
        _listen(projection.name, said, processes, hear, look)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _listen(name: str, said: "SimpleQueue[T | _Ended]", processes: list[Any], hear: Tell[T], look: Alive) -> None:
    working = len(processes)
    while working:
        look()
        if said.empty():
            if any(process.exitcode for process in processes):
                raise WorkerDiedError(f"a process that worked on {name} ended early; nothing was changed, start again")
            sleep(0.02)
            continue
        message = said.get()
        if not isinstance(message, _Ended):
            hear(message)
        elif message.poison:
            raise PoisonEventError(*message.poison)
        elif message.no_room:
            raise message.no_room
        elif message.is_cancelled:
            raise RebuildCancelledError(name)
        else:
            working -= 1


def _work(
    reference: Reference,
    decoder: Callable[[], Decode],
    work: Work[T],
    worker: int,
    said: "SimpleQueue[T | _Ended]",
) -> None:
    # Rows live until they are written and nothing here makes cycles: looking for some costs a fifth of the time.
    gc.disable()

    def alive() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            sys.exit("whoever this process worked for is gone")

    projection = found(reference)
    try:
        work(projection, decoder(), worker, said.put, alive)
    except PoisonEventError as poison:
        said.put(_Ended(poison=(poison.position, poison.reason)))
    except psycopg.errors.DiskFull as error:
        said.put(_Ended(no_room=NoRoomError.said_by(projection.name, error)))
    except RebuildCancelledError:
        said.put(_Ended(is_cancelled=True))
    else:
        said.put(_Ended())


def reference_of(projection: Projection[Any]) -> Reference:
    """Return how another process finds the read model: folds do not pickle."""
    modules = {fold.__module__ for _, fold in projection.folds.values()}
    for module in sorted(modules):
        for name, value in vars(sys.modules[module]).items():
            if value is projection:
                return module, name
    raise LookupError(f"{projection.name} is no module's variable: another process cannot find it")


def found(reference: Reference) -> Projection[Any]:
    """Return the read model that was referred to."""
    module, name = reference
    projection: Projection[Any] = getattr(importlib.import_module(module), name)
    return projection


def _module_of(function: Callable[..., Any]) -> str:
    """Return the module of a function, or of what functools.partial was made of."""
    return str(getattr(function, "func", function).__module__)
