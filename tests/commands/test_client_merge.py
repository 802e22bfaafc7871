"""Two cards that are one client's: what may be made one, what counts then, and what is left when it is taken apart."""

from typing import Any
from uuid import UUID

import pytest

from aggregates.base import DomainError, Identity
from aggregates.client import Client
from aggregates.client_errors import ClientIsArchivedError, ClientIsOwnedError
from aggregates.client_merge import (
    ClientIsMergedError,
    ClientsAreOfTwoKindsError,
    ClientsAreRelatedError,
    IsOfAPartError,
    MergeNeedsChoiceError,
    MergingOwnersNeedsRightError,
)
from commands.base import Command
from commands.client import RenameClient
from commands.client_merge import MergeClients, UnmergeClients
from commands.contact_point import ContactPointGiven, RemoveContactPoint
from commands.deal import OpenDeal, WinDeal
from commands.note import NoteClient
from commands.ownership import ClaimClient, ReassignClient, ReleaseClient, TransferClient
from commands.registration import CorrectTaxId
from commands.staff import DepartStaff
from events.client import (
    ClientAffiliated,
    ClientArchived,
    ClientClaimed,
    ClientRegistered,
    SubsidiaryDeclared,
)
from events.client_merge import (
    ClientMergedInto,
    ClientPartAdvanced,
    ClientsMerged,
    ClientUnmerged,
    ClientUnmergedFrom,
    MergeSide,
    Taken,
)
from events.pipeline import PipelineDefined
from events.staff import StaffHired
from events.values import ClientKind, ContactKind, ContactPoint, Lifecycle, StaffRole
from tests.examples import ANNA, BORIS, HOLDING, LUTIK, OLGA, PRICE, ROAD, ROMASHKA, SALE, VERA, command, fact
from tests.story import Story, Told, by, given, on

MAIL = ContactPoint(kind=ContactKind.EMAIL, value="a@lutik.example", key="a@lutik.example")
STAFF: tuple[Told, ...] = (
    on(ANNA, fact(StaffHired, name="Anna", head_id=VERA)),
    on(BORIS, fact(StaffHired, name="Boris")),
    on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD, head_id=None)),
    on(ROAD, fact(PipelineDefined)),
)
CLIENTS: tuple[Told, ...] = (
    on(ROMASHKA, fact(ClientRegistered, tax_id=None)),
    on(LUTIK, fact(ClientRegistered, name="Lutik", contact_points=(MAIL,), tax_id="7736207543", profile=())),
    on(HOLDING, fact(ClientRegistered, name="Holding", contact_points=(), tax_id="5001007322", profile=())),
)
COMPANY = (*STAFF, *CLIENTS)
MERGE = command(MergeClients)
UNMERGE = command(UnmergeClients)
AS_HEAD, AS_OPERATOR, AS_SELLER = by("head", VERA), by("operator", VERA), by("seller", ANNA)


def merged(**more: object) -> Story:
    return given(*COMPANY).when(command(MergeClients, **more), AS_HEAD)


def facts_of(story: Story, stream_id: UUID) -> list[type[Any]]:
    return [type(event) for event in story.recorded if event.stream_id == stream_id]


def client(story: Story, stream_id: UUID = ROMASHKA) -> Client:
    return story.stream(Client, stream_id)


def test_who_joins_brings_all_that_the_card_has() -> None:
    survivor = client(merged())
    assert set(survivor.points) == {(ContactKind.PHONE, "+79223251293"), (ContactKind.EMAIL, MAIL.key)}
    assert survivor.tax_id == "7736207543"
    assert survivor.name == "Romashka"
    assert Identity("tax_id", "7736207543", None) in survivor.identities()


def test_who_joined_holds_nothing_and_answers_for_nothing() -> None:
    joined = client(merged(), LUTIK)
    assert joined.identities() == frozenset()
    assert joined.survivor_id == ROMASHKA


def test_saying_it_again_records_nothing() -> None:
    merged().again().when(MERGE, AS_HEAD).then_nothing()


