"""Processes of ours that are told by a pipe what to do, and when to stop."""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_CONTEXT = multiprocessing.get_context("spawn")
"""Not a copy of this process, whose threads and connections it would have half."""


def spawned(name: str, target: Callable[..., None], *arguments: Any) -> tuple[Any, Connection]:
    """Start a process, and return it with our end of the pipe; `target` gets its own end after its arguments.

    It begins with `leave_stopping_to_the_parent`.
    """
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=target, args=(*arguments, theirs), name=name)
    # It inherits what is blocked here: a Ctrl-C while it begins must not end it with a traceback. The first process
    # of all is started after a tracker of Python's own, which would let the signals through again.
    resource_tracker.ensure_running()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    theirs.close()
    return process, ours


def leave_stopping_to_the_parent() -> None:
    """Let pass what goes to the whole process group: Ctrl-C, and often SIGTERM."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
