"""Secrets are planted wherever the service takes one, and looked for in all that it ever says."""

import os
import socket
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from psycopg import sql

from infra.log.crypto import MasterKey
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import administer
from tests.system.service import Service, environment, letopis, service, token, wait_ready

MASTER = "5eC2e7" + "ab" * 29
JWT = "planted-jwt-secret-of-32-bytes-and-more"
# What a URL has to write otherwise, and people forget to.
PASSWORD = "planted@pass/wo%rd"
BEARER = "planted-token.of-somebody.else"
API_KEY = f"lk_{0:032x}_{'planted-secret-of-a-key':x<43}"
PIECES = ("planted", "pass/wo", "wo%rd", "wo%25rd")


@dataclass(frozen=True)
class Planted:
    """A database of an owner's whose password is one of the secrets."""

    url: str
    name: str

    @property
    def settings(self) -> dict[str, str]:
        return {
            "LETOPIS_DATABASE_URL": self.url,
            "LETOPIS_MASTER_KEY": MASTER,
            "LETOPIS_JWT_SECRET": JWT,
            "LETOPIS_ROLE_PREFIX": self.name,
        }

    def secrets(self) -> list[str]:
        """Return everything that nobody may read anywhere, in every form it may have."""
        master = MasterKey(bytes.fromhex(MASTER))
        roles = [master.password_for(f"{self.name}_{role}") for role in ("writer", "projector", "reader")]
        given = [*PIECES, MASTER, MASTER.lower(), BEARER, API_KEY, *roles]
        # What serves as a token would serve whoever reads it.
        return [*given, *(b64encode(each.encode()).decode().rstrip("=")[:-1] for each in given), "eyJ"]


@pytest.fixture
def planted(cluster: EmbeddedPostgres) -> Iterator[Planted]:
    name = f"secretive_{os.urandom(6).hex()}"
    owner = sql.Identifier(name)
    administer(cluster, sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}").format(owner, sql.Literal(PASSWORD)))
    administer(cluster, sql.SQL("CREATE DATABASE {} OWNER {}").format(owner, owner))
    try:
        yield Planted(cluster.url(name, name, PASSWORD), name)
    finally:
        administer(cluster, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(owner))
        for role in (*(f"{name}_{ending}" for ending in ("writer", "projector", "reader")), name):
            administer(cluster, sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def typed(folder: Path, planted: Planted, *words: str, **changed: str) -> str:
    """Return all that a command says."""
    environ = {**environment(folder / "service", None), **planted.settings, **changed}
    done = subprocess.run(letopis(*words), env=environ, cwd=folder, capture_output=True, timeout=120, check=False)
    return (done.stdout + done.stderr).decode()


def asked(running: Service) -> str:
    """Return all that the service answers to good, bad and hostile requests."""
    admin = token("admin", "admin")
    client = {"kind": "person", "name": "Anna", "contact_points": [{"kind": "email", "value": "a@example.org"}]}
    told = []
    paths = ["/ready", "/metrics", "/health", "/projections", "/openapi.json", "/nowhere", "/me"]
    paths += [f"/clients?token={BEARER}", f"/me?api_key={API_KEY}"]
    brought = (f"Bearer {BEARER}", f"Basic {BEARER}", f"Bearer {API_KEY}", f"Bearer {API_KEY}x")
    for headers in (admin, {}, *({"Authorization": each} for each in brought)):
        told += [httpx.get(running.address + path, headers=headers) for path in paths]
        told += [running.post("register-client", body, headers) for body in (client, {**client, "token": BEARER})]
    told.append(httpx.get(f"{running.address}/my-changes", params={"ticket": BEARER}))
    return "".join(f"{answer.status_code} {answer.headers} {answer.text}\n" for answer in told)


def leaked(text: str, planted: Planted) -> set[str]:
    assert text
    return {secret for secret in planted.secrets() if secret in text}


def test_no_secret_is_in_anything_the_service_says(cluster: EmbeddedPostgres, planted: Planted, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as environ:
        for name, value in planted.settings.items():
            environ.setenv(name, value)
        # `service` sets the tests' own.
        environ.setattr("tests.system.service.SECRET", JWT)
        with service(tmp_path, "service", "--workers", "2") as running:
            wait_ready(running)
            answers = asked(running)
            beside = [typed(tmp_path, planted, *words) for words in (("doctor",), ("doctor", "--json"), ("status",))]
            lost = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"
            administer(cluster, sql.SQL(lost).format(sql.Literal(planted.name)))
            answers += asked(running)
            assert running.stop() == 0
    assert "200 " in answers
    log = running.log.read_text()
    assert '"route":"/commands/{name}"' in log
    for text in (log, answers, *beside):
        assert leaked(text, planted) == set()


def broken(planted: Planted) -> dict[str, str]:
    """Return URLs with which nothing starts, by what is wrong with them."""
    at = urlsplit(planted.url)
    place = at.netloc.rpartition("@")[2]
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    written = quote(PASSWORD, safe="")
    return {
        "another password": f"postgresql://{planted.name}:{written}x@{place}/{planted.name}",
        "nobody there": f"postgresql://{planted.name}:{written}@127.0.0.1:{closed}/{planted.name}",
        "no such database": f"postgresql://{planted.name}:{written}@{place}/nowhere",
        "as it is": f"postgresql://{planted.name}:{PASSWORD}@{place}/{planted.name}",
        "a slash": f"postgresql://{planted.name}:planted/pass@{place}/{planted.name}",
        "an at": f"postgresql://{planted.name}:planted@pass@{place}/{planted.name}",
        "a per cent": f"postgresql://{planted.name}:planted%rd@{place}/{planted.name}",
        "another scheme": f"mysql://{planted.name}:{written}@{place}/{planted.name}",
        "a parameter": f"postgresql://{planted.name}@{place}/{planted.name}?pasword={written}",
    }


WRONG = ("another password", "nobody there", "no such database", "as it is", "a slash", "an at", "a per cent",
         "another scheme", "a parameter")  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_no_secret_is_told_where_the_database_cannot_be_reached(planted: Planted, tmp_path: Path, what: str) -> None:
    urls = broken(planted)
    assert set(urls) == set(WRONG)
    for words in (("serve", "--port", "0"), ("doctor", "--json"), ("projections", "status")):
        told = typed(tmp_path, planted, *words, LETOPIS_DATABASE_URL=urls[what])
        assert "Traceback" not in told
        assert "LETOPIS_DATABASE_URL" in told
        assert leaked(told, planted) == set(), f"{what}: {words}"


@pytest.mark.parametrize(
    ("setting", "value"), [("LETOPIS_MASTER_KEY", "planted-key"), ("LETOPIS_JWT_SECRET", "planted")]
)
def test_a_secret_that_is_no_good_is_not_repeated(planted: Planted, tmp_path: Path, setting: str, value: str) -> None:
    told = typed(tmp_path, planted, "doctor", **{setting: value})
    assert setting in told
    assert leaked(told, planted) == set()
