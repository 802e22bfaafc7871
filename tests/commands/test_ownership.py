"""One owner per client: who may approach whom, and what happens to clients whose owner goes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from aggregates.activity import Activity
from aggregates.client import Client
from aggregates.client_errors import (
    ClientHasNoOwnerError,
    ClientIsArchivedError,
    ClientIsOwnedError,
    NotAnOrganisationError,
    NotAPersonError,
    OwnershipOutOfOrderError,
    ParentIsBelowError,
)
from aggregates.client_state import AT_ONCE
from aggregates.product import product_id
from aggregates.staff import ActsForAnotherError, StaffDoesNotSellError, StaffHasDepartedError
from commands.activity import HoldActivity, NameActivityClient, RecordActivity
from commands.affiliation import AffiliatePerson, DeclareSubsidiary, EndAffiliation
from commands.base import Command
from commands.deal import HandOverDeal, NameDealClient, OpenDeal
from commands.ownership import ClaimClient, ReassignClient, ReleaseClient, TransferClient
from events.activity import ActivityClientNamed, ActivityHeld, ActivityPlanned
from events.branch import BranchOpened
from events.client import (
    AffiliationEnded,
    ClientAffiliated,
    ClientArchived,
    ClientClaimed,
    ClientRegistered,
    ClientReleased,
    ClientTransferred,
    SubsidiaryDeclared,
)
from events.deal import DealClientNamed, DealHandedOver, DealOpened
from events.examples import PERM
from events.pipeline import PipelineDefined
from events.product import ProductListed
from events.staff import StaffDeparted, StaffHired
from events.values import Channel, ClientKind, Direction, OwnershipCause, StaffRole
from tests.examples import (
    ANNA,
    BORIS,
    CALL,
    GTX,
    HOLDING,
    LUTIK,
    MEETING,
    OLGA,
    ROAD,
    ROMASHKA,
    SALE,
    VERA,
    command,
    fact,
)
from tests.story import Told, by, given, on

STAFF: tuple[Told, ...] = (
    on(ANNA, fact(StaffHired, name="Anna")),
    on(BORIS, fact(StaffHired, name="Boris", branch_id=PERM)),
    on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD, head_id=None)),
)
COMPANY = (
    *STAFF,
    on(PERM, fact(BranchOpened, name="Perm")),
    on(ROMASHKA, fact(ClientRegistered)),
    on(ROAD, fact(PipelineDefined)),
)
BORIS_OWNS = on(ROMASHKA, fact(ClientClaimed, owner_id=BORIS))
ANNA_OWNS = on(ROMASHKA, fact(ClientClaimed, owner_id=ANNA))
OLGA_BUYS = on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, name="Olga", tax_id=None), fact(ClientAffiliated))
AS_ANNA = by("seller", ANNA)
CLAIM = command(ClaimClient)
OPEN = command(OpenDeal, product_code=None)
OFFER = RecordActivity(
    activity_id=CALL,
    channel=Channel.EMAIL,
    direction=Direction.OUTBOUND,
    client_id=ROMASHKA,
    is_offer=True,
    topic="Prices",
)
CLAIMED_BY_OFFER = on(ROMASHKA, fact(ClientClaimed, owner_id=ANNA, cause=OwnershipCause.OFFER))


def departed(staff_id: Any) -> Told:
    return on(staff_id, StaffDeparted(head_id=VERA))


def opened(**other: object) -> DealOpened:
    return fact(DealOpened, product_code=None, **other)


def offered(**other: object) -> ActivityHeld:
    email = {"channel": Channel.EMAIL, "contact_name": None, "contact_data": None, "topic": "Prices", "result": None}
    return fact(ActivityHeld, **{**email, "is_offer": True, **other})


def test_a_free_client_is_claimed_by_the_seller() -> None:
    story = given(*COMPANY).when(CLAIM, AS_ANNA)
    story.then(on(ROMASHKA, ClientClaimed(owner_id=ANNA, cause=OwnershipCause.CLAIM)))


def test_claiming_ones_own_client_records_nothing() -> None:
    given(*COMPANY, ANNA_OWNS).when(CLAIM, AS_ANNA).then_nothing()


@pytest.mark.parametrize("ask", [CLAIM, OPEN, OFFER], ids=lambda ask: ask.command_name())
def test_somebody_elses_client_is_refused_with_the_owners_name_and_branch(ask: Command) -> None:
    story = given(*COMPANY, BORIS_OWNS).when(ask, AS_ANNA)
    since = story.stream(Client, ROMASHKA).owned_since
    story.then_refused(
        ClientIsOwnedError,
        client_id=ROMASHKA,
        owner_id=BORIS,
        owner_name="Boris",
        branch="Perm",
        since=since,
    )


def test_opening_a_deal_claims_a_free_client_in_the_same_decision() -> None:
    given(*COMPANY).when(OPEN, AS_ANNA).then(on(SALE, opened()), CLAIMED_BY_OFFER)


def test_opening_a_deal_on_ones_own_client_claims_nothing() -> None:
    given(*COMPANY, ANNA_OWNS).when(OPEN, AS_ANNA).then(on(SALE, opened()))


def test_an_offer_claims_a_free_client_in_the_same_decision() -> None:
    given(*COMPANY).when(OFFER, AS_ANNA).then(on(CALL, offered()), CLAIMED_BY_OFFER)


def test_an_offer_to_nobody_in_particular_claims_nobody() -> None:
    ask = OFFER.model_copy(update={"client_id": None})
    given(*COMPANY).when(ask, AS_ANNA).then(on(CALL, offered(client_id=None)))


def test_anybody_may_tell_of_a_touchpoint_with_somebody_elses_client() -> None:
    ask = OFFER.model_copy(update={"is_offer": False})
    given(*COMPANY, BORIS_OWNS).when(ask, AS_ANNA).then(on(CALL, offered(is_offer=False)))


def test_a_planned_meeting_held_with_an_offer_claims_the_client() -> None:
    planned = on(MEETING, fact(ActivityPlanned, channel=Channel.EMAIL, topic="Prices", contact_id=None))
    ask = HoldActivity(activity_id=MEETING, is_offer=True)
    story = given(*COMPANY, planned).when(ask, AS_ANNA)
    story.then(on(MEETING, offered(was_planned=True)), CLAIMED_BY_OFFER)


def test_naming_the_client_of_an_offer_claims_it_for_who_made_it() -> None:
    story = given(*COMPANY, on(CALL, offered(client_id=None))).when(command(NameActivityClient), by("operator", VERA))
    held_at = story.stream(Activity, CALL).held_at
    named = ActivityClientNamed(
        client_id=ROMASHKA, channel=Channel.EMAIL, direction=Direction.OUTBOUND, held_at=held_at
    )
    story.then(on(CALL, named), CLAIMED_BY_OFFER)


def test_naming_the_client_of_a_deal_claims_it_for_the_deals_seller() -> None:
    story = given(*COMPANY, on(SALE, opened(client_id=None))).when(command(NameDealClient), by("head", VERA))
    story.then(on(SALE, fact(DealClientNamed)), CLAIMED_BY_OFFER)


def test_naming_somebody_elses_client_for_a_deal_is_refused() -> None:
    story = given(*COMPANY, BORIS_OWNS, on(SALE, opened(client_id=None))).when(command(NameDealClient), AS_ANNA)
    story.then_refused(ClientIsOwnedError)


def test_a_deal_goes_only_to_a_seller_who_may_approach_its_client() -> None:
    story = given(*COMPANY, ANNA_OWNS, on(SALE, opened())).when(command(HandOverDeal), by("head", VERA))
    story.then_refused(ClientIsOwnedError, owner_id=ANNA)


def test_a_deal_goes_to_the_owner_of_its_client() -> None:
    story = given(*COMPANY, BORIS_OWNS, on(SALE, opened())).when(command(HandOverDeal), by("head", VERA))
    story.then(on(SALE, fact(DealHandedOver)))


def test_a_contact_person_is_claimed_as_the_organisation() -> None:
    story = given(*COMPANY, OLGA_BUYS).when(ClaimClient(client_id=OLGA), AS_ANNA)
    story.then(on(ROMASHKA, ClientClaimed(owner_id=ANNA, cause=OwnershipCause.CLAIM)))


def test_a_contact_person_of_somebody_elses_organisation_is_refused_naming_the_organisation() -> None:
    story = given(*COMPANY, OLGA_BUYS, BORIS_OWNS).when(ClaimClient(client_id=OLGA), AS_ANNA)
    story.then_refused(ClientIsOwnedError, client_id=ROMASHKA, owner_name="Boris")


def test_a_contact_person_of_ones_own_organisation_may_be_approached() -> None:
    given(*COMPANY, OLGA_BUYS, ANNA_OWNS).when(ClaimClient(client_id=OLGA), AS_ANNA).then_nothing()


@pytest.mark.parametrize("owned", [(), (ANNA_OWNS,)], ids=["nobody's organisation", "another's organisation"])
def test_who_owns_a_person_keeps_them_whomever_they_come_to_act_for(owned: tuple[Told, ...]) -> None:
    linked = (*COMPANY, *owned, on(OLGA, fact(ClientClaimed, owner_id=BORIS)), OLGA_BUYS)
    ask = command(OpenDeal, client_id=OLGA, product_code=None)
    story = given(*linked).when(ask, by("seller", BORIS))
    assert story.refusal is None
    assert story.stream(Client, OLGA).owner_id == BORIS
    given(*linked).when(ask, AS_ANNA).then_refused(ClientIsOwnedError, client_id=OLGA, owner_id=BORIS)


def test_who_left_an_organisation_is_nobodys_contact_person() -> None:
    gone = on(OLGA, fact(AffiliationEnded))
    story = given(*COMPANY, OLGA_BUYS, gone, BORIS_OWNS).when(ClaimClient(client_id=OLGA), AS_ANNA)
    story.then(on(OLGA, ClientClaimed(owner_id=ANNA, cause=OwnershipCause.CLAIM)))


def test_a_subsidiary_does_not_inherit_the_parents_owner() -> None:
    subsidiary = on(LUTIK, fact(ClientRegistered, name="Lutik"), SubsidiaryDeclared(parent_id=ROMASHKA))
    story = given(*COMPANY, BORIS_OWNS, subsidiary).when(ClaimClient(client_id=LUTIK), AS_ANNA)
    story.then(on(LUTIK, ClientClaimed(owner_id=ANNA, cause=OwnershipCause.CLAIM)))


@pytest.mark.parametrize("ask", [CLAIM, OPEN, OFFER], ids=lambda ask: ask.command_name())
def test_a_departed_seller_approaches_nobody(ask: Command) -> None:
    given(*COMPANY, departed(ANNA)).when(ask, AS_ANNA).then_refused(StaffHasDepartedError, staff_id=ANNA)


@pytest.mark.parametrize("ask", [CLAIM, OPEN, OFFER], ids=lambda ask: ask.command_name())
def test_who_does_not_sell_approaches_nobody(ask: Command) -> None:
    analyst = on(ANNA, fact(StaffHired, role=StaffRole.ANALYST))
    story = given(analyst, *COMPANY[1:]).when(ask, AS_ANNA)
    story.then_refused(StaffDoesNotSellError, role=StaffRole.ANALYST)


def test_a_seller_claims_for_nobody_else() -> None:
    ask = ClaimClient(client_id=ROMASHKA, seller_id=BORIS)
    given(*COMPANY).when(ask, AS_ANNA).then_refused(ActsForAnotherError, staff_id=BORIS)


def test_a_head_claims_for_a_seller() -> None:
    story = given(*COMPANY).when(ClaimClient(client_id=ROMASHKA, seller_id=BORIS), by("head", VERA))
    story.then(on(ROMASHKA, ClientClaimed(owner_id=BORIS, cause=OwnershipCause.CLAIM)))


def test_an_archived_client_is_not_claimed() -> None:
    archived = on(ROMASHKA, fact(ClientArchived))
    given(*COMPANY, archived).when(CLAIM, AS_ANNA).then_refused(ClientIsArchivedError, client_id=ROMASHKA)


def test_a_withdrawn_product_leaves_client_and_deal_alone() -> None:
    listed = on(product_id(GTX), fact(ProductListed))
    story = given(*COMPANY, listed).when(command(OpenDeal), AS_ANNA)
    story.then(on(SALE, fact(DealOpened)), CLAIMED_BY_OFFER)


def test_a_head_transfers_a_client_for_a_conflict() -> None:
    given(*COMPANY, ANNA_OWNS).when(command(TransferClient)).then(on(ROMASHKA, fact(ClientTransferred)))


def test_a_transfer_to_the_owner_records_nothing() -> None:
    given(*COMPANY, BORIS_OWNS).when(command(TransferClient)).then_nothing()


def test_a_client_nobody_owns_is_not_transferred() -> None:
    given(*COMPANY).when(command(TransferClient)).then_refused(ClientHasNoOwnerError)


def test_a_client_is_not_transferred_to_the_departed() -> None:
    story = given(*COMPANY, ANNA_OWNS, departed(BORIS)).when(command(TransferClient))
    story.then_refused(StaffHasDepartedError, staff_id=BORIS, staff_name="Boris")


def test_a_client_is_released_once() -> None:
    released = on(ROMASHKA, fact(ClientReleased))
    given(*COMPANY, ANNA_OWNS).when(command(ReleaseClient)).then(released)
    given(*COMPANY, ANNA_OWNS, released).when(command(ReleaseClient)).then_nothing()


def test_the_departeds_client_goes_to_the_successor() -> None:
    story = given(*COMPANY, ANNA_OWNS, departed(ANNA)).when(command(ReassignClient), by("policy"))
    story.then(on(ROMASHKA, reassigned_to(BORIS)))


def test_without_an_active_successor_it_goes_to_the_head() -> None:
    story = given(*COMPANY, ANNA_OWNS, departed(ANNA), departed(BORIS)).when(command(ReassignClient), by("policy"))
    story.then(on(ROMASHKA, reassigned_to(VERA)))


def test_without_an_active_head_it_is_released() -> None:
    gone = (departed(ANNA), departed(BORIS), departed(VERA))
    story = given(*COMPANY, ANNA_OWNS, *gone).when(command(ReassignClient), by("policy"))
    reason = "the owner departed"
    story.then(on(ROMASHKA, ClientReleased(from_owner_id=ANNA, cause=OwnershipCause.DEPARTURE, reason=reason)))


def test_a_client_that_has_another_owner_by_now_stays_there() -> None:
    given(*COMPANY, BORIS_OWNS, departed(ANNA)).when(command(ReassignClient), by("policy")).then_nothing()
    given(*COMPANY, departed(ANNA)).when(command(ReassignClient), by("policy")).then_nothing()


def reassigned_to(staff_id: Any) -> ClientTransferred:
    return ClientTransferred(
        from_owner_id=ANNA, to_owner_id=staff_id, cause=OwnershipCause.DEPARTURE, reason="the owner departed"
    )


def test_a_person_is_affiliated_with_an_organisation_once() -> None:
    person = on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None))
    given(*COMPANY, person).when(command(AffiliatePerson)).then(on(OLGA, fact(ClientAffiliated)))
    given(*COMPANY, OLGA_BUYS).when(command(AffiliatePerson)).then_nothing()


def test_only_a_person_is_affiliated_and_only_with_an_organisation() -> None:
    organisation = on(OLGA, fact(ClientRegistered))
    given(*COMPANY, organisation).when(command(AffiliatePerson)).then_refused(NotAPersonError, client_id=OLGA)
    ask = command(AffiliatePerson, organisation_id=LUTIK)
    person = on(LUTIK, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None))
    given(OLGA_BUYS, person).when(ask).then_refused(NotAnOrganisationError, client_id=LUTIK)


def test_an_affiliation_ends_once() -> None:
    given(*COMPANY, OLGA_BUYS).when(command(EndAffiliation)).then(on(OLGA, fact(AffiliationEnded)))
    given(*COMPANY, OLGA_BUYS, on(OLGA, fact(AffiliationEnded))).when(command(EndAffiliation)).then_nothing()


def test_a_subsidiary_is_declared_once() -> None:
    holding = on(HOLDING, fact(ClientRegistered, name="Holding"))
    declared = on(ROMASHKA, fact(SubsidiaryDeclared))
    given(*COMPANY, holding).when(command(DeclareSubsidiary)).then(declared)
    given(*COMPANY, holding, declared).when(command(DeclareSubsidiary)).then_nothing()


@pytest.mark.parametrize("links", [1, 2, 3])
def test_no_organisation_comes_to_belong_to_itself(links: int) -> None:
    chain = [ROMASHKA, LUTIK, HOLDING][:links]
    streams = [on(each, fact(ClientRegistered)) for each in chain]
    below = [on(child, SubsidiaryDeclared(parent_id=parent)) for parent, child in pairwise(chain)]
    ask = DeclareSubsidiary(client_id=ROMASHKA, parent_id=chain[-1])
    given(*streams, *below).when(ask).then_refused(ParentIsBelowError)


def test_a_person_who_acts_for_two_organisations_may_be_approached_by_either_owner() -> None:
    other = on(LUTIK, fact(ClientRegistered, name="Lutik"), fact(ClientClaimed, owner_id=BORIS))
    also = on(OLGA, fact(ClientAffiliated, organisation_id=LUTIK))
    both = (*COMPANY, OLGA_BUYS, also, ANNA_OWNS, other)
    given(*both).when(ClaimClient(client_id=OLGA), AS_ANNA).then_nothing()
    given(*both).when(ClaimClient(client_id=OLGA), by("seller", BORIS)).then_nothing()
    given(*both).when(ClaimClient(client_id=OLGA), by("head", VERA)).then_refused(ClientIsOwnedError)


def test_a_departed_head_claims_for_nobody() -> None:
    ask = ClaimClient(client_id=ROMASHKA, seller_id=BORIS)
    story = given(*COMPANY, departed(VERA)).when(ask, by("head", VERA))
    story.then_refused(StaffHasDepartedError, staff_id=VERA)


def test_an_archived_organisation_keeps_nobody_from_its_contact_person() -> None:
    archived = on(ROMASHKA, fact(ClientArchived))
    story = given(*COMPANY, OLGA_BUYS, BORIS_OWNS, archived).when(ClaimClient(client_id=OLGA), AS_ANNA)
    story.then(on(OLGA, ClientClaimed(owner_id=ANNA, cause=OwnershipCause.CLAIM)))


def test_nobody_becomes_the_owner_of_a_day_that_was_somebody_else_s() -> None:
    monday, tuesday, wednesday = (datetime(2026, 5, day, 9, tzinfo=UTC) for day in (4, 5, 6))
    released = (
        on(ROMASHKA, fact(ClientClaimed, owner_id=BORIS), occurred_at=monday),
        on(ROMASHKA, fact(ClientReleased, from_owner_id=BORIS), occurred_at=wednesday),
    )
    claim = command(ClaimClient, occurred_at=tuesday)
    given(*COMPANY, *released).when(claim, AS_ANNA).then_refused(
        OwnershipOutOfOrderError, client_id=ROMASHKA, since=wednesday, occurred_at=tuesday
    )
    owned = on(ROMASHKA, fact(ClientClaimed, owner_id=ANNA), occurred_at=wednesday)
    for ask in (command(TransferClient, occurred_at=tuesday), command(ReleaseClient, occurred_at=tuesday)):
        given(*COMPANY, owned).when(ask).then_refused(OwnershipOutOfOrderError, since=wednesday)
    story = given(*COMPANY, *released).when(command(ClaimClient, occurred_at=wednesday), AS_ANNA)
    assert [event.occurred_at for event in story.recorded] == [wednesday]


def test_of_two_that_race_the_later_decided_one_does_not_happen_before_the_other() -> None:
    noon = datetime(2026, 5, 6, 12, tzinfo=UTC)
    owned = on(ROMASHKA, fact(ClientClaimed, owner_id=ANNA), occurred_at=noon)
    for earlier in (timedelta(seconds=2), AT_ONCE):
        story = given(*COMPANY, owned).when(command(ReleaseClient, occurred_at=noon - earlier))
        assert [event.occurred_at for event in story.recorded] == [noon]
