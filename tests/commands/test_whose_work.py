"""Whose work it is: a seller leads deals and plans work of clients that they own or nobody owns."""

import pytest

from aggregates.client import Client
from aggregates.client_errors import ClientIsOwnedError
from aggregates.deal import DealIsClosedError
from aggregates.staff import ActsForAnotherError
from commands.activity import (
    CancelActivity,
    ClassifyCall,
    HoldActivity,
    NameActivityClient,
    RescheduleActivity,
)
from commands.base import Command
from commands.client import AdvanceLifecycle
from commands.deal import HandOverDeal, LoseDeal, MoveDeal, NameDealClient, ReopenDeal, RevalueDeal, WinDeal
from commands.note import NoteActivity, NoteClient, NoteDeal
from events.activity import ActivityHeld, ActivityPlanned, CallClassified
from events.client import ClientAffiliated, ClientClaimed, ClientRegistered, ClientReleased, LifecycleAdvanced
from events.deal import DealLost, DealOpened, DealWon
from events.pipeline import PipelineDefined
from events.staff import StaffHired
from events.values import CallStatus, Channel, ClientKind, Direction, Lifecycle, StaffRole
from tests.examples import ANNA, BORIS, CALL, LUTIK, MEETING, OLGA, ROAD, ROMASHKA, SALE, VERA, command, fact
from tests.story import Story, by, given, on

AS_ANNA, AS_VERA = by("seller", ANNA), by("head", VERA)
COMPANY = (
    on(ANNA, fact(StaffHired, name="Anna")),
    on(BORIS, fact(StaffHired, name="Boris")),
    on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD, head_id=None)),
    on(ROMASHKA, fact(ClientRegistered)),
    on(LUTIK, fact(ClientRegistered, name="Lutik", tax_id=None)),
    on(ROAD, fact(PipelineDefined)),
)
BORIS_OWNS = on(ROMASHKA, fact(ClientClaimed, owner_id=BORIS))
ANNA_OWNS = on(ROMASHKA, fact(ClientClaimed, owner_id=ANNA))
NOBODY_OWNS = on(ROMASHKA, fact(ClientClaimed, owner_id=BORIS), fact(ClientReleased))

OF_DEALS: tuple[Command, ...] = tuple(
    command(kind) for kind in (MoveDeal, RevalueDeal, HandOverDeal, WinDeal, LoseDeal)
)
OF_ACTIVITIES: tuple[Command, ...] = tuple(command(kind) for kind in (RescheduleActivity, HoldActivity, CancelActivity))


def boris_leads(**other: object) -> DealOpened:
    return fact(DealOpened, **{"seller_id": BORIS, "product_code": None, **other})


def boris_plans(**other: object) -> ActivityPlanned:
    return fact(
        ActivityPlanned, **{"staff_id": BORIS, "deal_id": None, "contact_id": None, "channel": Channel.CALL, **other}
    )


def asked_of_deals(*happened: object, command: Command) -> Story:
    to_anna = HandOverDeal(deal_id=SALE, to_seller_id=ANNA)
    return given(*COMPANY, *happened).when(to_anna if isinstance(command, HandOverDeal) else command, AS_ANNA)  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", OF_DEALS)
def test_a_seller_does_nothing_to_a_deal_of_somebody_else_s_client(asked: Command) -> None:
    asked_of_deals(BORIS_OWNS, on(SALE, boris_leads()), command=asked).then_refused(
        ClientIsOwnedError, client_id=ROMASHKA, owner_id=BORIS, owner_name="Boris"
    )


@pytest.mark.parametrize("asked", OF_DEALS)
@pytest.mark.parametrize("owned", [ANNA_OWNS, NOBODY_OWNS])
def test_a_seller_leads_what_is_of_a_client_of_their_own_or_of_nobody(asked: Command, owned: object) -> None:
    assert asked_of_deals(owned, on(SALE, boris_leads()), command=asked).refusal is None


@pytest.mark.parametrize("asked", OF_DEALS)
def test_a_deal_without_a_client_is_its_seller_s(asked: Command) -> None:
    asked_of_deals(on(SALE, boris_leads(client_id=None)), command=asked).then_refused(
        ActsForAnotherError, staff_id=BORIS
    )
    anna_leads = fact(DealOpened, seller_id=ANNA, client_id=None, product_code=None)
    assert asked_of_deals(on(SALE, anna_leads), command=asked).refusal is None


@pytest.mark.parametrize("asked", [*OF_DEALS, *OF_ACTIVITIES])
def test_a_head_stands_above(asked: Command) -> None:
    story = given(*COMPANY, BORIS_OWNS, on(SALE, boris_leads()), on(MEETING, boris_plans()))
    same = HandOverDeal(deal_id=SALE, to_seller_id=BORIS)
    assert story.when(same if isinstance(asked, HandOverDeal) else asked, AS_VERA).refusal is None


def test_a_lost_deal_of_somebody_else_s_client_is_not_reopened_and_no_deal_is_given_a_client_by_others() -> None:
    lost = (boris_leads(), fact(DealLost, seller_id=BORIS))
    reopen, name = command(ReopenDeal), NameDealClient(deal_id=SALE, client_id=LUTIK)
    given(*COMPANY, BORIS_OWNS, on(SALE, *lost)).when(reopen, AS_ANNA).then_refused(ClientIsOwnedError)
    given(*COMPANY, on(SALE, boris_leads(client_id=None))).when(name, AS_ANNA).then_refused(ActsForAnotherError)


