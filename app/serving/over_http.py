"""Asks the API of another process, as a console of its own does: every answer as that process gives it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx
from pydantic_core import to_json

from app.words.messages import language_of
from app.words.problems import Problem, told
from read_api.console.calling import Followed, Receive, Told

SECONDS = 130.0
"""How long an answer may take: one as of a moment takes twice LETOPIS_AS_OF_SECONDS."""

HEARD_SECONDS = 45.0
"""How long a stream may say nothing: it says that it is alive three times as often."""

CONNECT_SECONDS = 3.0
RETRY_AFTER = 2
CONNECTIONS = 1_000
"""A stream for each browser, and what all of them ask at once."""

Headers = Mapping[str, str]


class OverHttp:
    """Asks an API at an address; where nobody answers that is said as the API says that its database is away."""

    def __init__(self, address: str) -> None:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=20)
        timeout = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
        # What the environment says of proxies is not meant for a neighbour of ours.
        self._client = httpx.AsyncClient(base_url=address, limits=limits, timeout=timeout, trust_env=False)

    async def __call__(
        self, method: str, path: str, headers: Headers, body: bytes = b"", receive: Receive | None = None
    ) -> Told:
        """Return the whole answer; whoever hangs up meanwhile, as `receive` tells, hangs up there too."""
        asking = asyncio.ensure_future(self._asked(method, path, headers, body))
        # A command that was sent is carried out, whoever waits for it.
        leaving = None if receive is None or path.startswith("/commands") else asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait([asking] if leaving is None else [asking, leaving], return_when="FIRST_COMPLETED")
            return await asking if asking.done() else _unanswered(headers, is_lost=False)
        finally:
            asking.cancel()
            if leaving is not None:
                leaving.cancel()

    async def _asked(self, method: str, path: str, headers: Headers, body: bytes) -> Told:
        try:
            answer = await self._client.request(method, path, headers=dict(headers), content=body or None)
        except httpx.TransportError as error:
            return _unanswered(headers, is_lost=path.startswith("/commands") and not _never_came(error))
        return Told(answer.status_code, _headers_of(answer), answer.content)

    @asynccontextmanager
    async def follow(self, path: str, headers: Headers) -> AsyncIterator[Followed]:
        """Give an answer as it comes; one that breaks off ends."""
        timeout = httpx.Timeout(HEARD_SECONDS, connect=CONNECT_SECONDS)
        asked = self._client.build_request("GET", path, headers=dict(headers), timeout=timeout)
        try:
            answer = await self._client.send(asked, stream=True)
        except httpx.TransportError:
            refused = _unanswered(headers, is_lost=False)
            yield Followed(refused.status, refused.headers, _parts_of(refused.body))
            return
        try:
            yield Followed(answer.status_code, _headers_of(answer), _parts(answer))
        finally:
            await answer.aclose()

    async def carry(self, path: str, headers: Headers, parts: AsyncIterator[bytes]) -> Told:
        """Send a body as it comes, and return the answer; raises what `parts` raises."""
        try:
            answer = await self._client.post(path, headers=dict(headers), content=parts)
        except httpx.TransportError:
            return _unanswered(headers, is_lost=False)
        return Told(answer.status_code, _headers_of(answer), answer.content)

    async def close(self) -> None:
        """Hang up everywhere."""
        await self._client.aclose()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _parts(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for part in answer.aiter_bytes():
            yield part
    except httpx.TransportError:
        # The browser comes again, and is told then.
        return


async def _parts_of(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _headers_of(answer: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


def _never_came(error: httpx.TransportError) -> bool:
    """Tell whether what was to be sent cannot have arrived."""
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def _unanswered(headers: Headers, *, is_lost: bool) -> Told:
    facts = {"retry_after": RETRY_AFTER}
    problem = Problem(503, "outcome-unknown" if is_lost else "api-unreachable", facts)
    body = to_json(told(problem, language_of(headers.get("accept-language"))))
    return Told(503, {"content-type": "application/problem+json", "retry-after": str(RETRY_AFTER)}, body)
