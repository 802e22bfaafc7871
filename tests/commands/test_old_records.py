"""Old records: on their own days, accepted as it happened, or refused as the rule would have if it is strict."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from aggregates.base import AlreadyExistsError, NotFoundError
from aggregates.client import Client
from aggregates.client_errors import ClientIsOwnedError, ParentIsBelowError
from aggregates.import_run import ImportDoesNotAddUpError, ImportIsFinishedError
from aggregates.product import product_id
from commands.activity import ImportActivity
from commands.client import ImportClient
from commands.deal import ImportDeal
from commands.import_run import FinishImport, StartImport
from commands.product import ImportProduct
from commands.staff import ImportStaff
from events.activity import ActivityHeld
from events.branch import BranchOpened
from events.client import ClientAffiliated, ClientClaimed, ClientRegistered, LifecycleAdvanced, SubsidiaryDeclared
from events.deal import DealLost, DealOpened, DealWon
from events.examples import PERM
from events.import_run import ImportFinished, ImportStarted
from events.pipeline import PipelineDefined
from events.product import ProductListed
from events.staff import StaffDeparted, StaffHired
from events.values import Channel, ClientKind, Direction, Lifecycle, OwnershipCause, StaffRole
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
    command,
    fact,
)
from tests.story import TODAY, by, given, on

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


def test_an_old_open_deal_keeps_its_amount() -> None:
    ask = command(ImportDeal, outcome="none", closed_at=None)
    opened = OPENED.model_copy(update={"amount": PRICE})
    given(*COMPANY).when(ask, AS_IMPORT).then(on(SALE, opened), on(ROMASHKA, CLAIMED))


def test_a_deal_of_somebody_unknown_is_refused() -> None:
    given(*COMPANY[1:]).when(WON_THEN, AS_IMPORT).then_refused(NotFoundError, kind="staff", id=ANNA)


def test_a_deal_of_somebody_who_left_since_is_accepted() -> None:
    given(*COMPANY, on(ANNA, StaffDeparted())).when(WON_THEN, AS_IMPORT).then(
        on(SALE, OPENED, WON), on(ROMASHKA, CLAIMED, BOUGHT)
    )


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
