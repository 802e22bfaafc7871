"""Signing in with an identity provider: its keys, how often it is asked for them, and what happens without it."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.auth.errors import ProviderUnreachableError, TokenInvalidError
from app.auth.keys import VerifyingKey
from app.auth.provider import FRESH_SECONDS, PAUSE_SECONDS, Provider, ProviderError, ProviderKeys
from app.auth.tokens import Authenticator
from commands.base import Actor
from tests.strangers import STRANGERS

ISSUER = "https://login.example.org"
OLD, NEW = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def token(key: Ed25519PrivateKey, key_id: str | None, **changes: Any) -> str:
    claims = {
        "sub": "anna",
        "role": "seller",
        "program": True,
        "iss": ISSUER,
        "exp": datetime.now(UTC) + timedelta(hours=1),
        **changes,
    }
    return "Bearer " + jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": key_id} if key_id else {})


class Told:
    """A provider that says which keys it has, or nothing at all; the clock is moved by hand."""

    def __init__(self) -> None:
        self.keys = {"old": OLD}
        self.is_up = True
        self.asked = 0
        self.time = 0.0

    def __call__(self) -> list[VerifyingKey]:
        self.asked += 1
        if not self.is_up:
            raise ProviderError("it is down")
        return [VerifyingKey("EdDSA", key.public_key(), name) for name, key in self.keys.items()]

    def clock(self) -> float:
        return self.time


Story = Callable[[Told, Authenticator], Awaitable[None]]


def told(story: Story) -> Told:
    """Tell a story of a provider and our door in one event loop."""
    provider = Told()

    async def run() -> None:
        keys = ProviderKeys(provider, provider.clock)
        await story(provider, Authenticator(keys, STRANGERS, issuer=ISSUER, audience=None))

    asyncio.run(run())
    return provider


async def comes_in(door: Authenticator, header: str) -> bool:
    try:
        return await door.authenticate([header]) == Actor("anna", "seller")
    except TokenInvalidError:
        return False


async def meanwhile() -> None:
    """Let what goes on beside come to its end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others)


def test_its_keys_are_asked_for_once() -> None:
    async def story(_: Told, door: Authenticator) -> None:
        came = await asyncio.gather(*(comes_in(door, token(OLD, "old", jti=str(number))) for number in range(50)))
        assert all(came)
        assert not await comes_in(door, token(NEW, "old"))
        assert not await comes_in(door, token(OLD, "old", iss="https://other.example.org"))

    assert told(story).asked == 1


def test_a_hundred_thousand_foreign_keys_make_us_ask_once_in_half_a_minute() -> None:
    seconds, number = 100.0, 100_000

    async def story(provider: Told, door: Authenticator) -> None:
        header, _, rest = token(NEW, "other").partition(".")
        keys = door._keys
        for each in range(number):
            provider.time = seconds * each / number
            await keys.with_id(f"foreign-{each}")
        assert not await comes_in(door, f"{header}.{rest}")
        assert await comes_in(door, token(OLD, "old"))

    assert told(story).asked <= seconds // PAUSE_SECONDS + 1


def test_a_new_key_is_known_as_soon_as_it_is_used() -> None:
    async def story(provider: Told, door: Authenticator) -> None:
        assert await comes_in(door, token(OLD, "old"))
        provider.keys = {"old": OLD, "new": NEW}
        assert not await comes_in(door, token(NEW, "new"))
        provider.time += PAUSE_SECONDS
        assert await comes_in(door, token(NEW, "new"))

    assert told(story).asked == 2


def test_a_withdrawn_key_lets_nobody_in_who_was_let_in_before() -> None:
    async def story(provider: Told, door: Authenticator) -> None:
        known = token(OLD, "old")
        assert await comes_in(door, known)
        provider.keys = {"new": NEW}
        provider.time += FRESH_SECONDS
        assert await comes_in(door, known), "the keys are asked for beside the request"
        await meanwhile()
        assert not await comes_in(door, known)

    told(story)


def test_what_is_known_goes_on_while_the_provider_is_down() -> None:
    async def story(provider: Told, door: Authenticator) -> None:
        assert await comes_in(door, token(OLD, "old"))
        provider.is_up = False
        for _ in range(3):
            provider.time += FRESH_SECONDS
            assert await comes_in(door, token(OLD, "old", jti=str(provider.time)))
            await meanwhile()
        assert not await comes_in(door, token(NEW, "new"))

    assert told(story).asked == 4


def test_before_any_key_is_known_nobody_is_told_that_their_token_is_wrong() -> None:
    async def story(provider: Told, door: Authenticator) -> None:
        provider.is_up = False
        for _ in range(3):
            with pytest.raises(ProviderUnreachableError):
                await door.authenticate([token(OLD, "old")])
        provider.is_up = True
        provider.time += PAUSE_SECONDS
        assert await comes_in(door, token(OLD, "old"))

    assert told(story).asked == 2


