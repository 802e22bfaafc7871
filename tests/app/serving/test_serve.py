"""The port that the service listens at."""

import socket
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from app.serving.serve import taken_port
from app.settings import Settings

PIECE = b"x" * 100_000
ROUNDS = 50


@pytest.mark.skipif(sys.platform != "linux", reason="how much a system takes over is its own affair")
def test_who_reads_nothing_fills_no_memory_of_the_system_with_what_is_told_them(tmp_path: Path) -> None:
    with (
        taken_port(Settings(var=tmp_path, host="127.0.0.1", port=0, _env_file=None)) as listening,
        socket.create_connection(listening.getsockname()),
    ):
        ours, _ = listening.accept()
        ours.settimeout(0.01)
        taken = 0
        for _ in range(ROUNDS):
            with suppress(TimeoutError):
                taken += ours.send(PIECE)
        ours.close()
    assert taken < 1_000_000
