"""Two clients who look like one: that they are not is said, remembered, and can be taken back."""

from aggregates.base import NotFoundError
from aggregates.client_pair import SameClientError
from commands.client_pair import KeepClientsApart, ReconsiderClients
from events.client import ClientRegistered
from events.client_pair import ClientsKeptApart, ClientsReconsidered
from events.examples import ROMASHKA_AND_HOLDING
from tests.examples import HOLDING, OLGA, ROMASHKA, command, fact
from tests.story import given, on

THERE = (on(ROMASHKA, fact(ClientRegistered)), on(HOLDING, fact(ClientRegistered, tax_id=None, contact_points=())))
APART = on(ROMASHKA_AND_HOLDING, fact(ClientsKeptApart))
OPEN = on(ROMASHKA_AND_HOLDING, fact(ClientsReconsidered))


def test_that_two_are_not_the_same_is_kept_with_its_reason() -> None:
    given(*THERE).when(command(KeepClientsApart)).then(APART)


def test_said_again_and_whichever_is_named_first_it_is_one_pair_and_nothing_is_recorded() -> None:
    story = given(*THERE).when(command(KeepClientsApart))
    story.when(command(KeepClientsApart, client_id=HOLDING, other_id=ROMASHKA, reason="another one")).then(APART)


def test_it_is_taken_back_once_and_can_be_said_anew() -> None:
    given(*THERE, APART).when(command(ReconsiderClients)).then(OPEN)
    given(*THERE, APART, OPEN).when(command(ReconsiderClients)).then()
    given(*THERE, APART, OPEN).when(command(KeepClientsApart)).then(APART)


def test_a_client_is_not_kept_apart_from_itself_nor_from_who_is_not_there() -> None:
    twice = command(KeepClientsApart, other_id=ROMASHKA)
    given(*THERE).when(twice).then_refused(SameClientError, client_id=ROMASHKA)
    given(*THERE).when(command(KeepClientsApart, other_id=OLGA)).then_refused(NotFoundError, kind="client", id=OLGA)


def test_to_take_back_what_nobody_said_records_nothing() -> None:
    given(*THERE).when(command(ReconsiderClients)).then()