def test_who_hangs_up_ends_no_asking_that_others_wait_for() -> None:
    async def story(_: Told, door: Authenticator) -> None:
        first = asyncio.create_task(comes_in(door, token(OLD, "old")))
        second = asyncio.create_task(comes_in(door, token(OLD, "old", jti="2")))
        await asyncio.sleep(0)
        first.cancel()
        assert await second

    assert told(story).asked == 1


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    kinds = {"RS256": rsa.RSAPrivateKey, "ES256": ec.EllipticCurvePrivateKey, "EdDSA": Ed25519PrivateKey}
    [algorithm] = [name for name, kind in kinds.items() if isinstance(key, kind)]
    public = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**public, **more}


@contextmanager
def answering(answers: dict[str, tuple[int, bytes]]) -> Iterator[str]:
    """Lend the address of a server that says what it is told to, at the paths it is told of."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(self.path, (404, b"{}"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


ABOUT = "/.well-known/openid-configuration"


def test_keys_of_every_kind_we_take_are_found_by_the_provider_s_address() -> None:
    keys = [
        jwk(OLD, kid="a", use="sig"),
        jwk(rsa.generate_private_key(65537, 2048), kid="b", alg="RS256"),
        jwk(ec.generate_private_key(ec.SECP256R1()), kid="c"),
        # Not for signing, a secret of both, and one that signs in a way we do not take.
        jwk(NEW, kid="d", use="enc"),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "e", "alg": "HS256"},
        jwk(rsa.generate_private_key(65537, 2048), kid="f", alg="RS512"),
        # As Keycloak and others have beside them.
        jwk(rsa.generate_private_key(65537, 2048), kid="g", use="enc", alg="RSA-OAEP"),
        {"kty": "PQ", "kid": "h"},
    ]
    answers: dict[str, tuple[int, bytes]] = {}
    with answering(answers) as address:
        answers[ABOUT] = 200, json.dumps({"issuer": address, "jwks_uri": f"{address}/keys"}).encode()
        answers["/keys"] = 200, json.dumps({"keys": keys}).encode()
        found = Provider(address).keys()
    assert [(key.key_id, key.algorithm) for key in found] == [("a", "EdDSA"), ("b", "RS256"), ("c", "ES256")]


def test_an_address_that_ends_with_a_slash_is_taken_as_it_is() -> None:
    answers: dict[str, tuple[int, bytes]] = {}
    with answering(answers) as address:
        answers[ABOUT] = 200, json.dumps({"issuer": f"{address}/", "jwks_uri": f"{address}/keys"}).encode()
        answers["/keys"] = 200, json.dumps({"keys": [jwk(OLD, kid="a")]}).encode()
        [key] = Provider(f"{address}/").keys()
        assert key.key_id == "a"
        with pytest.raises(ProviderError, match="to the last slash"):
            Provider(address).keys()


@pytest.mark.parametrize(
    ("about", "keys", "said"),
    [
        ((404, b""), (200, b"{}"), "answers 404"),
        ((302, b""), (200, b"{}"), "answers 302"),
        ((200, b"<html>"), (200, b"{}"), "cannot be read"),
        ((200, b"[]"), (200, b"{}"), "something else than an object"),
        ((200, b"[" * 100_000), (200, b"{}"), "cannot be read"),
        ((200, b'{"issuer": "https://other.example.org"}'), (200, b"{}"), "calls itself"),
        ((200, b'{"issuer": "HERE", "jwks_uri": "http://keys.example.org"}'), (200, b"{}"), "no https address"),
        ((200, b'{"issuer": "HERE", "jwks_uri": 7}'), (200, b"{}"), "no https address"),
        ((200, b'{"issuer": "HERE", "jwks_uri": "HERE/keys"}'), (500, b"{}"), "answers 500"),
        ((200, b'{"issuer": "HERE", "jwks_uri": "HERE/keys"}'), (200, b"{}"), "no set of keys"),
        ((200, b'{"issuer": "HERE", "jwks_uri": "HERE/keys"}'), (200, b'{"keys": [7]}'), "no set of keys"),
        ((200, b'{"issuer": "HERE", "jwks_uri": "HERE/keys"}'), (200, b'{"keys": []}'), "no set of keys"),
        (
            (200, b'{"issuer": "HERE", "jwks_uri": "HERE/keys"}'),
            (200, b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}]}'),
            "no key that we can use",
        ),
    ],
)
def test_a_provider_that_answers_otherwise_is_told_in_a_sentence(
    about: tuple[int, bytes], keys: tuple[int, bytes], said: str
) -> None:
    answers: dict[str, tuple[int, bytes]] = {}
    with answering(answers) as address:
        answers[ABOUT] = about[0], about[1].replace(b"HERE", address.encode())
        answers["/keys"] = keys
        with pytest.raises(ProviderError, match=said):
            Provider(address).keys()


def test_a_provider_that_is_not_there_is_told_in_a_sentence() -> None:
    with pytest.raises(ProviderError, match="cannot be read"):
        Provider("http://127.0.0.1:1").keys()
