"""Branches of one organisation have one tax number and differ by their КПП: claimed, lent and refused in the append."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from app.composition.decoding import decoder_at
from commands.base import Command
from commands.client import RegisterClient
from commands.contact_point import ContactPointGiven
from commands.errors import DuplicateClientError
from commands.execution.pending import Accepted
from commands.registration import CorrectRegistrationNumber
from events.values import ClientKind, ContactKind, RegistrationNumber
from replay.repair.verify_claims import verify_claims
from tests.commands.execution.test_switchboard import Ask, asking
from tests.database import MASTER, Database
from tests.examples import HOLDING, INN, LUTIK, OLGA, ROMASHKA

MOSCOW, PERM, OMSK = "770701001", "590201001", "550301001"


@pytest.fixture
def ask(database: Database) -> Iterator[Ask]:
    with asking(database) as one:
        yield one
    assert verify_claims(database.writer_url, decoder_at(database.projector_url, MASTER), MASTER.keyed_hash).is_equal


def branch(client_id: UUID, kpp: str | None) -> Command:
    point = ContactPointGiven(kind=ContactKind.EMAIL, value=f"{str(client_id)[-4:]}@romashka.example")
    return RegisterClient(
        client_id=client_id,
        kind=ClientKind.ORGANISATION,
        name=f"Romashka {kpp}",
        contact_points=(point,),
        tax_id=INN,
        kpp=kpp,
    )


def test_branches_differ_by_their_kpp_and_the_same_one_is_entered_once(ask: Ask) -> None:
    for client_id, kpp in ((ROMASHKA, MOSCOW), (HOLDING, PERM), (LUTIK, OMSK)):
        (answer,) = ask(branch(client_id, kpp))
        assert isinstance(answer, Accepted), answer
    for known in (MOSCOW, OMSK, None):
        (answer,) = ask(branch(OLGA, known))
        assert isinstance(answer, DuplicateClientError), f"{known} was entered twice"


def test_who_has_the_number_without_a_kpp_lends_it_when_theirs_is_given(ask: Ask) -> None:
    (first, second) = ask(branch(ROMASHKA, None), branch(HOLDING, PERM))
    assert isinstance(first, Accepted)
    assert isinstance(second, DuplicateClientError)
    assert second.facts["candidates"] == [ROMASHKA]
    given = CorrectRegistrationNumber(client_id=ROMASHKA, number=RegistrationNumber.KPP, value=MOSCOW)
    answers = ask(given, branch(HOLDING, PERM))
    assert all(isinstance(each, Accepted) for each in answers)
