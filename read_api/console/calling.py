"""How the console asks the public HTTP API: on behalf of its user, with their token, and in their language."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from pydantic_core import from_json, to_json

JSON = {"content-type": "application/json"}

AT_ONCE = 200
"""So many items of a list the API tells at once, at most."""


class Told(NamedTuple):
    """An answer of the API; the names of its headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Followed(NamedTuple):
    """An answer of the API that has no end yet, part by part as they come."""

    status: int
    headers: Mapping[str, str]
    parts: AsyncIterator[bytes]


Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
"""Gives what a browser sends beyond its request, as ASGI has it: that it hung up."""


class Call(Protocol):
    """Asks the API: `path` has its query in it; who hangs up meanwhile, as `receive` tells, is not waited for."""

    async def __call__(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", receive: Receive | None = None
    ) -> Told: ...


class Wire(Call, Protocol):
    """Asks the API, and follows what it has no end of."""

    def follow(self, path: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Followed]:
        """Give an answer as it comes; who leaves the block hangs up."""
        ...

    async def carry(self, path: str, headers: Mapping[str, str], parts: AsyncIterator[bytes]) -> Told:
        """Send a body as it comes, and return the answer; raises what `parts` raises."""
        ...


class RefusedError(Exception):
    """What the API answered instead, in its own words (RFC 9457)."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.status)
        self.status = told.status
        try:
            problem = from_json(told.body)
        except ValueError:
            problem = None
        self.problem: dict[str, Any] = problem if isinstance(problem, dict) else {}
        self.retry_after = told.headers.get("retry-after")

    @property
    def code(self) -> str:
        """The stable code of what went wrong."""
        return str(self.problem.get("code", ""))

    @property
    def title(self) -> str:
        """What went wrong, in a few words."""
        return str(self.problem.get("title", self.status))

    @property
    def detail(self) -> str:
        """What went wrong and what to do, in a sentence or two."""
        return str(self.problem.get("detail", ""))

    def at(self, field: str) -> str | None:
        """Return what is wrong with a field of what was sent, or with a part of it."""
        pointer = f"/{field}"
        told = (
            str(error.get("message", ""))
            for error in self.problem.get("errors") or ()
            if error.get("pointer") == pointer or str(error.get("pointer", "")).startswith(f"{pointer}/")
        )
        return next(told, None)


class Api:
    """The API as one user asks it; what they did last is seen by all they ask afterwards (`position`).

    `shown` is how far in the log all that was answered is true, at least.
    """

    def __init__(
        self, call: Call, token: str, language: str, position: int = 0, receive: Receive | None = None
    ) -> None:
        self._call = partial(call, receive=receive)
        self._headers = {"authorization": f"Bearer {token}", "accept-language": language}
        self._position = position
        self.shown: int | None = None

    async def get(self, path: str, /, **query: Any) -> Any:
        """Return what a question is answered; of the query what is None or empty is left out. Raises RefusedError."""
        return self._read(await self._call("GET", self._address(path, query), self._headers))

    async def file(self, path: str, body: Mapping[str, Any] | None = None, /, **query: Any) -> Told:
        """Return what a question is answered, as it came; one with a body is asked by POST. Raises RefusedError."""
        method, headers = ("GET", self._headers) if body is None else ("POST", self._headers | JSON)
        sent = b"" if body is None else to_json(body)
        told = await self._call(method, self._address(path, query), headers, sent)
        if told.status != 200:
            raise RefusedError(told)
        return told

    async def search(self, path: str, /, body: Mapping[str, Any], **query: Any) -> Any:
        """Return what is answered to a question that says in its body what is looked for. Raises RefusedError."""
        headers = self._headers | JSON
        return self._read(await self._call("POST", self._address(path, query), headers, to_json(body)))

    async def do(self, path: str, /, body: Mapping[str, Any]) -> Any:
        """Ask for something to be done that is no command, and return what is answered. Raises RefusedError."""
        return self._read(await self._call("POST", quote(path), self._headers | JSON, to_json(body)))

    async def command(
        self, name: str, fields: Mapping[str, Any], key: str, version: str | None = None
    ) -> Mapping[str, Any]:
        """Carry out a command and return its receipt; a second time with the same key changes nothing.

        It is refused when its stream is not of this `version` any more, if one is given. Raises RefusedError.
        """
        headers = self._headers | JSON | {"idempotency-key": key}
        if version:
            headers["if-match"] = f'"{version}"'
        receipt: Mapping[str, Any] = self._read(
            await self._call("POST", f"/commands/{quote(name)}", headers, to_json(fields))
        )
        return receipt

    async def operate(self, name: str, fields: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Ask for an operation and return its job; with the same key it is the same job. Raises RefusedError."""
        headers = {**self._headers, "content-type": "application/json", "idempotency-key": key}
        job: Mapping[str, Any] = self._read(
            await self._call("POST", f"/operations/{quote(name)}", headers, to_json(fields))
        )
        return job

    def _address(self, path: str, query: Mapping[str, Any]) -> str:
        given = {name.rstrip("_"): value for name, value in query.items() if value not in (None, "", [])}
        if self._position:
            given.setdefault("min_position", self._position)
        return f"{quote(path)}?{urlencode(given, doseq=True)}" if given else quote(path)

    def _read(self, told: Told) -> Any:
        if told.status not in {200, 202}:
            raise RefusedError(told)
        if position := told.headers.get("letopis-position"):
            self.shown = int(position) if self.shown is None else min(self.shown, int(position))
        return from_json(told.body)
