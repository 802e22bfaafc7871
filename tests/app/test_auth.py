"""Who is asking: which tokens let somebody in, and which do not."""

import asyncio
import base64
import hmac
import json
import stat
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.auth import tokens
from app.auth.errors import CallerError, LoginUnknownError, TokenExpiredError, TokenInvalidError, TokenMissingError
from app.auth.issuing import ReservedNameError, issue_token
from app.auth.keys import (
    KEY_FILE,
    FixedKeys,
    TokenKeyError,
    VerifyingKey,
    development_key,
    read_keys,
    takes_development_key,
)
from app.auth.people import Bearer, People, Told
from app.auth.tokens import LEEWAY_SECONDS, Authenticator, authenticator
from app.settings import Settings
from commands.base import Actor
from tests.strangers import STRANGERS

ANN = "0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e"
HOUR = timedelta(hours=1)
OWN_DATABASE = "postgresql://owner:hidden@db.example/letopis"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path / "var", _env_file=None)


def let_in(door: Authenticator, *headers: str | None) -> Actor:
    return asyncio.run(door.authenticate([header for header in headers if header is not None]))


def signed(settings: Settings, key: Any = None, algorithm: str = "EdDSA", **changes: Any) -> str:
    claims = {
        "sub": ANN,
        "role": "seller",
        "program": True,
        "exp": datetime.now(UTC) + HOUR,
        "iss": "letopis",
        "aud": "letopis",
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return "Bearer " + jwt.encode(kept, key or development_key(settings.var), algorithm=algorithm)


def test_an_issued_token_names_its_actor_and_role(settings: Settings) -> None:
    token = issue_token(settings, ANN, "seller", HOUR)
    assert let_in(authenticator(settings, STRANGERS), f"Bearer {token}") == Actor(ANN, "seller")


def test_a_token_that_says_no_program_says_no_role_either(settings: Settings) -> None:
    """What somebody may do is what the log knows of them, whatever their token claims beside."""

    async def anna_is_an_operator(bearer: Bearer) -> Told:
        assert bearer == Bearer(UUID(ANN), is_login=False)
        return Actor(ANN, "operator", is_on_record=True)

    door = authenticator(settings, People(anna_is_an_operator))
    for claims in (
        {"program": None},
        {"program": False},
        {"program": "yes"},
        {"program": 1},
        {"program": None, "role": None},
    ):
        assert let_in(door, signed(settings, **claims)).role == "operator"
    assert let_in(door, f"Bearer {issue_token(settings, ANN, None, HOUR)}").role == "operator"
    with pytest.raises(LoginUnknownError):
        let_in(authenticator(settings, STRANGERS), signed(settings, program=None, role="admin"))
    with pytest.raises(TokenInvalidError):
        let_in(door, signed(settings, program=None, sub="erp"))


@pytest.mark.parametrize("name", ["policy:x", "timer:x", "system:x", "import:x", "key:x"])
def test_no_token_is_issued_that_lets_nobody_in(settings: Settings, name: str) -> None:
    with pytest.raises(ReservedNameError, match=name):
        issue_token(settings, name, "admin", HOUR)


def test_a_checked_token_is_remembered_for_the_log(settings: Settings) -> None:
    door = authenticator(settings, STRANGERS)
    header = signed(settings)
    assert door.remembered(header) is None
    let_in(door, header)
    assert door.remembered(header) == ANN


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer  ", "Basic YTpi"])
def test_without_a_bearer_token_nobody_gets_in(settings: Settings, header: str | None) -> None:
    with pytest.raises(TokenMissingError):
        let_in(authenticator(settings, STRANGERS), header)


def test_of_two_headers_neither_is_believed(settings: Settings) -> None:
    good = signed(settings)
    with pytest.raises(TokenInvalidError):
        let_in(authenticator(settings, STRANGERS), good, good)


def test_clocks_may_differ_a_little(settings: Settings) -> None:
    door = authenticator(settings, STRANGERS)
    soon, just_now = datetime.now(UTC) + timedelta(seconds=20), datetime.now(UTC) - timedelta(seconds=20)
    moments: list[tuple[str, Any]] = [("nbf", soon), ("iat", soon), ("exp", just_now)]
    for claim, moment in moments:
        assert let_in(door, signed(settings, **{claim: moment})) == Actor(ANN, "seller")


def test_an_expired_token_is_told_apart(settings: Settings) -> None:
    with pytest.raises(TokenExpiredError):
        let_in(
            authenticator(settings, STRANGERS),
            signed(settings, exp=datetime.now(UTC) - timedelta(seconds=LEEWAY_SECONDS + 1)),
        )


def test_a_remembered_token_expires_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    door = authenticator(settings, STRANGERS)
    header = signed(settings)
    let_in(door, header)
    later = datetime.now(UTC).timestamp() + 3601 + LEEWAY_SECONDS
    monkeypatch.setattr("time.time", lambda: later)
    with pytest.raises(TokenExpiredError):
        let_in(door, header)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody-else"},
        {"aud": "another-system"},
        {"iss": None},
        {"aud": None},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "two\nlines"},
        {"role": None},
        {"role": "emperor"},
        {"role": ["admin"]},
        {"sub": "policy:hand-over"},
        {"sub": "system:init"},
        {"sub": "key:01900000-0000-7000-8000-000000000071"},
        {"nbf": datetime.now(UTC) + HOUR},
        {"iat": datetime.now(UTC) + HOUR},
    ],
)
def test_a_token_with_wrong_claims_is_invalid(settings: Settings, changes: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalidError):
        let_in(authenticator(settings, STRANGERS), signed(settings, **changes))


