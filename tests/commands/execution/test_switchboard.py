"""One number of an organisation and of who acts for it: whichever is entered first, the end is the same."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.composition.decoding import decoder_at
from app.composition.wiring import batch_runner
from commands.affiliation import AffiliatePerson
from commands.base import Actor, Command
from commands.client import ArchiveClient, RegisterClient, RestoreClient
from commands.contact_point import AddContactPoint, ContactPointGiven, CorrectContactPoint, RemoveContactPoint
from commands.errors import DuplicateClientError
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer
from commands.note import NoteClient
from commands.sight import Sight
from commands.standing import UNBOUNDED, Standing
from events.values import AffiliationRole, ClientKind, ContactKind
from infra.log.eventlog import read_streams
from infra.postgres.connection import OwnConnection
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.folding import Rows
from projections.parties.client_card import client_card
from projections.parties.contact_persons import contact_persons
from replay.repair.verify_claims import verify_claims
from tests.database import MASTER, Database, copy_of
from tests.examples import ANNA, HOLDING, LUTIK, OLGA, ROMASHKA, command
from tests.played import play_events
from tests.story import TODAY

SWITCHBOARD = ContactPointGiven(kind=ContactKind.PHONE, value="+7 495 123-45-67")
EMAIL = ContactPointGiven(kind=ContactKind.EMAIL, value="office@romashka.example")
OPERATOR = Actor("operator", "operator")
STRANGER = RegisterClient(client_id=LUTIK, kind=ClientKind.PERSON, name="Stranger", contact_points=(SWITCHBOARD,))

Ask = Callable[..., list[Answer]]


def company(*points: ContactPointGiven, **more: Any) -> RegisterClient:
    return RegisterClient(
        client_id=ROMASHKA,
        kind=ClientKind.ORGANISATION,
        name="Romashka",
        contact_points=points,
        occurred_at=TODAY,
        affiliation_role=AffiliationRole.BUYER,
        **more,
    )


def olga(**more: Any) -> RegisterClient:
    return RegisterClient(
        client_id=OLGA,
        kind=ClientKind.PERSON,
        name="Olga",
        contact_points=(SWITCHBOARD,),
        occurred_at=TODAY,
        affiliation_role=AffiliationRole.BUYER,
        **more,
    )


AFFILIATE = AffiliatePerson(client_id=OLGA, organisation_id=ROMASHKA, role=AffiliationRole.BUYER, occurred_at=TODAY)
HISTORIES: dict[str, tuple[Command, ...]] = {
    "company first": (company(SWITCHBOARD), olga(organisation_id=ROMASHKA)),
    "person first": (olga(), company(SWITCHBOARD, contact_person_ids=(OLGA,))),
    "person first, linked later": (
        olga(),
        company(EMAIL),
        AFFILIATE,
        CorrectContactPoint(client_id=ROMASHKA, from_point=EMAIL, to_point=SWITCHBOARD, occurred_at=TODAY),
    ),
    "person first, number added": (
        olga(),
        company(EMAIL),
        AFFILIATE,
        AddContactPoint(client_id=ROMASHKA, point=SWITCHBOARD, occurred_at=TODAY),
        RemoveContactPoint(client_id=ROMASHKA, point=EMAIL, occurred_at=TODAY),
    ),
}


@contextmanager
def asking(database: Database) -> Iterator[Ask]:
    borrow = OwnConnection(database.writer_url)
    runner = batch_runner(MASTER, borrow)

    def ask(
        *commands: Command, atomic: bool = False, by: Actor = OPERATOR, standing: Standing = UNBOUNDED
    ) -> list[Answer]:
        requests = [Request.of(one, by, MASTER.keyed_hash, standing=standing) for one in commands]
        return runner.run(requests, atomic=atomic)

    yield ask
    borrow.close()


@pytest.fixture
def ask(database: Database) -> Iterator[Ask]:
    with asking(database) as one:
        yield one


def told(database: Database) -> dict[str, Any]:
    """What is claimed, and what the views show, less in which order it came to be so."""
    with psycopg.connect(database.owner_url) as owner:
        claims = set(owner.execute("SELECT kind, key, holder_id FROM letopis.claim").fetchall())
        facts = read_streams(owner, {ROMASHKA: 0, OLGA: 0})
    decode = decoder_at(database.projector_url, MASTER)
    events = sorted((decode(fact) for fact in facts), key=lambda event: event.position)
    shown: dict[str, Any] = {"claims": claims}
    for view in (client_card, contact_persons):
        rows: Rows = {}
        play_events(view, rows, [event for event in events if event.TOPIC in view.topics])
        shown[view.name] = {key: _without_order(there.row) for key, there in rows.items()}
    return shown


def _without_order(row: Any) -> dict[str, Any]:
    said: dict[str, Any] = row._asdict()
    said.pop("version", None)
    for point in said.get("contact_points", {}).values():
        point.pop("order")
    return said


def test_whichever_is_entered_first_the_end_is_the_same(cluster: EmbeddedPostgres, template: str) -> None:
    ends = {}
    for name, history in HISTORIES.items():
        with copy_of(cluster, template) as database, asking(database) as ask:
            for asked in history:
                (answer,) = ask(asked)
                assert isinstance(answer, Accepted), f"{name}: {asked.command_name()} was refused: {answer!r}"
            ends[name] = told(database)
            assert verify_claims(
                database.writer_url, decoder_at(database.projector_url, MASTER), MASTER.keyed_hash
            ).is_equal
            (answer,) = ask(STRANGER)
            assert isinstance(answer, DuplicateClientError), f"{name}: the number is free for a stranger"
    first = ends["company first"]
    assert {holder for _, _, holder in first["claims"]} == {ROMASHKA, OLGA}
    for name, end in ends.items():
        assert end == first, name


def test_the_number_of_a_person_who_does_not_act_for_the_organisation_is_refused(ask: Ask) -> None:
    ask(olga(), company(EMAIL))
    (answer,) = ask(AddContactPoint(client_id=ROMASHKA, point=SWITCHBOARD))
    assert isinstance(answer, DuplicateClientError)
    assert (answer.facts["candidates"], answer.facts["names"]) == ([OLGA], ["Olga"])


@pytest.mark.parametrize(("role", "people"), [("seller", {ANNA}), ("operator", {ANNA}), ("integration", ())])
def test_who_does_not_see_everybody_is_told_the_id_of_a_duplicate_and_no_name(
    ask: Ask, role: str, people: Collection[UUID]
) -> None:
    ask(olga(), company(EMAIL))
    standing = Standing(sight=Sight(*[frozenset(people)] * 3))
    add = AddContactPoint(client_id=ROMASHKA, point=SWITCHBOARD)
    (answer,) = ask(add, by=Actor("somebody", role), standing=standing)
    assert isinstance(answer, DuplicateClientError)
    assert (answer.facts["candidates"], answer.facts["names"]) == ([OLGA], [str(OLGA)])


def test_an_organisation_in_the_archive_comes_back_with_the_number_of_its_person(ask: Ask) -> None:
    answers = ask(*HISTORIES["company first"], ArchiveClient(client_id=ROMASHKA, reason="a mistake"))
    assert all(isinstance(each, Accepted) for each in answers)
    (answer,) = ask(RestoreClient(client_id=ROMASHKA, reason="it was one"))
    assert isinstance(answer, Accepted)


def test_an_archived_client_whose_number_was_given_away_is_corrected_and_restored(ask: Ask) -> None:
    archived = ask(company(SWITCHBOARD), ArchiveClient(client_id=ROMASHKA, reason="closed down"), STRANGER)
    assert all(isinstance(each, Accepted) for each in archived)
    restore = RestoreClient(client_id=ROMASHKA, reason="opened again")
    (answer,) = ask(restore)
    assert isinstance(answer, DuplicateClientError)
    assert answer.facts["names"] == ["Stranger"]
    corrected = ask(CorrectContactPoint(client_id=ROMASHKA, from_point=SWITCHBOARD, to_point=EMAIL), restore)
    assert all(isinstance(each, Accepted) for each in corrected)
    (answer,) = ask(company(EMAIL).model_copy(update={"client_id": HOLDING}))
    assert isinstance(answer, DuplicateClientError), "the restored client does not hold what it was corrected to"


def test_all_or_nothing_is_decided_on_the_person_too(ask: Ask) -> None:
    ask(olga(), company(EMAIL), AFFILIATE)
    together = ask(AddContactPoint(client_id=ROMASHKA, point=SWITCHBOARD), command(NoteClient), atomic=True)
    assert all(isinstance(each, Accepted) for each in together)
