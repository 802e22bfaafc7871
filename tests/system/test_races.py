"""One owner per client, one client per phone, whatever the interleaving: many callers, two processes, one winner.

`LETOPIS_PHONE_ROUNDS=500 pytest tests/system/test_races.py -k phone -s` races for 500 phones, and says what it took.
"""

import asyncio
import os
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.database import Database
from tests.system.service import Service, service, token
from tests.system.wire import Answer, Call, Wire, at_once

CALLERS = 50
ROUNDS = 200
REGISTERING = 64
PHONE_ROUNDS = int(os.environ.get("LETOPIS_PHONE_ROUNDS", "8"))
MASKS = (
    "+7922{:07d}",
    "8 (922) {:07d}",
    "8-922-{:07d}",
    "922 {:07d}",
    "+7 (922) {:07d}",
    "７９２２{:07d}",
    "+7\u00a0922\u00a0{:07d}",
    "тел. 8922{:07d}",
)
"""As different people type one number."""
ADMIN = token("admin", "admin")
OPERATOR = token("operator", "operator")


class Office:
    """Two API processes and what the tests of this module enter through them."""

    def __init__(self, first: Service, second: Service, projections: Service) -> None:
        self.addresses = (first.address, second.address)
        self.first = first
        self.projections = projections

    def hire(self, name: str, role: str = "seller", head_id: str | None = None) -> str:
        body = {"name": name, "role": role, "branch": f"Branch of {name}", "head_id": head_id}
        return str(accepted(self.first.post("hire-staff", body, ADMIN))["stream_id"])

    def register(self, number: int) -> str:
        body = {
            "kind": "organisation",
            "name": f"Client {number}",
            "contact_points": [{"kind": "email", "value": f"client{number}@example.org"}],
        }
        return str(accepted(self.first.post("register-client", body, OPERATOR))["stream_id"])


def accepted(response: httpx.Response) -> Any:
    assert response.status_code == httpx.codes.OK, response.text
    return response.json()


def owners(database: Database) -> dict[str, str | None]:
    """Return every client's owner, folded from the raw log and nothing else."""
    found: dict[str, str | None] = {}
    with psycopg.connect(database.writer_url) as connection:
        for stream, topic, owner in connection.execute(
            "SELECT stream_id::text, topic, coalesce(body->>'owner_id', body->>'to_owner_id') FROM letopis.event"
            " WHERE topic IN ('client.claimed', 'client.transferred', 'client.released') ORDER BY position"
        ):
            assert topic != "client.claimed" or found.get(stream) is None, f"{stream} was claimed while owned"
            found[stream] = owner
    return found


def refusals_and_commits(database: Database, expected: int) -> tuple[int, int]:
    """Wait until so many refusals are on record; return how many there are, and in how many commits they came."""
    found = (0, 0)
    end = time.monotonic() + 20
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        while found[0] < expected and time.monotonic() < end:
            time.sleep(0.1)
            statement = "SELECT count(*), count(DISTINCT xmin::text) FROM letopis.refusal"
            found = connection.execute(statement).fetchone() or found
    return found


@pytest.fixture
def office(tmp_path: Path, database: Database) -> Any:
    url = database.owner_url
    with (
        service(tmp_path, "first", "--role", "api", database_url=url) as first,
        service(tmp_path, "second", "--role", "api", database_url=url) as second,
        service(tmp_path, "third", "--role", "projections", database_url=url) as third,
    ):
        yield Office(first, second, third)


async def races(office: Office, rounds: list[list[Call]]) -> list[list[Answer]]:
    """Send the calls of each round at once, in turn to one process and the other; round after round."""
    wires = [Wire(office.addresses[place % 2]) for place in range(max(len(calls) for calls in rounds))]
    answers = [await at_once(wires[: len(calls)], calls) for calls in rounds]
    for wire in wires:
        wire.close()
    return answers


def owners_after(
    database: Database, rounds: list[list[Answer]], sellers: dict[str, str], clients: list[str]
) -> dict[str, str | None]:
    """Check each round: one winner, whom the log names, and all others hear the winner's name; return the owners."""
    truth = owners(database)
    for client, answers in zip(clients, rounds, strict=True):
        assert Counter(answer.status for answer in answers) == {200: 1, 409: CALLERS - 1}
        (winner,) = (seller for seller, answer in zip(sellers, answers, strict=True) if answer.status == httpx.codes.OK)
        assert winner == truth[client]
        refusals = [answer.body for answer in answers if answer.status != httpx.codes.OK]
        assert {(each["code"], each["owner_name"]) for each in refusals} == {("client-owned", sellers[winner])}
    return truth


