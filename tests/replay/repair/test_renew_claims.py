"""What an older version claimed by other keys is claimed by today's at the first start, and nobody loses anything."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from app.composition.decoding import decoder_at
from app.composition.wiring import batch_runner
from app.database import prepared
from app.settings import Settings
from commands.base import Actor, Command
from commands.client import RegisterClient
from commands.contact_point import AddContactPoint, ContactPointGiven, CorrectContactPoint, RemoveContactPoint
from commands.errors import DuplicateClientError
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer
from events.values import ClientKind, ContactKind
from infra.postgres.connection import OwnConnection
from replay.repair.renew_claims import NAME
from replay.repair.verify_claims import ClaimsReport, verify_claims
from tests.database import MASTER, Database
from tests.examples import OLGA, ROMASHKA

OPERATOR = Actor("operator", "operator")
OLD, OTHER = "ivan.petrov@gmail.com", "ivanpetrov@googlemail.com"
"""Two spellings of one mailbox, which were two keys once."""
PHONE = ContactPointGiven(kind=ContactKind.PHONE, value="8 (922) 325-12-93")


def mail(value: str) -> ContactPointGiven:
    return ContactPointGiven(kind=ContactKind.EMAIL, value=value)


@contextmanager
def asking(database: Database) -> Iterator[Callable[[Command], Answer]]:
    borrow = OwnConnection(database.writer_url)
    runner = batch_runner(MASTER, borrow)
    yield lambda command: runner.run([Request.of(command, OPERATOR, MASTER.keyed_hash)])[0]
    borrow.close()


@contextmanager
def in_former_times(database: Database) -> Iterator[Callable[[Command], Answer]]:
    """Be the code that took every spelling for a mailbox of its own."""
    with pytest.MonkeyPatch.context() as former:
        for module in ("aggregates.email_address", "aggregates.client_state"):
            former.setattr(f"{module}.one_mailbox", str)
        with asking(database) as ask:
            yield ask
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DELETE FROM letopis.checkpoint WHERE name = %s", [NAME])


def check(database: Database) -> ClaimsReport:
    return verify_claims(database.writer_url, decoder_at(database.projector_url, MASTER), MASTER.keyed_hash)


@pytest.fixture
def old_log(database: Database) -> Database:
    with in_former_times(database) as ask:
        for client_id, address in ((ROMASHKA, OLD), (OLGA, OTHER)):
            client = RegisterClient(
                client_id=client_id, kind=ClientKind.PERSON, name="Ivan", contact_points=(mail(address),)
            )
            assert isinstance(ask(client), Accepted)
        assert isinstance(ask(AddContactPoint(client_id=ROMASHKA, point=PHONE)), Accepted)
    return database


def test_both_keep_the_mailbox_that_was_two_and_the_next_one_is_refused(old_log: Database) -> None:
    assert not check(old_log).is_equal
    with asking(old_log) as ask:
        prepared(old_log.owner_url, Settings(), MASTER)
        assert check(old_log).is_equal
        assert check(old_log).claims == 3
        for address in (OLD, OTHER, "Ivan.Petrov+x@gmail.com"):
            answer = ask(RegisterClient(kind=ClientKind.PERSON, name="Third", contact_points=(mail(address),)))
            assert isinstance(answer, DuplicateClientError), address


def test_it_is_done_once(old_log: Database) -> None:
    prepared(old_log.owner_url, Settings(), MASTER)
    with psycopg.connect(old_log.owner_url) as owner:
        owner.execute("DELETE FROM letopis.claim WHERE kind = 'phone'")
    prepared(old_log.owner_url, Settings(), MASTER)
    assert check(old_log).missing == 1, "what is damaged is for `verify` to find, not for a start to hide"


def test_what_was_entered_by_an_old_key_is_corrected_and_removed_by_what_was_typed(old_log: Database) -> None:
    prepared(old_log.owner_url, Settings(), MASTER)
    with asking(old_log) as ask:
        nothing = ask(AddContactPoint(client_id=ROMASHKA, point=mail(OLD)))
        assert isinstance(nothing, Accepted)
        assert not nothing.events
        right = mail("ivan@romashka.example")
        corrected = ask(CorrectContactPoint(client_id=ROMASHKA, from_point=mail(OTHER), to_point=right))
        assert isinstance(corrected, Accepted), "named in another spelling than it was entered in"
        assert isinstance(
            ask(AddContactPoint(client_id=OLGA, point=PHONE.model_copy(update={"value": "+44 20 7183 8750"}))), Accepted
        )
        assert isinstance(ask(RemoveContactPoint(client_id=OLGA, point=mail(OTHER))), Accepted)
        assert isinstance(ask(AddContactPoint(client_id=ROMASHKA, point=mail(OLD))), Accepted), "free for anybody"
    assert check(old_log).is_equal