def test_taking_apart_what_is_apart_records_nothing() -> None:
    given(*COMPANY).when(UNMERGE, AS_HEAD).then_nothing()


@pytest.mark.parametrize(
    "asked",
    [
        RenameClient(client_id=LUTIK, name="Lutik Ltd"),
        NoteClient(client_id=LUTIK, text="x"),
        ClaimClient(client_id=LUTIK, seller_id=ANNA),
        MergeClients(survivor_id=LUTIK, merged_id=HOLDING, reason="x"),
        MergeClients(survivor_id=HOLDING, merged_id=LUTIK, reason="x"),
    ],
    ids=lambda asked: asked.command_name(),
)
def test_who_joined_accepts_nothing_and_names_who_answers(asked: Command) -> None:
    actor = by("admin", ANNA)
    merged().again().when(asked, actor).then_refused(ClientIsMergedError, client_id=LUTIK, survivor_id=ROMASHKA)


def test_a_deal_with_who_joined_is_decided_on_who_answers_and_stays_with_whom_it_names() -> None:
    story = merged().again().when(OpenDeal(deal_id=SALE, client_id=LUTIK, pipeline_id=ROAD), AS_SELLER)
    assert story.refusal is None
    assert facts_of(story, ROMASHKA) == [ClientClaimed]
    assert client(story).owner_id == ANNA
    owned = merged().when(ClaimClient(client_id=ROMASHKA, seller_id=BORIS), by("admin", VERA))
    owned.when(OpenDeal(deal_id=SALE, client_id=LUTIK, pipeline_id=ROAD), AS_SELLER)
    assert isinstance(owned.refusal, ClientIsOwnedError)


def test_a_deal_that_is_won_makes_a_customer_of_whom_it_names_and_of_who_answers() -> None:
    story = merged().again().when(OpenDeal(deal_id=SALE, client_id=LUTIK, pipeline_id=ROAD), AS_SELLER)
    story.when(command(WinDeal, amount=PRICE), AS_SELLER)
    assert ClientPartAdvanced in facts_of(story, ROMASHKA)
    assert client(story).lifecycle is client(story, LUTIK).lifecycle is Lifecycle.CUSTOMER
    story.when(UNMERGE, AS_HEAD)
    assert client(story).lifecycle is Lifecycle.PROSPECT
    assert client(story, LUTIK).lifecycle is Lifecycle.CUSTOMER


TWO_OWNERS = (on(ROMASHKA, fact(ClientClaimed, owner_id=ANNA)), on(LUTIK, fact(ClientClaimed, owner_id=BORIS)))


def test_of_two_owners_one_is_chosen() -> None:
    given(*COMPANY, *TWO_OWNERS).when(MERGE, AS_HEAD).then_refused(MergeNeedsChoiceError, missing=["owner_of"])


def test_two_owners_are_for_the_head_to_decide() -> None:
    asked = command(MergeClients, owner_of=MergeSide.SURVIVOR)
    story = given(*COMPANY, *TWO_OWNERS).when(asked, AS_OPERATOR)
    story.then_refused(MergingOwnersNeedsRightError, client_id=ROMASHKA, role="operator")


@pytest.mark.parametrize(("side", "owner"), [(MergeSide.SURVIVOR, ANNA), (MergeSide.MERGED, BORIS)])
def test_the_owner_chosen_is_the_owner_until_they_are_taken_apart(side: MergeSide, owner: UUID) -> None:
    story = given(*COMPANY, *TWO_OWNERS).when(command(MergeClients, owner_of=side), AS_HEAD)
    assert client(story).owner_id == owner
    story.when(UNMERGE, AS_HEAD)
    assert (client(story).owner_id, client(story, LUTIK).owner_id) == (ANNA, BORIS)


def test_who_became_the_owner_since_stays_it() -> None:
    story = given(*COMPANY, *TWO_OWNERS).when(command(MergeClients, owner_of=MergeSide.MERGED), AS_HEAD)
    story.when(TransferClient(client_id=ROMASHKA, to_seller_id=VERA, reason="x"), AS_HEAD).when(UNMERGE, AS_HEAD)
    assert (client(story).owner_id, client(story, LUTIK).owner_id) == (VERA, BORIS)