def test_of_fifty_sellers_one_gets_the_client_and_the_others_hear_who(office: Office, database: Database) -> None:
    sellers = {office.hire(f"Seller {number}"): f"Seller {number}" for number in range(CALLERS)}
    clients = [office.register(number) for number in range(ROUNDS)]
    headers = {seller: token(seller, "seller") for seller in sellers}
    rounds: list[list[Call]] = [
        [("claim-client", {"client_id": client}, headers[seller]) for seller in sellers] for client in clients
    ]
    truth = owners_after(database, asyncio.run(races(office, rounds)), sellers, clients)
    assert len(truth) == ROUNDS
    with psycopg.connect(database.writer_url) as connection:
        claimed = connection.execute("SELECT count(*) FROM letopis.event WHERE topic = 'client.claimed'").fetchone()
    assert claimed == (ROUNDS,)
    losers = ROUNDS * (CALLERS - 1)
    refusals, commits = refusals_and_commits(database, losers)
    assert refusals == losers
    assert commits < ROUNDS, "not even one commit for the losers of each race"


def test_no_client_ends_with_an_owner_who_left_however_claim_and_departure_race(
    office: Office, database: Database
) -> None:
    head = office.hire("Head", "head")
    left, clients = set(), []
    for number in range(20):
        seller = office.hire(f"Leaver {number}", head_id=head)
        mine = [office.register(number * 10 + each) for each in range(5)]
        headers = token(seller, "seller")
        calls: list[Call] = [("claim-client", {"client_id": client}, headers) for client in mine]
        calls.insert(number % (len(calls) + 1), ("depart-staff", {"staff_id": seller}, ADMIN))
        (answers,) = asyncio.run(races(office, [calls]))
        assert {answer.status for answer in answers} <= {200, 409}, answers
        left.add(seller)
        clients.extend(mine)
    end = asyncio.run(_settled(database, left))
    assert not left & set(end.values()), "somebody who left still owns a client"
    assert set(end.values()) <= {head, None}
    assert any(owner == head for owner in end.values()), "no claim ever came before the departure: nothing was raced"


async def _settled(database: Database, left: set[str]) -> dict[str, str | None]:
    """Wait until the policy has given all clients of those who left to somebody else; give up after a while."""
    for _ in range(200):
        found = owners(database)
        if not left & set(found.values()):
            return found
        await asyncio.sleep(0.1)
    return owners(database)


def test_of_64_who_register_one_phone_one_does_and_the_others_hear_of_whom_they_may_know(
    office: Office, database: Database
) -> None:
    own = {"role": "seller", "kind": "clients", "scope": "own", "reason": "each their own"}
    accepted(office.first.post("grant-scope", own, ADMIN))
    sellers = [token(office.hire(f"Seller {number}"), "seller") for number in range(REGISTERING // 2)]
    # Every second caller sees all clients; the others their own, and that one is not theirs.
    operators = [token(f"operator-{number}", "operator") for number in range(len(sellers))]
    callers = [each for pair in zip(operators, sellers, strict=True) for each in pair]
    times = []
    for number in range(PHONE_ROUNDS):
        calls: list[Call] = [("register-client", _with_phone(number, place), who) for place, who in enumerate(callers)]
        began = time.monotonic()
        (answers,) = asyncio.run(races(office, [calls]))
        times.append(time.monotonic() - began)
        assert Counter(answer.status for answer in answers) == {200: 1, 409: REGISTERING - 1}
        winner = next(place for place, answer in enumerate(answers) if answer.status == httpx.codes.OK)
        winner_id = answers[winner].body["stream_id"]
        for place, answer in enumerate(answers):
            if place != winner:
                named = winner_id if callers[place] in sellers else f"Caller {winner} of {number}"
                told = (answer.body["code"], answer.body["candidates"], answer.body["names"])
                assert told == ("duplicate-client", [winner_id], [named])
    with psycopg.connect(database.owner_url) as connection:
        registered = "SELECT count(*) FROM letopis.event WHERE topic = 'client.registered'"
        assert connection.execute(registered).fetchone() == (PHONE_ROUNDS,)
        assert connection.execute("SELECT count(*) FROM letopis.claim").fetchone() == (PHONE_ROUNDS,)
    took = f"median {statistics.median(times):.3f} s, longest {max(times):.3f} s"
    print(f"{PHONE_ROUNDS} phones, {REGISTERING} callers each: {took}")


def _with_phone(number: int, place: int) -> dict[str, Any]:
    phone = MASKS[place % len(MASKS)].format(1_000_000 + number)
    points = [{"kind": "phone", "value": phone}]
    return {"kind": "person", "name": f"Caller {place} of {number}", "contact_points": points}