@pytest.mark.parametrize("asked", OF_ACTIVITIES)
def test_a_seller_leaves_the_plans_of_somebody_else_s_client_alone(asked: Command) -> None:
    given(*COMPANY, BORIS_OWNS, on(MEETING, boris_plans())).when(asked, AS_ANNA).then_refused(
        ClientIsOwnedError, client_id=ROMASHKA
    )
    alone = boris_plans(client_id=None, contact_id=None)
    given(*COMPANY, on(MEETING, alone)).when(asked, AS_ANNA).then_refused(ActsForAnotherError, staff_id=BORIS)


@pytest.mark.parametrize("asked", OF_ACTIVITIES)
def test_ones_own_plans_are_ones_own_whoever_owns_the_client(asked: Command) -> None:
    planned = on(MEETING, boris_plans(staff_id=ANNA))
    assert given(*COMPANY, BORIS_OWNS, planned).when(asked, AS_ANNA).refusal is None


def test_a_contact_person_is_as_its_organisation() -> None:
    olga = on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None), fact(ClientAffiliated))
    plans = on(MEETING, boris_plans(client_id=None, contact_id=OLGA))
    cancel = command(CancelActivity)
    given(*COMPANY, olga, BORIS_OWNS, plans).when(cancel, AS_ANNA).then_refused(ClientIsOwnedError, client_id=ROMASHKA)
    assert given(*COMPANY, olga, ANNA_OWNS, plans).when(cancel, AS_ANNA).refusal is None


def test_serving_is_everybody_s() -> None:
    call = fact(
        ActivityHeld, staff_id=None, channel=Channel.CALL, direction=Direction.INBOUND, contact_id=None, is_offer=False
    )
    for asked in (
        ClassifyCall(activity_id=CALL, status=CallStatus.FINISHED),
        NoteActivity(activity_id=CALL, text="they will call back"),
        NoteClient(client_id=ROMASHKA, text="they move to Perm"),
        NoteDeal(deal_id=SALE, text="they ask for a discount"),
    ):
        happened = (BORIS_OWNS, on(CALL, call), on(SALE, boris_leads()))
        assert given(*COMPANY, *happened).when(asked, AS_ANNA).refusal is None


def test_where_the_relationship_stands_is_said_by_who_owns_it() -> None:
    advance = command(AdvanceLifecycle)
    given(*COMPANY, BORIS_OWNS).when(advance, AS_ANNA).then_refused(ClientIsOwnedError, client_id=ROMASHKA)
    for owned in (ANNA_OWNS, NOBODY_OWNS):
        assert given(*COMPANY, owned).when(advance, AS_ANNA).refusal is None
    assert given(*COMPANY, BORIS_OWNS).when(advance, AS_VERA).refusal is None


def test_somebody_else_s_touchpoint_is_not_given_another_client() -> None:
    held = fact(ActivityHeld, staff_id=BORIS, client_id=None, contact_id=None)
    nobody_s = fact(ActivityHeld, staff_id=None, client_id=None, contact_id=None)
    taken, taken_by_anna = (fact(CallClassified, staff_id=who) for who in (BORIS, ANNA))
    name = NameActivityClient(activity_id=CALL, client_id=ROMASHKA)
    for told in ((held,), (held, taken_by_anna), (nobody_s, taken, taken_by_anna)):
        given(*COMPANY, on(CALL, *told)).when(name, AS_ANNA).then_refused(ActsForAnotherError, staff_id=BORIS)


def test_a_lost_deal_lost_again_for_another_reason_is_refused_and_for_the_same_records_nothing() -> None:
    story = given(*COMPANY, on(SALE, boris_leads(seller_id=ANNA), fact(DealLost, reason="too dear", reason_code=None)))
    story.when(LoseDeal(deal_id=SALE, reason="too dear"), AS_ANNA).then_nothing()
    story.when(LoseDeal(deal_id=SALE, reason="a competitor"), AS_ANNA).then_refused(DealIsClosedError, status="lost")


def test_who_bought_is_a_customer_and_a_lost_one_is_won_back() -> None:
    story = given(*COMPANY, ANNA_OWNS, on(SALE, boris_leads(seller_id=ANNA))).when(command(WinDeal), AS_ANNA)
    assert story.stream(Client, ROMASHKA).lifecycle is Lifecycle.CUSTOMER
    [advanced] = [event for event in story.recorded if isinstance(event, LifecycleAdvanced)]
    assert (advanced.from_state, advanced.reason) == (Lifecycle.PROSPECT, "a deal was won")
    for state in (Lifecycle.CUSTOMER, Lifecycle.REGULAR):
        there = on(ROMASHKA, fact(LifecycleAdvanced, to_state=state))
        again = given(*COMPANY, there, on(SALE, boris_leads(seller_id=ANNA))).when(command(WinDeal), AS_ANNA)
        assert again.stream(Client, ROMASHKA).lifecycle is state


def test_a_won_deal_that_is_tied_later_makes_its_client_a_customer() -> None:
    won = (boris_leads(seller_id=ANNA, client_id=None), fact(DealWon, seller_id=ANNA))
    story = given(*COMPANY, on(SALE, *won)).when(NameDealClient(deal_id=SALE, client_id=LUTIK), AS_ANNA)
    assert story.stream(Client, LUTIK).lifecycle is Lifecycle.CUSTOMER
