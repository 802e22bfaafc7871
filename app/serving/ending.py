"""What Ctrl-C and SIGTERM do to a service: the first one stops it in order, the second waits for no caller."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Ends(Protocol):
    """A server that can be told to end: the first time in order, the second time at once."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take the signal."""
        ...


class Ending:
    """Hears the signals of one service, from its start until its process is gone.

    Before there is a `server` the first signal raises KeyboardInterrupt, and what was started is stopped; whatever
    comes while that is under way changes nothing: half a stop would leave a database server running.
    """

    def __init__(self) -> None:
        self.server: Ends | None = None
        self._is_heard = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Hear them inside the block; afterwards there is nothing left to stop, and they are passed over."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)
        try:
            yield
        finally:
            self.server, self._is_heard = None, True

    def _hear(self, number: int, frame: FrameType | None) -> None:
        is_first, self._is_heard = not self._is_heard, True
        if self.server is not None:
            self.server.handle_exit(number, frame)
        elif is_first:
            raise KeyboardInterrupt
