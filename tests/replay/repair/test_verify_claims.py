"""The claims are what the clients' facts say: who has a number keeps it, and a check sees one too many or too few."""

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import psycopg
import pytest

from app.composition.decoding import decoder_at
from app.composition.wiring import batch_runner
from commands.base import Actor, Command
from commands.client import ArchiveClient, RegisterClient
from commands.contact_point import AddContactPoint, ContactPointGiven, RemoveContactPoint
from commands.errors import DuplicateClientError
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer
from events.values import ClientKind, ContactKind
from infra.postgres.connection import OwnConnection
from replay.repair.verify_claims import ClaimsReport, verify_claims
from tests.database import MASTER, Database

PHONE = ContactPointGiven(kind=ContactKind.PHONE, value="8 (922) 325-12-93")
EMAIL = ContactPointGiven(kind=ContactKind.EMAIL, value="office@romashka.example")
OPERATOR = Actor("operator", "operator")

Ask = Callable[[Command], Answer]


@pytest.fixture
def ask(database: Database) -> Iterator[Ask]:
    borrow = OwnConnection(database.writer_url)
    runner = batch_runner(MASTER, borrow)

    def one(command: Command) -> Answer:
        (answer,) = runner.run([Request.of(command, OPERATOR, MASTER.keyed_hash)])
        return answer

    yield one
    borrow.close()


def check(database: Database) -> ClaimsReport:
    return verify_claims(database.writer_url, decoder_at(database.projector_url, MASTER), MASTER.keyed_hash)


def registered(ask: Ask, *points: ContactPointGiven, organisation_id: UUID | None = None) -> UUID:
    kind = ClientKind.ORGANISATION if organisation_id is None else ClientKind.PERSON
    answer = ask(RegisterClient(kind=kind, name="Romashka", contact_points=points, organisation_id=organisation_id))
    assert isinstance(answer, Accepted), answer
    return answer.stream_id


def test_what_clients_hold_is_claimed_and_an_archived_one_holds_nothing(database: Database, ask: Ask) -> None:
    registered(ask, PHONE, EMAIL)
    closed = registered(ask, ContactPointGiven(kind=ContactKind.EMAIL, value="closed@romashka.example"))
    ask(ArchiveClient(client_id=closed, reason="closed down"))
    report = check(database)
    assert report.is_equal
    assert (report.clients, report.claims) == (2, 2)


def test_a_shared_number_given_up_by_the_organisation_is_still_the_persons(database: Database, ask: Ask) -> None:
    organisation = registered(ask, PHONE, EMAIL)
    olga = registered(ask, PHONE, organisation_id=organisation)
    registered(ask, PHONE, organisation_id=organisation)
    assert isinstance(ask(RemoveContactPoint(client_id=organisation, point=PHONE)), Accepted)
    assert check(database).is_equal
    stranger = RegisterClient(kind=ClientKind.PERSON, name="Stranger", contact_points=(PHONE,))
    assert isinstance(ask(stranger), DuplicateClientError), "the number of two persons was taken for free"
    ask(AddContactPoint(client_id=olga, point=EMAIL))
    assert check(database).claims == 4


@pytest.mark.parametrize(
    ("damage", "missing", "extra"),
    [
        ("DELETE FROM letopis.claim WHERE kind = 'phone'", 1, 0),
        ("UPDATE letopis.claim SET key = '\\x00' WHERE kind = 'phone'", 1, 1),
        ("UPDATE letopis.claim SET holder_id = gen_random_uuid() WHERE kind = 'email'", 1, 1),
        (f"INSERT INTO letopis.claim SELECT kind, key, '{uuid4()}' FROM letopis.claim WHERE kind = 'email'", 0, 1),
    ],
)
def test_a_claim_lost_moved_or_made_up_is_found(
    database: Database, ask: Ask, damage: str, missing: int, extra: int
) -> None:
    registered(ask, PHONE, EMAIL)
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute(damage.encode()).rowcount == 1
    report = check(database)
    assert not report.is_equal
    assert (report.missing, report.extra) == (missing, extra)
    assert len(report.missing_of) == missing
    assert len(report.extra_of) == extra
    assert f"{missing} missing, {extra} extra" in report.summary
