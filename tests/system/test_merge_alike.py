"""Pairs who are almost surely one are merged many at once, where nobody has to choose, and taken apart all together."""

import time
from collections.abc import Iterator
from threading import Event as Signal
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from app.database import Urls
from app.demo.company import ADMIN_ID
from app.operations.for_views import ForViews
from app.operations.runner import Stage
from app.operations.site import Site
from app.settings import Settings
from commands.base import Command
from commands.client import RegisterClient
from commands.client_pair import KeepClientsApart
from commands.contact_point import ContactPointGiven
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.ownership import ClaimClient
from commands.staff import HireStaff
from events.ids import pair_of
from events.values import ClientKind, ContactKind, StaffRole
from infra.postgres.embedded import EmbeddedPostgres
from read_api import views
from replay.repair.jobs import MERGE_DUPLICATES, UNMERGE_DUPLICATES, Asked, Ended, Job, ask
from replay.repair.lanes import end
from tests.database import MASTER, Database, copy_of
from tests.system.chances import BEGINNING, STAFF
from tests.system.company import Company, company
from tests.system.histories import ADMIN
from tests.system.service import Service, token
from tests.system.test_merge import rows_of
from tests.system.visitors import Seen, Visitor

ANN, ANNA, ANYA, BEN, BENNY, CLEO, CLEA, DAN, DANNY, EVE, EVA, EVIE = CLIENTS = [
    UUID(int=number) for number in range(1, 13)
]
ALIKE = {
    (ANN, ANNA): 0.999,
    (ANNA, ANYA): 0.995,
    (BEN, BENNY): 0.98,
    (CLEO, CLEA): 0.97,
    (DAN, DANNY): 0.96,
    (EVE, EVA): 0.959,
    (EVE, EVIE): 0.958,
    (EVA, EVIE): 0.957,
}
"""Ann and Anya are not alike; Ben and Benny have an owner each; of Cleo and Clea it was said that they are two."""


