"""Identity providers for tests, two that others wrote, and how somebody who signed in there asks a service."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
from oidc_provider_mock import run_server_in_thread  # type: ignore[import-untyped]
from pytest_iam import Server

from tests.system.service import Service

AUDIENCE, BACK = "letopis", "http://letopis.example/back"
PATIENCE = 20.0


class Provider(NamedTuple):
    """An identity provider that runs: its address, and what signs somebody in there and gives their token."""

    issuer: str
    signs_in: Callable[[str], str]


def _token_for(about: dict[str, Any], back: str) -> str:
    """Take what the provider sends the browser back with to where it is changed for a token."""
    [code] = parse_qs(urlsplit(back).query)["code"]
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    token: str = httpx.post(about["token_endpoint"], data=sent, auth=(AUDIENCE, "secret")).json()["id_token"]
    return token


def _about(issuer: str) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
    return told


ASKED = {"response_type": "code", "client_id": AUDIENCE, "scope": "openid", "redirect_uri": BACK, "nonce": "once"}


@contextmanager
def mock() -> Iterator[Provider]:
    with run_server_in_thread() as server:
        about = _about(f"http://localhost:{server.server_port}")

        def signs_in(subject: str) -> str:
            answer = httpx.post(about["authorization_endpoint"], params=ASKED, data={"sub": subject})
            return _token_for(about, answer.headers["location"])

        yield Provider(about["issuer"], signs_in)


def canaille(server: Server) -> Provider:
    about = _about(server.url.rstrip("/"))
    with server.app.app_context():
        client = server.models.Client(
            client_id=AUDIENCE,
            client_secret="secret",
            client_name="Letopis",
            client_uri="http://letopis.example",
            redirect_uris=[BACK],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid"],
            token_endpoint_auth_method="client_secret_basic",
            id_token_signed_response_alg="RS256",
        )
        server.backend.save(client)
        client.audience = [client]
        server.backend.save(client)

    def signs_in(subject: str) -> str:
        with server.app.app_context():
            user = server.backend.get(server.models.User, user_name=subject)
        user = user or server.random_user(user_name=subject)
        server.login(user)
        server.consent(user)
        answer = server.test_client.get("/oauth/authorize", query_string=ASKED)
        server.logout()
        return _token_for(about, answer.location)

    return Provider(about["issuer"], signs_in)


def asks(running: Service, path: str, token: str) -> httpx.Response:
    return httpx.get(running.address + path, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def becomes(running: Service, path: str, token: str, status: int) -> httpx.Response:
    """Ask until the answer has this status: views have to be built, and who somebody is is known for a second."""
    end = time.monotonic() + PATIENCE
    while (answer := asks(running, path, token)).status_code != status and time.monotonic() < end:
        time.sleep(0.05)
    assert answer.status_code == status, answer.text
    return answer
