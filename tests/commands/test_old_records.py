"""Old records: on their own days, accepted as it happened, or refused as the rule would have if it is strict."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from aggregates.base import AlreadyExistsError, NotFoundError
from aggregates.client import Client
from aggregates.client_errors import ClientIsOwnedError, OwnershipOutOfOrderError, ParentIsBelowError
from aggregates.import_run import ImportDoesNotAddUpError, ImportIsFinishedError
from aggregates.product import product_id
from commands.activity import ImportActivity
from commands.client import ImportClient
from commands.deal_import import ImportDeal
from commands.import_run import FinishImport, StartImport
from commands.product import ImportProduct
from commands.staff import ImportStaff
from events.activity import ActivityHeld
from events.branch import BranchOpened
from events.client import (
    ClientAffiliated,
    ClientClaimed,
    ClientRegistered,
    ClientReleased,
    ClientTransferred,
    LifecycleAdvanced,
    SubsidiaryDeclared,
)
from events.deal import DealHandedOver, DealLost, DealOpened, DealWon
from events.examples import PERM
from events.import_run import ImportFinished, ImportStarted
from events.pipeline import PipelineDefined
from events.product import ProductListed
from events.staff import StaffDeparted, StaffHired, StaffMoved, StaffRoleChanged
from events.values import Channel, ClientKind, Direction, Lifecycle, LossReason, OwnershipCause, StaffRole
from tests.examples import (
    ANNA,
    BORIS,
    CALL,
    FIRST_IMPORT,
    GTX,
    HOLDING,
    LUTIK,
    OLGA,
    PRICE,
    ROAD,
    ROMASHKA,
    SALE,
    VERA,
    command,
    fact,
)
from tests.story import TODAY, Story, Told, by, given, on

COMPANY = (
    on(ANNA, fact(StaffHired)),
    on(BORIS, fact(StaffHired, name="Boris", branch_id=PERM)),
    on(PERM, fact(BranchOpened, name="Perm")),
    on(ROAD, fact(PipelineDefined)),
    on(ROMASHKA, ClientRegistered(kind=ClientKind.ORGANISATION, name="Romashka", source="maven-crm")),
)
BORIS_OWNS = on(ROMASHKA, fact(ClientClaimed, owner_id=BORIS))
AS_IMPORT = by("import", "maven-crm")
ENGAGED = datetime(2016, 10, 20, tzinfo=UTC)
CLOSED = datetime(2017, 3, 1, tzinfo=UTC)
LEFT = datetime(2018, 5, 4, tzinfo=UTC)
OPENED = DealOpened(client_id=ROMASHKA, seller_id=ANNA, pipeline_id=ROAD, stage="contract", external_id="1C1I7A6R")
UNDATED = OPENED.model_copy(update={"date_unknown": True})
WON = DealWon(from_stage="contract", amount=PRICE, seller_id=ANNA)
CLAIMED = ClientClaimed(owner_id=ANNA, cause=OwnershipCause.IMPORT)
BOUGHT = LifecycleAdvanced(from_state=Lifecycle.PROSPECT, to_state=Lifecycle.CUSTOMER, reason="a deal was won")
WON_THEN = command(ImportDeal)
STRICT = command(ImportDeal, strict=True)


@pytest.mark.parametrize("ask", [WON_THEN, STRICT], ids=["as it happened", "strict"])
def test_an_old_deal_claims_a_free_client_each_fact_on_its_own_day(ask: ImportDeal) -> None:
    story = given(*COMPANY).when(ask, AS_IMPORT).then(on(SALE, OPENED, WON), on(ROMASHKA, CLAIMED, BOUGHT))
    assert [event.occurred_at for event in story.recorded] == [ENGAGED, CLOSED, ENGAGED, CLOSED]
    assert story.stream(Client, ROMASHKA).owned_since == ENGAGED


def test_an_old_deal_on_somebody_elses_client_is_accepted_as_it_happened() -> None:
    given(*COMPANY, BORIS_OWNS).when(WON_THEN, AS_IMPORT).then(on(SALE, OPENED, WON), on(ROMASHKA, BOUGHT))


def test_strictly_an_old_deal_on_somebody_elses_client_is_refused_with_the_owners_name() -> None:
    story = given(*COMPANY, BORIS_OWNS).when(STRICT, AS_IMPORT)
    story.then_refused(ClientIsOwnedError, client_id=ROMASHKA, owner_name="Boris", branch="Perm")


def test_an_undated_deal_neither_claims_nor_is_refused_and_says_that_its_date_is_unknown() -> None:
    ask = command(ImportDeal, strict=True, engaged_at=None, closed_at=None, outcome="none", amount=None)
    given(*COMPANY, BORIS_OWNS).when(ask, AS_IMPORT).then(on(SALE, UNDATED))
    story = given(*COMPANY).when(ask, AS_IMPORT).then(on(SALE, UNDATED))
    assert story.recorded[0].occurred_at == TODAY


def test_a_deal_without_a_client_neither_claims_nor_is_refused() -> None:
    ask = command(ImportDeal, strict=True, client_id=None)
    opened = OPENED.model_copy(update={"client_id": None})
    given(*COMPANY, BORIS_OWNS).when(ask, AS_IMPORT).then(on(SALE, opened, WON))


def test_an_old_loss_without_a_reason_says_that_none_was_stated() -> None:
    ask = command(ImportDeal, outcome="lost", amount=None)
    lost = DealLost(from_stage="contract", reason="not stated", seller_id=ANNA)
    given(*COMPANY).when(ask, AS_IMPORT).then(on(SALE, OPENED, lost), on(ROMASHKA, CLAIMED))
    coded = ask.model_copy(update={"lost_reason_code": LossReason.PRICE})
    lost = DealLost(from_stage="contract", reason_code=LossReason.PRICE, seller_id=ANNA)
    given(*COMPANY).when(coded, AS_IMPORT).then(on(SALE, OPENED, lost), on(ROMASHKA, CLAIMED))


def test_an_old_open_deal_keeps_its_amount() -> None:
    ask = command(ImportDeal, outcome="none", closed_at=None)
    opened = OPENED.model_copy(update={"amount": PRICE})
    given(*COMPANY).when(ask, AS_IMPORT).then(on(SALE, opened), on(ROMASHKA, CLAIMED))


def test_a_deal_of_somebody_unknown_is_refused() -> None:
    given(*COMPANY[1:]).when(WON_THEN, AS_IMPORT).then_refused(NotFoundError, kind="staff", id=ANNA)


def left(**heirs: Any) -> Told:
    return on(ANNA, StaffDeparted(**heirs), occurred_at=LEFT)


def free() -> ClientReleased:
    return ClientReleased(from_owner_id=ANNA, cause=OwnershipCause.DEPARTURE, reason="the owner departed")


def passed_on(heir: UUID) -> ClientTransferred:
    cause, reason = OwnershipCause.DEPARTURE, "the owner departed"
    return ClientTransferred(from_owner_id=ANNA, to_owner_id=heir, cause=cause, reason=reason)


def test_the_client_of_somebody_who_left_since_is_free_from_that_day_on() -> None:
    story = given(*COMPANY, left()).when(WON_THEN, AS_IMPORT)
    story.then(on(SALE, OPENED, WON), on(ROMASHKA, CLAIMED, free(), BOUGHT))
    assert [event.occurred_at for event in story.recorded][:4] == [ENGAGED, CLOSED, ENGAGED, LEFT]


def test_an_offer_of_somebody_who_left_since_leaves_no_owner_who_is_gone() -> None:
    story = given(*COMPANY, left()).when(OFFER, AS_IMPORT)
    story.then(on(CALL, OFFERED), on(ROMASHKA, CLAIMED, free()))


def test_the_client_of_somebody_who_left_since_is_the_successors_else_the_heads() -> None:
    story = given(*COMPANY, left(successor_id=BORIS)).when(WON_THEN, AS_IMPORT)
    story.then(on(SALE, OPENED, WON), on(ROMASHKA, CLAIMED, passed_on(BORIS), BOUGHT))
    vera = on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD, head_id=None))
    story = given(*COMPANY, vera, on(ANNA, fact(StaffMoved, to_head_id=VERA)), left()).when(WON_THEN, AS_IMPORT)
    story.then(on(SALE, OPENED, WON), on(ROMASHKA, CLAIMED, passed_on(VERA), BOUGHT))


def test_old_records_leave_no_client_with_whom_sells_no_more() -> None:
    no_more = on(ANNA, StaffRoleChanged(from_role=StaffRole.SELLER, to_role=StaffRole.MARKETER))
    story = given(*COMPANY, no_more).when(WON_THEN, AS_IMPORT)
    reason = "the owner does not sell any more"
    released = ClientReleased(from_owner_id=ANNA, cause=OwnershipCause.ROLE, reason=reason)
    story.then(on(SALE, OPENED, WON), on(ROMASHKA, CLAIMED, released, BOUGHT))
    assert story.recorded[-2].occurred_at == TODAY


def test_an_open_deal_of_somebody_who_left_since_goes_where_the_client_goes() -> None:
    open_deal = command(ImportDeal, outcome="none", closed_at=None)
    opened = OPENED.model_copy(update={"amount": PRICE})
    to_boris = DealHandedOver(from_seller_id=ANNA, to_seller_id=BORIS, reason="goes with the client")
    story = given(*COMPANY, left(successor_id=BORIS)).when(open_deal, AS_IMPORT)
    story.then(on(SALE, opened, to_boris), on(ROMASHKA, CLAIMED, passed_on(BORIS)))
    assert story.recorded[1].occurred_at == LEFT
    # The client of another takes the deal along, whoever the successor would be.
    theirs = on(ROMASHKA, fact(ClientClaimed, owner_id=BORIS))
    given(*COMPANY, theirs, left()).when(open_deal, AS_IMPORT).then(on(SALE, opened, to_boris))
    alone = open_deal.model_copy(update={"client_id": None})
    gone = DealHandedOver(from_seller_id=ANNA, to_seller_id=BORIS, reason="whoever led it does not any more")
    story = given(*COMPANY, left(successor_id=BORIS)).when(alone, AS_IMPORT)
    story.then(on(SALE, opened.model_copy(update={"client_id": None}), gone))
    # Where nobody is there to take it, it stays; a deal that has ended is nobody's work any more.
    given(*COMPANY, left()).when(open_deal, AS_IMPORT).then(on(SALE, opened), on(ROMASHKA, CLAIMED, free()))


def topics(story: Story) -> list[str]:
    return [event.TOPIC for event in story.recorded]


WITHOUT_A_CLAIM = ["deal.opened", "deal.won", "client.lifecycle_advanced"]


def test_a_client_who_became_free_later_was_not_free_on_the_day_of_an_old_deal() -> None:
    owned = (*COMPANY, left(), on(ROMASHKA, CLAIMED, free(), occurred_at=LEFT))
    before = command(ImportDeal, seller_id=BORIS, external_id="2", engaged_at=datetime(2017, 1, 5, tzinfo=UTC))
    assert topics(given(*owned).when(before, AS_IMPORT)) == WITHOUT_A_CLAIM
    strict = before.model_copy(update={"strict": True})
    given(*owned).when(strict, AS_IMPORT).then_refused(OwnershipOutOfOrderError)
    own = strict.model_copy(update={"seller_id": ANNA})
    assert topics(given(*owned).when(own, AS_IMPORT)) == WITHOUT_A_CLAIM
    after = before.model_copy(update={"engaged_at": LEFT, "closed_at": LEFT, "strict": True})
    assert "client.claimed" in topics(given(*owned).when(after, AS_IMPORT))


def test_one_who_passed_a_client_on_later_had_it_on_the_day_of_an_old_deal() -> None:
    owned = (left(successor_id=BORIS), on(ROMASHKA, CLAIMED, passed_on(BORIS), occurred_at=LEFT))
    assert topics(given(*COMPANY, *owned).when(STRICT, AS_IMPORT)) == WITHOUT_A_CLAIM


def test_the_same_old_deal_enters_once() -> None:
    given(*COMPANY, on(SALE, OPENED)).when(WON_THEN, AS_IMPORT).then_refused(AlreadyExistsError, kind="deal", id=SALE)


def test_a_deal_does_not_end_before_it_begins_and_is_won_for_an_amount() -> None:
    with pytest.raises(ValidationError, match="before engaged_at"):
        command(ImportDeal, engaged_at=CLOSED, closed_at=ENGAGED)
    with pytest.raises(ValidationError, match="needs its amount"):
        command(ImportDeal, amount=None)


def test_an_old_client_may_have_no_phone_and_a_parent_that_is_entered_later() -> None:
    ask = command(ImportClient, parent_id=HOLDING, external_id="Romashka", date_unknown=True)
    registered = ClientRegistered(
        kind=ClientKind.ORGANISATION,
        name="Romashka",
        source="maven-crm",
        external_id="Romashka",
        date_unknown=True,
    )
    given().when(ask, AS_IMPORT).then(on(ROMASHKA, registered, SubsidiaryDeclared(parent_id=HOLDING)))


def test_old_records_make_no_circle_of_parents() -> None:
    below = (on(HOLDING, fact(ClientRegistered, tax_id=None), SubsidiaryDeclared(parent_id=LUTIK)),)
    middle = on(LUTIK, fact(ClientRegistered, tax_id=None), SubsidiaryDeclared(parent_id=ROMASHKA))
    ask = command(ImportClient, parent_id=HOLDING, external_id="Romashka")
    given(*below, middle).when(ask, AS_IMPORT).then_refused(ParentIsBelowError, parent_id=HOLDING)


def test_an_old_client_is_not_its_own_parent() -> None:
    with pytest.raises(ValidationError, match="belong to itself"):
        command(ImportClient, parent_id=ROMASHKA)
    with pytest.raises(ValidationError, match="only a person"):
        command(ImportClient, organisation_id=HOLDING)


def test_an_old_contact_person_comes_with_the_organisation() -> None:
    ask = command(ImportClient, client_id=OLGA, kind=ClientKind.PERSON, name="Olga", organisation_id=ROMASHKA)
    registered = ClientRegistered(kind=ClientKind.PERSON, name="Olga", source="maven-crm")
    affiliated = fact(ClientAffiliated, role="other")
    given(*COMPANY).when(ask, AS_IMPORT).then(on(OLGA, registered, affiliated))


def test_an_old_staff_member_may_have_left_since() -> None:
    ask = command(ImportStaff, occurred_at=ENGAGED, departed_at=CLOSED)
    hired = StaffHired(name="Anna", role=StaffRole.SELLER, date_unknown=True)
    story = given().when(ask, AS_IMPORT).then(on(ANNA, hired, StaffDeparted()))
    assert [event.occurred_at for event in story.recorded] == [ENGAGED, CLOSED]


def test_an_old_product_comes_with_its_other_spellings() -> None:
    listed = ProductListed(code=GTX, name="GTX Pro", aliases=("GTXPro",))
    given().when(command(ImportProduct), AS_IMPORT).then(on(product_id(GTX), listed))


OFFER = ImportActivity(
    import_id=FIRST_IMPORT,
    activity_id=CALL,
    channel=Channel.EMAIL,
    direction=Direction.OUTBOUND,
    staff_id=ANNA,
    client_id=ROMASHKA,
    is_offer=True,
    occurred_at=ENGAGED,
)
OFFERED = ActivityHeld(
    channel=Channel.EMAIL, direction=Direction.OUTBOUND, staff_id=ANNA, client_id=ROMASHKA, is_offer=True
)


def test_an_old_dated_offer_claims_a_free_client() -> None:
    story = given(*COMPANY).when(OFFER, AS_IMPORT).then(on(CALL, OFFERED), on(ROMASHKA, CLAIMED))
    assert {event.occurred_at for event in story.recorded} == {ENGAGED}


def test_an_old_offer_to_somebody_elses_client_is_accepted_unless_strict() -> None:
    given(*COMPANY, BORIS_OWNS).when(OFFER, AS_IMPORT).then(on(CALL, OFFERED))
    strict = OFFER.model_copy(update={"strict": True})
    given(*COMPANY, BORIS_OWNS).when(strict, AS_IMPORT).then_refused(ClientIsOwnedError)


def test_an_undated_offer_claims_nobody() -> None:
    undated = OFFER.model_copy(update={"date_unknown": True, "strict": True})
    offered = OFFERED.model_copy(update={"date_unknown": True})
    given(*COMPANY, BORIS_OWNS).when(undated, AS_IMPORT).then(on(CALL, offered))


def test_an_old_meeting_may_be_as_incomplete_as_it_was_kept() -> None:
    ask = ImportActivity(
        import_id=FIRST_IMPORT,
        activity_id=CALL,
        channel=Channel.MEETING,
        direction=Direction.OUTBOUND,
        client_id=ROMASHKA,
    )
    met = ActivityHeld(channel=Channel.MEETING, direction=Direction.OUTBOUND, client_id=ROMASHKA)
    given(*COMPANY).when(ask, AS_IMPORT).then(on(CALL, met))


def test_an_import_accounts_for_every_row_once() -> None:
    started, finished = on(FIRST_IMPORT, fact(ImportStarted)), on(FIRST_IMPORT, fact(ImportFinished))
    given().when(command(StartImport), AS_IMPORT).then(started)
    given(started).when(command(FinishImport), AS_IMPORT).then(finished)
    given(started, finished).when(command(FinishImport), AS_IMPORT).then_nothing()
    other = command(FinishImport, accepted=8798, refused=2)
    given(started, finished).when(other, AS_IMPORT).then_refused(ImportIsFinishedError, accepted=8799)
    lost = command(FinishImport, accepted=8798)
    given(started).when(lost, AS_IMPORT).then_refused(ImportDoesNotAddUpError, rows=8800)
