"""Whatever bytes a request is made of: every operation answers as it is described, and never with a fault of ours.

`LETOPIS_ODD_REQUESTS=10000 LETOPIS_ODD_SEED=2 pytest tests/system/test_odd_requests.py` tries more, and others.
"""

import base64
import json
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import pytest

from app.demo.company import ADMIN_ID, demo_id
from infra.postgres.embedded import EmbeddedPostgres
from tests.system.service import Service, demo_service, token

REQUESTS, SEED = int(os.environ.get("LETOPIS_ODD_REQUESTS", "400")), int(os.environ.get("LETOPIS_ODD_SEED", "1"))
ADMIN = token(ADMIN_ID, "admin")
KNOWN = {
    "client_id": str(demo_id("romashka")),
    "deal_id": str(demo_id("deal romashka")),
    "staff_id": str(demo_id("anna")),
    "price_book_id": str(demo_id("price book")),
    "activity_id": str(demo_id("meeting")),
    "code": "scales",
    "report": "monthly_sales",
    "stream": str(demo_id("anna")),
    "projection": "products",
}
HEADERS = (
    *("If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID", "Accept", "Accept-Language", "Accept-Encoding"),
    *("Authorization", "Content-Type", "Content-Encoding", "Range", "If-Range", "Cookie", "X-Forwarded-For", "Expect"),
    *("Origin", "Forwarded", "TE", "Upgrade", "Traceparent", "User-Agent"),
)
ODD = (
    *(
        b"",
        b"\0",
        b"0",
        b"-1",
        b"1e400",
        b"9" * 400,
        b"nan",
        b"true",
        b"*",
        b'"',
        b"'",
        b'"0"',
        b'W/"1"',
        b'"1-a"',
        b"%",
    ),
    *(
        b"%00",
        b"%zz",
        b"..",
        b"../../etc/passwd",
        b"/",
        b"//",
        b"\\",
        b";",
        b"a" * 5000,
        b"\xff\xfe",
        b"\xc3\x28",
        b"\x80",
    ),
    *("²", "٣", "ﷺ" * 50, "İ", "\u202e", "\U0010ffff", "2026-06-30", "0000-00-00", "9999-12-31T23:59:59-14:00"),
    *(b"bytes=0-", b"bytes=99-1,-", b"Bearer", b"Bearer ", b"Bearer a.b.c", b"Basic Og==", b"identity;q=0, *;q=0"),
    *(
        b"application/json; charset=\xff",
        b"application/json;charset=utf-16",
        b"multipart/form-data",
        b"gzip",
        b"ru;q=x",
    ),
    *("\ud800".encode("utf-8", "surrogatepass"), b"100-continue", b"websocket", b"h2c", str(demo_id("anna")).encode()),
)
NEVER_IN_HTTP = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What may stand neither in a header nor in an address."""


class Request(NamedTuple):
    """The bytes of a request, and what was odd in it: path, query, cursor, header, body."""

    operation: str
    text: bytes
    odd: str


@pytest.fixture(scope="module")
def running(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, dict[str, Any]]]:
    with pytest.MonkeyPatch.context() as environment:
        # One caller sends everything here; how fast one may send is tested elsewhere.
        environment.setenv("LETOPIS_COMMANDS_PER_SECOND", "0")
        with demo_service(cluster, template, tmp_path_factory.mktemp("odd")) as one:
            yield one, httpx.get(f"{one.address}/openapi.json").json()


class Maker:
    """Makes requests by chance, each with something odd in it; the same ones of the same seed."""

    def __init__(self, document: dict[str, Any], cursors: dict[str, list[str]]) -> None:
        self._chance = Random(SEED)
        self._cursors = cursors
        # Commands are many, and what is odd in their bodies is tried elsewhere as well.
        self._operations = [
            (method.upper(), path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
            for _ in range(4 if method == "get" else 1)
        ]
        self._chance.shuffle(self._operations)
        self._next = 0

    def request(self) -> Request:
        """Return the next request: each operation in turn."""
        method, path, operation = self._operations[self._next % len(self._operations)]
        self._next += 1
        asked = [each["name"] for each in operation.get("parameters", []) if each["in"] == "query"]
        kinds = [
            "header",
            *(["path"] if "{" in path else []),
            *(["cursor"] * 2 if path in self._cursors else []),
            *(["query", "query"] if asked else []),
        ]
        odd = self._chance.choice([*kinds, *(["body"] if "requestBody" in operation else [])])
        headers = {name.encode(): value.encode() for name, value in ADMIN.items()}
        body = b""
        if "requestBody" in operation:
            headers[b"Content-Type"] = b"application/json"
            body = json.dumps(
                operation["requestBody"]["content"].get("application/json", {}).get("example", {})
            ).encode()
        if odd == "body":
            # What JSON passes over is odd and right: some bodies are taken.
            body = self._changed(body) if self._chance.random() < 0.7 else b"\t\r\n " + body + b"\n\n"
        if odd == "header":
            for name in self._chance.sample(HEADERS, self._chance.randint(1, 3)):
                headers[name.encode()] = self._in_header(self._odd())
        target = self._path(path, is_odd=odd == "path") + self._query(path, asked, odd)
        head = b"".join(b"%b: %b\r\n" % each for each in headers.items())
        text = b"%b %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n%b\r\n%b"
        return Request(f"{method} {path}", text % (method.encode(), target, len(body), head, body), odd)

    def _odd(self) -> bytes:
        if self._chance.random() < 0.4:
            return self._chance.randbytes(self._chance.randint(0, 40))
        value = self._chance.choice(ODD)
        return value.encode() if isinstance(value, str) else value

    def _in_header(self, value: bytes) -> bytes:
        """Return it in one line, mostly without what no header may have: that reaches no operation."""
        return NEVER_IN_HTTP.sub(b"", value) if self._chance.random() < 0.9 else re.sub(rb"[\r\n]", b"", value)

    def _sent(self, value: bytes) -> bytes:
        """Return it as an address has it: escaped, or, now and then, bare where HTTP lets it through."""
        if self._chance.random() < 0.2:
            return re.sub(rb"[\x00-\x20\x7f#?]", b"", value)
        return quote(value, safe=b"").encode()

    def _path(self, path: str, *, is_odd: bool) -> bytes:
        parts = [part[1:-1] for part in re.findall(r"{[^}]*}", path)]
        chosen = self._chance.choice(parts) if is_odd else None
        made = path.encode()
        for name in parts:
            part = self._sent(self._odd()) if name == chosen else quote(KNOWN.get(name, name)).encode()
            made = made.replace(b"{%b}" % name.encode(), part)
        return made

    def _query(self, path: str, asked: list[str], odd: str) -> bytes:
        if odd == "cursor":
            return b"?limit=1&cursor=" + self._sent(self._cursor(self._chance.choice(self._cursors[path])))
        if odd != "query":
            return b""
        names = self._chance.sample(asked, min(len(asked), self._chance.randint(1, 2)))
        # To wait for a position that never comes is no fault, and takes long.
        given = [(name, b"0" if name == "min_position" else self._odd()) for name in names]
        return b"?" + b"&".join(b"%b=%b" % (name.encode(), self._sent(value)) for name, value in given)

    def _cursor(self, cursor: str) -> bytes:
        """Return a real cursor with a change in it: in its letters, or in what they say."""
        if self._chance.random() < 0.5:
            return self._changed(cursor.encode())
        said = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return base64.urlsafe_b64encode(self._changed(said)).rstrip(b"=")

    def _changed(self, text: bytes) -> bytes:
        changed = bytearray(text)
        for _ in range(self._chance.randint(1, 3)):
            place = self._chance.randint(0, len(changed))
            piece = changed[place : place + self._chance.randint(0, 9)]
            changed[place : place + len(piece)] = self._chance.choice(
                [b"", bytes(piece) * 2, self._odd()[:50], self._chance.randbytes(len(piece)), b"9" * 30, b"null", b'"']
            )
        return bytes(changed)


def answered(address: str, text: bytes) -> tuple[int, bytes]:
    """Send the bytes on a connection of their own; return the status and, unless it goes on for ever, the body."""
    where = urlsplit(address)
    with socket.create_connection((where.hostname, where.port), timeout=60) as line:
        line.sendall(text)
        with line.makefile("rb") as answer:
            while True:
                status = int(answer.readline().split()[1])
                headers = dict(each.lower().rstrip().split(b": ", 1) for each in iter(answer.readline, b"\r\n"))
                if status != 100:
                    break
            is_endless = headers.get(b"content-type", b"").startswith(b"text/event-stream")
            return status, b"" if is_endless else answer.read()


def real_cursors(service: Service, document: dict[str, Any]) -> dict[str, list[str]]:
    """Return a cursor of each list that has more than one item; of each of its orders."""
    found: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        parameters = {each["name"]: each for each in methods.get("get", {}).get("parameters", [])}
        if "cursor" in parameters:
            address = service.address + re.sub(r"{(\w+)}", lambda part: KNOWN[part[1]], path)
            for more in ({}, {"as_of": "9999-12-31"}, {"archived": "false"}):
                asked = {name: value for name, value in more.items() if name in parameters}
                answer = httpx.get(address, headers=ADMIN, params={"limit": 1, **asked})
                if answer.status_code == 200 and answer.json().get("next"):
                    found.setdefault(path, []).append(answer.json()["next"])
    return found


def test_a_request_of_any_bytes_is_answered_as_described(running: tuple[Service, dict[str, Any]]) -> None:
    service, document = running
    cursors = real_cursors(service, document)
    assert {"/clients", "/deals", "/activities", "/staff", "/clients/{client_id}/timeline"} <= cursors.keys()
    maker, seen, wrong = Maker(document, cursors), Counter[tuple[str, int]](), []
    for _ in range(REQUESTS):
        request = maker.request()
        status, body = answered(service.address, request.text)
        seen[request.odd, status] += 1
        method, _, path = request.operation.partition(" ")
        described = {int(each) for each in document["paths"][path][method.lower()]["responses"]}
        # Bytes that are no HTTP reach no operation, and an odd path may lead to another one or to none.
        head = request.text.partition(b"\r\n\r\n")[0]
        if NEVER_IN_HTTP.search(head.replace(b"\r\n", b"")) or not head.partition(b"\r\n")[0].isascii():
            described |= {400}
        if request.odd == "path":
            described |= {307, 404, 405, 422}
        if status not in described or status >= 500:
            wrong.append((request, status, body[:300]))
    assert not wrong, "\n\n".join(map(str, wrong[:10]))
    assert '"bug"' not in service.log.read_text()
    print(sorted(seen.items()))
    assert {odd for odd, _ in seen} == {"path", "query", "cursor", "header", "body"}
    assert min(seen["cursor", 422], seen["query", 422], seen["body", 200], seen["header", 200]) > 0