def test_an_owner_who_left_meanwhile_is_followed_by_the_head() -> None:
    story = given(*COMPANY, on(LUTIK, fact(ClientClaimed, owner_id=ANNA)))
    story.when(command(MergeClients), AS_HEAD)
    story.when(TransferClient(client_id=ROMASHKA, to_seller_id=VERA, reason="x"), AS_HEAD)
    story.when(DepartStaff(staff_id=ANNA, successor_id=VERA), by("admin", VERA))
    reassigned = ReassignClient(client_id=LUTIK, departed_id=ANNA, head_id=VERA)
    story.again().when(reassigned, by("policy", VERA)).then_nothing()
    story.when(UNMERGE, AS_HEAD)
    assert client(story, LUTIK).owner_id == VERA


def test_two_tax_numbers_need_a_choice_and_both_are_held() -> None:
    asked = command(MergeClients, survivor_id=LUTIK, merged_id=HOLDING)
    given(*COMPANY).when(asked, AS_HEAD).then_refused(MergeNeedsChoiceError, missing=["tax_id_of"])
    story = given(*COMPANY).when(asked.model_copy(update={"tax_id_of": MergeSide.MERGED}), AS_HEAD)
    assert client(story, LUTIK).tax_id == "5001007322"
    held = {each.key for each in client(story, LUTIK).identities() if each.kind == "tax_id"}
    assert held == {"7736207543", "5001007322"}


def test_a_number_that_another_brought_is_corrected_there() -> None:
    asked = CorrectTaxId(client_id=ROMASHKA, tax_id="7707083893", source="contract")
    merged().again().when(asked, by("admin", VERA)).then_refused(IsOfAPartError, client_id=ROMASHKA, part_id=LUTIK)


def test_the_name_chosen_counts_until_another_is_given_or_they_are_taken_apart() -> None:
    story = merged(name_of=MergeSide.MERGED)
    assert client(story).name == "Lutik"
    apart = merged(name_of=MergeSide.MERGED).when(UNMERGE, AS_HEAD)
    assert client(apart).name == "Romashka"
    story.when(RenameClient(client_id=ROMASHKA, name="Buttercup"), by("admin", VERA)).when(UNMERGE, AS_HEAD)
    assert client(story).name == "Buttercup"


def test_what_is_removed_from_the_card_is_still_on_that_of_whom_it_was() -> None:
    gone = RemoveContactPoint(
        client_id=ROMASHKA, point=ContactPointGiven(kind=ContactKind.EMAIL, value=MAIL.value), reason="x"
    )
    story = merged().when(gone, by("admin", VERA))
    assert (ContactKind.EMAIL, MAIL.key) not in client(story).points
    story.when(UNMERGE, AS_HEAD)
    assert (ContactKind.EMAIL, MAIL.key) in client(story, LUTIK).points
    assert set(client(story).points) == {(ContactKind.PHONE, "+79223251293")}


def chain() -> Story:
    """Holding into Lutik, and that into Romashka."""
    story = given(*COMPANY).when(
        MergeClients(survivor_id=LUTIK, merged_id=HOLDING, reason="x", tax_id_of=MergeSide.SURVIVOR), AS_HEAD
    )
    return story.when(MERGE, AS_HEAD)


def test_who_had_joined_comes_along() -> None:
    story = chain()
    assert client(story).parts.keys() == {LUTIK, HOLDING}
    assert client(story, HOLDING).survivor_id == ROMASHKA
    assert client(story, HOLDING).merged_into == LUTIK


def test_a_link_in_the_middle_is_taken_apart_with_whoever_joined_it() -> None:
    story = chain().when(UNMERGE, AS_HEAD)
    assert client(story).parts == {}
    assert client(story, LUTIK).parts.keys() == {HOLDING}
    assert client(story, HOLDING).survivor_id == LUTIK
    held = {each.key for each in client(story, LUTIK).identities() if each.kind == "tax_id"}
    assert held == {"7736207543", "5001007322"}