def test_a_forged_token_is_invalid(settings: Settings) -> None:
    with pytest.raises(TokenInvalidError):
        let_in(authenticator(settings, STRANGERS), signed(settings, key=Ed25519PrivateKey.generate()))


def test_a_token_signed_with_the_public_key_as_a_secret_is_invalid(settings: Settings) -> None:
    public = development_key(settings.var).public_key()
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    with pytest.raises(TokenInvalidError):
        let_in(authenticator(settings, STRANGERS), signed(settings, key=raw, algorithm="HS256"))


def test_an_unsigned_token_is_invalid(settings: Settings) -> None:
    header = "Bearer " + jwt.encode({"sub": ANN, "role": "admin"}, "", algorithm="none")
    with pytest.raises(TokenInvalidError):
        let_in(authenticator(settings, STRANGERS), header)


@pytest.mark.parametrize("token", ["x", "a.b.c", "й.й.й", "." * 5000])
def test_what_is_no_token_is_invalid(settings: Settings, token: str) -> None:
    with pytest.raises(TokenInvalidError):
        let_in(authenticator(settings, STRANGERS), f"Bearer {token}")


def test_the_development_key_is_made_once_and_private(settings: Settings) -> None:
    first = development_key(settings.var).private_bytes_raw()
    assert development_key(settings.var).private_bytes_raw() == first
    assert stat.S_IMODE((settings.var / KEY_FILE).stat().st_mode) == 0o600
    assert [file.name for file in settings.var.iterdir()] == [KEY_FILE]


NOBODY_SIGNS = "Nobody is configured who signs tokens"


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({}, None),
        ({"host": "::1"}, None),
        ({"host": "localhost", "dev_tokens": True}, None),
        ({"host": "0.0.0.0", "dev_tokens": True}, None),  # noqa: S104 - what is asked here
        ({"database_url": OWN_DATABASE, "dev_tokens": True}, None),
        ({"host": "0.0.0.0"}, "LETOPIS_HOST is 0.0.0.0"),  # noqa: S104
        ({"host": "crm.example"}, "LETOPIS_HOST is crm.example"),
        ({"database_url": OWN_DATABASE}, "one of your own"),
        ({"dev_tokens": False}, "LETOPIS_DEV_TOKENS says so"),
    ],
)
def test_the_development_key_is_taken_where_it_is_a_developer_s_or_was_asked_for(
    tmp_path: Path, given: dict[str, Any], refused: str | None
) -> None:
    settings = Settings(var=tmp_path / "var", _env_file=None, **given)
    if refused is None:
        token = issue_token(settings, ANN, "seller", HOUR)
        assert let_in(authenticator(settings, STRANGERS), f"Bearer {token}") == Actor(ANN, "seller")
        return
    for asks in (partial(issue_token, settings, ANN, "seller", HOUR), partial(authenticator, settings, STRANGERS)):
        with pytest.raises(TokenKeyError, match=f"{NOBODY_SIGNS}.*{refused}.*LETOPIS_DEV_TOKENS=1") as told:
            asks()
        assert "hidden" not in str(told.value)
    assert not settings.var.exists()


@pytest.mark.parametrize(
    "other", [{"jwt_secret": "x" * 32}, {"jwt_public_keys": "keys.pem"}, {"oidc_issuer": "https://a.example"}]
)
def test_development_tokens_beside_another_key_are_a_contradiction(other: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="others sign the tokens"):
        Settings(_env_file=None, dev_tokens=True, **other)
    assert not takes_development_key(Settings(_env_file=None, dev_tokens=False, **other))