@pytest.fixture
def one(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with copy_of(cluster, template) as database, company(database, tmp_path_factory.mktemp("alike")) as lived:
        said = [
            *(HireStaff(staff_id=each, name="Anna", role=StaffRole.SELLER) for each in STAFF[:2]),
            # Whoever is entered last has the least id.
            *(entered(each) for each in reversed(CLIENTS)),
            ClaimClient(client_id=BEN, seller_id=STAFF[0]),
            ClaimClient(client_id=BENNY, seller_id=STAFF[1]),
            ClaimClient(client_id=DAN, seller_id=STAFF[0]),
            KeepClientsApart(client_id=CLEO, other_id=CLEA, reason="brothers"),
        ]
        for number, command in enumerate(said):
            say(lived, command, number)
        with psycopg.connect(database.owner_url) as owner:
            for (a, b), score in ALIKE.items():
                pair = "INSERT INTO letopis.duplicate_pair VALUES (%s, %s, %s, %s, '{}')"
                owner.execute(pair, [pair_of(a, b), *sorted((a, b)), score])
        yield lived


def entered(client_id: UUID) -> RegisterClient:
    point = ContactPointGiven(kind=ContactKind.EMAIL, value=f"ann{client_id.int}@first.example")
    return RegisterClient(client_id=client_id, kind=ClientKind.PERSON, name="Ann", contact_points=(point,))


def say(one: Company, command: Command, number: int = 0) -> None:
    at = BEGINNING.replace(minute=number)
    [answer] = one.runner.run([Request.of(command, ADMIN, MASTER.keyed_hash, received_at=at)])
    assert isinstance(answer, Accepted), answer
    follow(one)


def follow(one: Company) -> None:
    while one.follow(1_000):
        pass


def done(one: Company, operation: str, **parameters: Any) -> tuple[Job, Ended]:
    """Put a job on record and do it."""
    database = one.database
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    with psycopg.connect(database.projector_url, autocommit=True) as connection:
        job = ask(
            connection,
            Asked(
                operation=operation,
                about="duplicates",
                parameters={"is_dry": False, **parameters},
                asked_by=str(ADMIN_ID),
                asked_as="admin",
                reason="entered twice",
            ),
        )
        ended = ForViews(Site(Settings(_env_file=None), MASTER, urls)).do(job, Stage(Signal()))
        end(connection, job.job_id, ended)
    follow(one)
    return job, ended


def answers_for(one: Company) -> dict[UUID, UUID]:
    with psycopg.connect(one.database.reader_url) as reader:
        return dict(
            reader.execute(f"SELECT client_id, survivor_id FROM read.{views.CANONICAL_MAP}".encode()).fetchall()
        )


def facts(one: Company) -> int:
    with psycopg.connect(one.database.owner_url) as owner:
        [(count,)] = owner.execute("SELECT count(*) FROM letopis.event").fetchall()
    return int(count)


def test_who_is_almost_surely_one_is_merged_the_elder_answers_and_whatever_needs_a_choice_is_left(one: Company) -> None:
    before = facts(one)
    _, tried = done(one, MERGE_DUPLICATES, from_score=0.95, most=100, is_dry=True)
    assert (tried.code, facts(one), answers_for(one)) == ("merges-rehearsed", before, {})

    _, ended = done(one, MERGE_DUPLICATES, from_score=0.95, most=100)
    assert ended.code == "duplicates-merged"
    assert dict(ended.facts) == dict(tried.facts)
    assert ended.facts["done"] == 4
    assert ended.facts["left"] == {"not-alike-in-all": 1, "merge-needs-choice": 1}
    # Each group answers as who was entered first.
    assert answers_for(one) == {ANN: ANNA, DAN: DANNY, EVE: EVIE, EVA: EVIE}

    stored = facts(one)
    _, again = done(one, MERGE_DUPLICATES, from_score=0.95, most=100)
    assert (again.facts["done"], facts(one)) == (0, stored)


def test_below_the_score_nobody_is_merged_and_no_more_than_was_said(one: Company) -> None:
    done(one, MERGE_DUPLICATES, from_score=0.96, most=100)
    assert answers_for(one) == {ANN: ANNA, DAN: DANNY}
    done(one, MERGE_DUPLICATES, from_score=0.95, most=1)
    assert len(answers_for(one)) == 3


def test_all_that_a_job_merged_is_taken_apart_together_and_nothing_else(one: Company) -> None:
    done(one, MERGE_DUPLICATES, from_score=0.99, most=100)
    before, merged = rows_of(one), answers_for(one)
    job, _ = done(one, MERGE_DUPLICATES, from_score=0.95, most=100)
    assert len(answers_for(one)) == len(merged) + 3

    _, tried = done(one, UNMERGE_DUPLICATES, job=str(job.job_id), is_dry=True)
    _, ended = done(one, UNMERGE_DUPLICATES, job=str(job.job_id))
    assert (tried.facts["done"], ended.facts["done"], ended.facts["left"]) == (3, 3, {})
    assert (answers_for(one), rows_of(one)) == (merged, before)
    _, none = done(one, UNMERGE_DUPLICATES, job=str(uuid4()))
    assert none.facts["pairs"] == 0


def test_it_is_asked_for_by_who_may_merge_anybody_with_a_score_that_is_high(founded: tuple[Service, Database]) -> None:
    wanted = {"from_score": 0.99, "is_dry": True, "reason": "entered twice"}

    def asked(role: str, **how: Any) -> httpx.Response:
        address = f"{founded[0].address}/operations/merge-duplicates"
        return httpx.post(address, json={**wanted, **how}, headers=token("somebody", role), timeout=30)

    assert {role: asked(role).status_code for role in ("ops", "head", "operator")} == {
        "ops": 403,
        "head": 403,
        "operator": 403,
    }
    low = asked("admin", from_score=0.94)
    assert (low.status_code, low.json()["errors"][0]["pointer"]) == (422, "/from_score")
    taken = asked("admin")
    assert (taken.status_code, taken.json()["parameters"]["most"]) == (202, 1_000)


def test_by_the_page_it_is_asked_for_and_taken_apart(founded: tuple[Service, Database]) -> None:
    page, admin = "/console/duplicates", Visitor(*founded, str(ADMIN_ID), "admin", "ru")
    pair = sorted((uuid4(), uuid4()))
    for client_id in pair:
        given = entered(client_id).model_dump(mode="json", exclude_none=True)
        told = httpx.post(f"{founded[0].address}/commands/register-client", json=given, headers=token("x", "admin"))
        assert told.status_code == 200, told.text
    with psycopg.connect(founded[1].owner_url) as owner:
        owner.execute("INSERT INTO letopis.duplicate_pair VALUES (%s, %s, %s, 0.999, '{}')", [pair_of(*pair), *pair])
        owner.execute("INSERT INTO letopis.duplicate_run VALUES (true, 1, 2, 1, 1, '{}', now(), now())")
    answer = asked(admin, page, "merge-duplicates", reason="entered twice", from_score="0,99")
    assert answer.status == 200, answer.text
    over = time.monotonic() + 60
    while "Разом объединена 1 пара" not in (seen := admin.get(page)).text:
        assert time.monotonic() < over, seen.text
        time.sleep(0.2)
    asked(admin, page, "unmerge-duplicates", reason="too low")
    while admin.api("/operations/jobs?operation=unmerge-duplicates&state=done")["items"] == []:
        assert time.monotonic() < over
        time.sleep(0.2)
    [job] = admin.api("/operations/jobs?operation=unmerge-duplicates")["items"]
    assert (job["outcome"]["facts"]["done"], job["outcome"]["facts"]["left"]) == (1, {})


def asked(visitor: Visitor, page: str, operation: str, **values: str) -> Seen:
    """Ask for an operation by the form to which a page leads."""
    [link] = [each for each in visitor.get(page).links if each.startswith(f"/console/operate/{operation}")]
    [form] = [each for each in visitor.get(link).forms if each.operation == operation]
    return visitor.does(form, **values)
