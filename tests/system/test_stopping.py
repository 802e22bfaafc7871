"""Ctrl-C at a real service: it says what it does, and ends without a traceback however often it is pressed."""

import os
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.demo.company import ADMIN_ID
from tests.database import Database
from tests.system.service import service, token

ADMIN = token(ADMIN_ID, "admin")["Authorization"]
HALF = (
    f"POST /commands/register-client HTTP/1.1\r\nHost: x\r\nAuthorization: {ADMIN}\r\n"
    "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
)


@pytest.mark.parametrize("times", [1, 2, 6])
def test_ctrl_c_is_answered_with_words_and_never_with_a_traceback(
    database: Database, tmp_path: Path, times: int
) -> None:
    with ExitStack() as stack, service(tmp_path, "stopped", database_url=database.owner_url) as running:
        if times > 1:
            # A caller who never sends the rest: the end would wait for them.
            place = urlsplit(running.address)
            waiting = stack.enter_context(socket.create_connection((place.hostname, place.port), timeout=60))
            waiting.sendall(HALF.encode())
            time.sleep(0.2)
        for _ in range(times):
            # As a terminal does it: to the service and to every process it has started.
            os.killpg(running.process.pid, signal.SIGINT)
            time.sleep(0.02)
        code = running.process.wait(timeout=60)
    said = running.log.read_text()
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert said.count("Stopping") == said.count("Letopis has stopped.") == 1
    assert code == 0