def test_a_configured_secret_replaces_the_development_key(settings: Settings) -> None:
    secret = "a shared secret of thirty-two bytes or more"
    other = settings.model_copy(update={"jwt_secret": type(settings).model_validate({"jwt_secret": secret}).jwt_secret})
    token = issue_token(other, ANN, "head", HOUR)
    assert let_in(authenticator(other, STRANGERS), f"Bearer {token}") == Actor(ANN, "head")
    with pytest.raises(TokenInvalidError):
        let_in(authenticator(other, STRANGERS), signed(settings))


def test_configured_public_keys_check_tokens_but_make_none(settings: Settings, tmp_path: Path) -> None:
    private: list[Any] = [
        Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
    ]
    pem = [
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        for key in private
    ]
    file = tmp_path / "keys.pem"
    file.write_bytes(b"".join(pem))
    other = settings.model_copy(update={"jwt_public_keys": file})
    door = authenticator(other, STRANGERS)
    for key, algorithm in zip(private, ("EdDSA", "RS256", "ES256"), strict=True):
        assert let_in(door, signed(other, key=key, algorithm=algorithm)).role == "seller"
    with pytest.raises(TokenKeyError, match="private key"):
        issue_token(other, ANN, "seller", HOUR)


def test_keys_are_read_from_a_jwks_document_by_their_names() -> None:
    keys = [Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()]
    jwks = [
        {**json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key())), "kid": name, "alg": "EdDSA", "use": "sig"}
        for key, name in zip(keys, ("old", "new"), strict=True)
    ]
    door = Authenticator(
        FixedKeys(read_keys(json.dumps({"keys": jwks}).encode())), STRANGERS, issuer=None, audience=None
    )
    claims = {"sub": "billing", "role": "integration", "program": True, "exp": datetime.now(UTC) + HOUR}
    token = jwt.encode(claims, keys[1], algorithm="EdDSA", headers={"kid": "new"})
    assert let_in(door, f"Bearer {token}") == Actor("billing", "integration")
    misnamed = jwt.encode(claims, keys[1], algorithm="EdDSA", headers={"kid": "old"})
    with pytest.raises(TokenInvalidError):
        let_in(door, f"Bearer {misnamed}")


def test_a_file_without_keys_is_refused_at_the_start() -> None:
    with pytest.raises(TokenKeyError, match="no public key"):
        read_keys(b"nothing here")


def test_only_the_latest_tokens_are_remembered(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_TOKENS", 2)
    secret = "a shared secret of thirty-two bytes or more"
    door = Authenticator(FixedKeys([VerifyingKey("HS256", secret)]), STRANGERS, issuer=None, audience=None)
    headers = [signed(settings, secret, "HS256", iss=None, aud=None, sub=f"caller-{number}") for number in range(3)]
    for header in headers:
        let_in(door, header)
    assert [door.remembered(header) for header in headers] == [None, "caller-1", "caller-2"]


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
SECRET = "a secret that only this test knows, of 32 bytes"
HS256 = Authenticator(FixedKeys([VerifyingKey("HS256", SECRET)]), STRANGERS, issuer="letopis", audience="letopis")


def is_answered(header: str) -> None:
    """Say that somebody is let in, or is told why not; anything else is a fault of ours."""
    with suppress(CallerError):
        assert let_in(HS256, header).role in tokens.ROLES


@pytest.mark.parametrize("expires", [10**400, -(10**400), 1e308, True, "9" * 4000])
def test_an_end_that_is_no_moment_is_no_token(expires: Any) -> None:
    claims = {"sub": ANN, "role": "seller", "program": True, "iss": "letopis", "aud": "letopis", "exp": expires}
    is_answered("Bearer " + jwt.encode(claims, SECRET, algorithm="HS256"))


@given(st.dictionaries(st.sampled_from(["sub", "role", "program", "exp", "iat", "nbf", "aud", "iss", "jti"]), ODD))
def test_whatever_is_signed_is_somebody_or_nobody(odd: dict[str, Any]) -> None:
    known = {"sub": ANN, "role": "seller", "program": True, "exp": 2**40, "iss": "letopis", "aud": "letopis"}
    text = base64.urlsafe_b64encode(json.dumps({**known, **odd}).encode()).rstrip(b"=")
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
    proof = hmac.digest(SECRET.encode(), head + b"." + text, "sha256")
    is_answered("Bearer " + b".".join([head, text, base64.urlsafe_b64encode(proof).rstrip(b"=")]).decode())


@given(st.binary(max_size=100))
@example(b'{"alg":' + b"[" * 60_000)
@example(b'{"alg":"HS256","kid":' + b"9" * 5_000 + b"}")
@example(b"[]")
@example(b"\xff")
def test_any_bytes_may_stand_where_a_token_says_how_it_is_signed(head: bytes) -> None:
    is_answered("Bearer " + base64.urlsafe_b64encode(head).rstrip(b"=").decode() + ".e30.x")
    is_answered(f"Bearer {head.decode('latin-1')}")
