"""The load generator: raw keep-alive connections in a process of its own, as light as Python allows.

`python -m tests.bench.load` reads on standard input, as JSON, what to ask for, and prints one line of JSON: requests a
second, latencies in milliseconds, and how many answers were not 200.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from random import random
from typing import cast

import uvloop

from tests.bench.samples import RESULT, TOPIC, name_of, phone_of

MakeRequest = Callable[[], bytes]


class Caller(asyncio.Protocol):
    """One connection: sends a request, waits for the whole answer, sends the next, until told to stop.

    With a pace of so many seconds from request to request it waits its turn; a request that is late counts from when
    it was due, so a server that stalls does not hide it.
    """

    def __init__(
        self, make: MakeRequest, until: float, latencies: list[float], statuses: Counter[bytes], pace: float
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.done = self._loop.create_future()
        self._make = make
        self._until = until
        self._pace = pace
        self._latencies = latencies
        self._statuses = statuses
        self._awaited = 0
        self._seen = 0
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own transport is one in all but its class.
        self._transport = cast(asyncio.Transport, transport)
        # Callers with a pace do not all begin at once.
        self._sent = time.perf_counter() + random() * self._pace - self._pace
        self._send()

    def _send(self) -> None:
        now = time.perf_counter()
        due = self._sent + self._pace if self._pace else now
        if due > now:
            self._loop.call_later(due - now, self._send_now, due)
        else:
            self._send_now(due)

    def _send_now(self, due: float) -> None:
        self._awaited = self._seen = 0
        self._sent = due
        self._transport.write(self._make())

    def data_received(self, data: bytes) -> None:
        if not self._awaited:
            head = data.find(b"\r\n\r\n") + 4
            start = data.lower().find(b"content-length: ", 0, head) + 16
            assert head > 4, "an answer's head came in pieces: make the reader of answers cleverer"
            assert start > 16, "an answer without a length: make the reader of answers cleverer"
            self._awaited = head + int(data[start : data.find(b"\r", start)])
            self._statuses[data[9:12]] += 1
        self._seen += len(data)
        if self._seen < self._awaited:
            return
        now = time.perf_counter()
        self._latencies.append(now - self._sent)
        if now < self._until:
            self._send()
        else:
            self._transport.close()
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server hung up"))


def _post(path: str, token: str) -> Callable[[bytes], bytes]:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        "Content-Length: "
    ).encode()
    return lambda body: b"%b%d\r\n\r\n%b" % (head, len(body), body)


def registering(path: str, token: str, first: int) -> Iterator[bytes]:
    """Give requests that each register another client."""
    request = _post(path, token)
    for number in count(first):
        body = (
            f'{{"kind":"organisation","name":"{name_of(number)}",'
            f'"contact_points":[{{"kind":"phone","value":"{phone_of(number)}"}}],"source":"bench"}}'
        )
        yield request(body.encode())


def recording(path: str, token: str, client_ids: list[str]) -> Iterator[bytes]:
    """Give requests that each record a call with one of the clients, in turn."""
    request = _post(path, token)
    for number in count():
        client_id = client_ids[number % len(client_ids)]
        body = (
            f'{{"channel":"call","direction":"outbound","client_id":"{client_id}","topic":"{TOPIC}",'
            f'"result":"{RESULT} {number}"}}'
        )
        yield request(body.encode())


def getting(paths: list[str], token: str) -> Iterator[bytes]:
    """Give requests for pages, in turn."""
    made = [f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode() for path in paths]
    for number in count():
        yield made[number % len(made)]


def looking(visits: list[tuple[str, str]], host: str) -> Iterator[bytes]:
    """Give requests of browsers for pages, in turn: each has a cookie and a path."""
    made = [
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nAccept-Language: ru\r\n\r\n".encode()
        for cookie, path in visits
    ]
    for number in count():
        yield made[number % len(made)]


async def run(
    host: str, port: int, connections: int, seconds: float, requests: Iterator[bytes], pace: float = 0.0
) -> dict[str, float]:
    """Load a server for so many seconds and return what was seen; `pace` as Caller says, 0 for as fast as it goes."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    statuses: Counter[bytes] = Counter()
    began = time.perf_counter()

    def caller() -> Caller:
        return Caller(requests.__next__, began + seconds, latencies, statuses, pace)

    loop.set_exception_handler(lambda _, context: sys.exit(f"{context['message']}: {context.get('exception')!r}"))
    callers = [(await loop.create_connection(caller, host, port))[1] for _ in range(connections)]
    await asyncio.gather(*(caller.done for caller in callers))
    elapsed = time.perf_counter() - began
    latencies.sort()
    return {
        "rate": round(len(latencies) / elapsed, 1),
        "p50_ms": round(latencies[len(latencies) // 2] * 1e3, 2),
        "p99_ms": round(latencies[len(latencies) * 99 // 100] * 1e3, 2),
        "not_200": sum(statuses.values()) - statuses[b"200"],
    }


def main() -> None:
    """Do what standard input says."""
    asked = json.load(sys.stdin)
    kinds: dict[str, Callable[..., Iterator[bytes]]] = {
        "registering": registering,
        "recording": recording,
        "getting": getting,
        "looking": looking,
    }
    made = kinds[asked.pop("kind")](**asked.pop("options"))
    print(json.dumps(uvloop.run(run(requests=made, **asked))))


if __name__ == "__main__":
    main()
