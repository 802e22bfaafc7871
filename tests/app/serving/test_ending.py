"""Ctrl-C stops a service in order, however often it is said, and never breaks off what is being stopped."""

import signal
from collections.abc import Iterator

import pytest

from app.serving.ending import Ending

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def handlers_of_before() -> Iterator[None]:
    """Give the signals back to those who heard them."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Told:
    """A server that notes what it was told."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def handle_exit(self, sig: int, frame: object) -> None:
        assert frame is not None
        self.heard.append(sig)


@pytest.mark.parametrize("number", SIGNALS)
def test_before_the_server_the_first_one_ends_the_start_and_no_other_one_breaks_off_the_end(number: int) -> None:
    ended = []
    with Ending().heard():
        try:
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            ended.append("in order")
    assert ended == ["in order"]


def test_a_server_hears_every_one_and_what_comes_after_it_is_passed_over() -> None:
    ending, server = Ending(), Told()
    with ending.heard():
        ending.server = server
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        ending.server = None
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    assert server.heard == [signal.SIGTERM, signal.SIGINT]


def test_a_server_that_ended_by_itself_leaves_nothing_to_break_off() -> None:
    with Ending().heard():
        pass
    signal.raise_signal(signal.SIGINT)
