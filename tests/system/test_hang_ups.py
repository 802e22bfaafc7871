"""Callers who hang up, wherever they are: no fault of ours, and nothing in the log says that it was one."""

import json
import socket
import struct
import time
from urllib.parse import urlsplit

import pytest

from tests.system.bad_door import ADMIN, REGISTER, Door

ALIVE = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = f"Host: x\r\nAuthorization: {ADMIN['Authorization']}\r\n"
BODY = json.dumps({"commands": [{"command": "register-client", "data": {}}] * 300}).encode()


def get(path: str, *headers: str) -> bytes:
    more = "".join(one + "\r\n" for one in headers)
    return f"GET {path} HTTP/1.1\r\n{HEAD}{more}\r\n".encode()


def post(path: str, body: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return (
        f"POST {path} HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n".encode()
        + body
    )


SENT = {
    "half a head": get("/clients")[:30],
    "a question and no patience": get("/clients?count=true"),
    "the past": get("/clients?as_of=2026-01-01"),
    "a report": get("/analytics/stage_history"),
    "a question in SQL": get("/analytics/sql?sql=SELECT+max(hash(x))+FROM+range(10000000000)+AS+t+(x)"),
    "the description": get("/openapi.json"),
    "events that never end": get("/events", "Accept: text/event-stream"),
    "progress that never ends": get("/projections/progress", "Accept: text/event-stream"),
    "half a command": post(REGISTER, b'{"name": "Ro', 500),
    "half a batch": post("/commands", BODY[:200], 5_000),
    "half a search": post("/clients/search", b'{"phone": "', 500),
    "a batch": post("/commands", BODY),
    "a body that was not asked for": post("/clients", b"x" * 1000, 100_000),
    "more than is taken": post(REGISTER, b"x" * 1000, 100_000_000),
    "chunks": f"POST {REGISTER} HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nab".encode(),
    "waiting to be asked on": f"POST {REGISTER} HTTP/1.1\r\n{HEAD}Expect: 100-continue\r\n".encode()
    + b"Content-Length: 9\r\n\r\n",
    "two at once": get("/clients") + get("/clients?as_of=2026-01-01") + post(REGISTER, b"{", 500),
}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT.keys())
@pytest.mark.parametrize("wait", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("is_rude", [False, True])
def test_nobody_who_hangs_up_is_a_bug(door: Door, sent: bytes, wait: float, *, is_rude: bool) -> None:
    place = urlsplit(door.service.address)
    before = len(door.service.log.read_text())
    with socket.create_connection((place.hostname, place.port), timeout=5) as line:
        line.sendall(sent)
        time.sleep(wait)
        if is_rude:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with socket.create_connection((place.hostname, place.port), timeout=10) as line:
        line.sendall(ALIVE)
        assert line.recv(100).startswith(b"HTTP/1.1 200")
    told = door.service.log.read_text()[before:]
    assert '"level":"error"' not in told
    assert "Traceback" not in told
