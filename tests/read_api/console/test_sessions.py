"""A session keeps its token good: it is renewed before it ends, by one of those who ask at once."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.requests import Request
from starlette.responses import Response

from read_api.console.door import own_address
from read_api.console.sessions import Sessions, is_same_origin
from read_api.console.signing import SignedIn, SigningFailedError


class Shelf:
    """Keeps things in memory."""

    def __init__(self) -> None:
        self.things: dict[tuple[str, str], bytes] = {}

    async def keep(self, kind: str, secret: str, content: bytes, seconds: float) -> None:
        assert seconds > 0
        self.things[kind, secret] = content

    async def read(self, kind: str, secret: str) -> bytes | None:
        await asyncio.sleep(0)
        return self.things.get((kind, secret))

    async def take(self, kind: str, secret: str) -> bytes | None:
        await asyncio.sleep(0)
        return self.things.pop((kind, secret), None)


class Provider:
    """Gives another token each time, unless it is away."""

    name = "https://login.example.org"

    def __init__(self, answers: Sequence[SignedIn | None]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def address(self, back: str, state: str, nonce: str, challenge: str) -> str:
        raise NotImplementedError

    async def signed_in(self, back: str, code: str, verifier: str, nonce: str) -> SignedIn:
        raise NotImplementedError

    async def renewed(self, refresh: str) -> SignedIn:
        self.asked.append(refresh)
        await asyncio.sleep(0.01)
        answer = self.answers.pop(0)
        if answer is None:
            raise SigningFailedError
        return answer


def request(cookie: str = "", **headers: str) -> Request:
    given = {
        "host": "127.0.0.1:8000",
        "cookie": cookie,
        **{name.replace("_", "-"): told for name, told in headers.items()},
    }
    return Request({
        "type": "http", "method": "POST", "scheme": "http", "path": "/console/my-day", "query_string": b"",
        "server": ("127.0.0.1", 8000),
        "headers": [(name.encode(), told.encode()) for name, told in given.items() if told],
    })  # fmt: skip


async def begun(sessions: Sessions, told: SignedIn) -> Request:
    """Begin a session, and return a request that has its cookie."""
    response = Response()
    await sessions.begin(request(), response, told.tokens[1], told)
    return request(response.headers["set-cookie"].partition(";")[0])


FIRST = SignedIn(["access 1", "id 1"], "refresh 1", 10)
SECOND = SignedIn(["access 2", "id 2"], "refresh 2", 600)


def test_a_token_that_ends_soon_is_renewed_once_for_all_who_ask() -> None:
    async def go() -> None:
        provider = Provider([SECOND])
        sessions = Sessions(Shelf(), provider)
        come = await begun(sessions, FIRST)
        found = await asyncio.gather(*(sessions.of(come) for _ in range(5)))
        # The API takes the second of the provider's tokens: so it was found out at the beginning.
        assert [one and one.token for one in found] == ["id 2"] * 5
        assert provider.asked == ["refresh 1"]
        assert (await sessions.of(come)) == found[0]

    asyncio.run(go())


def test_a_provider_that_is_away_is_asked_again_with_the_next_page() -> None:
    async def go() -> None:
        provider = Provider([None, SECOND])
        sessions = Sessions(Shelf(), provider)
        come = await begun(sessions, FIRST)
        first, session = await sessions.of(come), await sessions.of(come)
        assert first is not None
        assert session is not None
        assert (first.token, session.token) == ("id 1", "id 2")
        await sessions.end(session)
        assert await sessions.of(come) is None

    asyncio.run(go())


def test_a_token_that_nobody_renews_stays_as_it_is() -> None:
    async def go() -> None:
        sessions = Sessions(Shelf(), Provider([]))
        session = await sessions.of(await begun(sessions, FIRST._replace(refresh=None)))
        assert session is not None
        assert session.token == "id 1"

    asyncio.run(go())


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "same-site", "origin": "http://127.0.0.1:8000"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"origin": "http://127.0.0.1:8000"}, True),
        ({"origin": "http://127.0.0.1:9000"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_where_a_form_comes_from_is_what_the_browser_says(headers: dict[str, str], is_ours: bool) -> None:
    assert is_same_origin(request(**headers)) is is_ours


@pytest.mark.parametrize(
    "given",
    ["https://evil.example", "//evil.example", "/console//evil.example", "/console\\evil", "/docs", "", "/consolex/"],
)
def test_one_is_sent_to_no_other_site(given: str) -> None:
    assert own_address(given) == "/console"
    assert own_address("/console/clients?q=a") == "/console/clients?q=a"