def test_the_last_link_is_taken_apart_alone() -> None:
    story = chain().when(UnmergeClients(survivor_id=ROMASHKA, merged_id=HOLDING, reason="x"), AS_HEAD)
    assert client(story).parts.keys() == {LUTIK}
    assert client(story, LUTIK).parts == {}
    assert client(story, HOLDING).survivor_id is None


def test_it_is_taken_apart_from_who_answers() -> None:
    asked = UnmergeClients(survivor_id=LUTIK, merged_id=HOLDING, reason="x")
    chain().again().when(asked, AS_HEAD).then_refused(ClientIsMergedError, client_id=LUTIK, survivor_id=ROMASHKA)


REFUSED: dict[str, tuple[tuple[Told, ...], MergeClients, type[DomainError]]] = {
    "a person with an organisation": (
        (on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None)),),
        command(MergeClients, merged_id=OLGA),
        ClientsAreOfTwoKindsError,
    ),
    "with whom it belongs to": (
        (on(ROMASHKA, SubsidiaryDeclared(parent_id=LUTIK)),),
        MERGE,
        ClientsAreRelatedError,
    ),
    "with what belongs to it": (
        (on(LUTIK, SubsidiaryDeclared(parent_id=ROMASHKA)),),
        MERGE,
        ClientsAreRelatedError,
    ),
    "what is put away": ((on(LUTIK, fact(ClientArchived)),), MERGE, ClientIsArchivedError),
    "into what is put away": ((on(ROMASHKA, fact(ClientArchived)),), MERGE, ClientIsArchivedError),
}


@pytest.mark.parametrize("case", REFUSED)
def test_these_are_not_made_one(case: str) -> None:
    before, asked, error = REFUSED[case]
    story = given(*COMPANY, *before).when(asked, AS_HEAD)
    assert isinstance(story.refusal, error)


def test_nobody_is_merged_with_themselves() -> None:
    with pytest.raises(ValueError, match="merged with itself"):
        MergeClients(survivor_id=ROMASHKA, merged_id=ROMASHKA, reason="x")


def test_what_is_recorded_of_a_merge_and_of_its_end() -> None:
    story = merged()
    assert facts_of(story, ROMASHKA) == [ClientsMerged]
    assert facts_of(story, LUTIK) == [ClientMergedInto]
    [event] = [each for each in story.recorded if isinstance(each, ClientsMerged)]
    assert event.takes == (Taken.TAX_ID,)
    # With the key of whom it is of, so that who is forgotten is forgotten there as well.
    assert event.subject_id == LUTIK
    story.again().when(UNMERGE, AS_HEAD)
    assert facts_of(story, ROMASHKA) == [ClientUnmerged]
    assert facts_of(story, LUTIK) == [ClientUnmergedFrom]


def test_a_contact_person_of_who_joined_is_the_owners_of_who_answers() -> None:
    story = given(
        *COMPANY,
        on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None, contact_points=())),
        on(OLGA, fact(ClientAffiliated, organisation_id=LUTIK)),
        on(ROMASHKA, fact(ClientClaimed, owner_id=BORIS)),
    )
    story.when(MERGE, AS_HEAD).when(OpenDeal(deal_id=SALE, client_id=OLGA, pipeline_id=ROAD), AS_SELLER)
    assert isinstance(story.refusal, ClientIsOwnedError)


def test_who_is_released_is_released_for_all() -> None:
    story = given(*COMPANY, on(LUTIK, fact(ClientClaimed, owner_id=BORIS))).when(MERGE, AS_HEAD)
    assert client(story).owner_id == BORIS
    story.when(ReleaseClient(client_id=ROMASHKA, reason="x"), AS_HEAD)
    assert client(story).owner_id is None
    assert client(story.when(UNMERGE, AS_HEAD), LUTIK).owner_id == BORIS
