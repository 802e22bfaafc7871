"""Who is on record, asked of a real log: how a key is found, and how many statements it costs whatever is tried."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from app.auth.api_keys import STRANGERS_PER_SECOND, ApiKeys, key_of, new_secret
from app.auth.errors import KeyEndedError, KeyUnknownError, TooManyKeysError
from app.composition import signing_in
from app.composition.signing_in import api_keys_at
from app.composition.wiring import batch_runner
from app.settings import Settings
from commands.api_key import IssueApiKey, RevokeApiKey, RotateApiKey
from commands.base import Actor, Command
from commands.client import RegisterClient
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from infra.log.eventlog import read_streams
from infra.log.ids import new_id
from infra.postgres.connection import OwnConnection
from tests.database import MASTER, Database
from tests.examples import ROMASHKA, command

ADMIN = Actor("admin", "admin")


class Company:
    """A log that is told commands, how many statements were put to it to find a key, and which keys were of use."""

    def __init__(self, database: Database) -> None:
        self.url = database.writer_url
        self._borrow = OwnConnection(self.url)
        self._runner = batch_runner(MASTER, self._borrow)
        self.statements = 0
        self.used: list[UUID] = []

    def told(self, one: Command) -> None:
        (answer,) = self._runner.run([Request.of(one, ADMIN, MASTER.keyed_hash)])
        assert isinstance(answer, Accepted), answer

    def issued(self) -> tuple[UUID, str]:
        key_id, (secret, digest) = new_id(), new_secret()
        self.told(command(IssueApiKey, api_key_id=key_id, secret_sha256=digest))
        return key_id, secret

    def tried(self, *texts: str) -> list[str]:
        """Return who each key lets in, tried one after the other in one process, or why not."""

        async def go() -> list[str]:
            keys = api_keys_at(self.url, MASTER, Settings(_env_file=None), self.used.append)
            told = []
            for text in texts:
                try:
                    told.append((await keys.holder(text)).id)
                except (KeyUnknownError, KeyEndedError, TooManyKeysError) as refusal:
                    told.append(refusal.code)
            return told

        return asyncio.run(go())

    def close(self) -> None:
        self._borrow.close()


@pytest.fixture
def company(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    company = Company(database)

    def counted(*given: Any) -> Any:
        company.statements += 1
        return read_streams(*given)

    monkeypatch.setattr(signing_in, "read_streams", counted)
    yield company
    company.close()


def test_a_key_is_what_its_stream_says(company: Company) -> None:
    key_id, secret = company.issued()
    old = key_of(key_id, secret)
    assert company.tried(old) == [f"key:{key_id}"]

    next_secret, digest = new_secret()
    company.told(RotateApiKey(api_key_id=key_id, secret_sha256=digest))
    assert company.tried(old, key_of(key_id, next_secret)) == [f"key:{key_id}"] * 2

    third, digest = new_secret()
    company.told(RotateApiKey(api_key_id=key_id, secret_sha256=digest, old_good_for_hours=0))
    keys = [old, *(key_of(key_id, each) for each in (next_secret, third))]
    assert company.tried(*keys) == ["api-key-ended", "api-key-ended", f"key:{key_id}"]

    company.told(RevokeApiKey(api_key_id=key_id, reason="it was in a screenshot"))
    assert company.tried(*keys, key_of(key_id, new_secret()[0])) == ["api-key-ended"] * 3 + ["api-key-unknown"]


def test_what_is_no_key_costs_no_more_than_a_key(company: Company) -> None:
    key_id, secret = company.issued()
    company.told(command(RegisterClient))
    cost = {}
    for name, text in (("key", key_of(key_id, secret)), ("nothing", key_of(new_id(), secret)),
                       ("another stream", key_of(ROMASHKA, secret))):  # fmt: skip
        company.statements = 0
        company.tried(text)
        cost[name] = company.statements
    assert cost == {"key": 2, "nothing": 1, "another stream": 1}


def test_brute_force_is_bounded_and_keeps_nobody_out_who_is_known(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "ApiKeys", partial(ApiKeys, clock=lambda: 0.0))
    key_id, secret = company.issued()
    good = key_of(key_id, secret)
    crowd = [key_of(new_id(), new_secret()[0]) for _ in range(1_000)]
    crowd += [key_of(key_id, new_secret()[0]) for _ in range(1_000)]

    told = company.tried(good, *crowd, good)

    assert (told[0], told[-1]) == (f"key:{key_id}",) * 2
    # It was a stranger itself the first time.
    left = STRANGERS_PER_SECOND - 1
    assert told[1:-1] == ["api-key-unknown"] * left + ["too-many-api-keys"] * (len(crowd) - left)
    assert company.statements == 2 + left


def test_a_key_was_used_where_it_let_somebody_in(company: Company) -> None:
    key_id, secret = company.issued()
    other, _ = company.issued()
    company.tried(key_of(key_id, secret), key_of(other, new_secret()[0]))
    assert company.used == [key_id]
