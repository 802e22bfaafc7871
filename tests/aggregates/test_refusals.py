"""What a refusal tells: all that its message names, so that the caller knows whose fault it is and what to do."""

from typing import Any

import pytest

from aggregates.activity import (
    Activity,
    ActivityHasClientError,
    ActivityIsClosedError,
    ActivityIsNotHeldError,
    NotAnIncomingCallError,
    Touchpoint,
)
from aggregates.base import Aggregate, DomainError
from aggregates.client import Client
from aggregates.client_errors import (
    ClientHasNoOwnerError,
    ClientIsArchivedError,
    ClientIsOwnedError,
    ContactPointExistsError,
    ContactPointIsUnknownError,
    LastContactPointError,
    LifecycleRunsForwardError,
    ParentIsBelowError,
    ReasonNeededError,
)
from aggregates.deal import Deal, DealHasClientError, DealIsClosedError, WrongPipelineError
from aggregates.import_run import ImportDoesNotAddUpError, ImportIsFinishedError, ImportRun
from aggregates.pipeline import LastStageError, Pipeline, StageExistsError, StageIsRetiredError, StageIsUnknownError
from aggregates.product import Product, ProductIsWithdrawnError, product_id
from aggregates.staff import StaffDoesNotSellError, StaffHasDepartedError, StaffMember, SuccessorIsSelfError
from events.activity import ActivityCancelled, ActivityHeld, ActivityPlanned
from events.client import ClientArchived, ClientClaimed, ClientRegistered, ContactPointAdded, LifecycleAdvanced
from events.deal import DealOpened, DealWon
from events.import_run import ImportFinished, ImportStarted
from events.pipeline import PipelineDefined, StageAdded, StageRetired
from events.product import ProductListed, ProductWithdrawn
from events.staff import StaffDeparted, StaffHired
from events.values import CallStatus, Channel, Direction, Lifecycle, OwnershipCause, StaffRole
from tests.examples import (
    ANNA,
    BORIS,
    CALL,
    CONTRACT,
    EMAIL,
    FIRST_IMPORT,
    GTX,
    HOLDING,
    LATER,
    MEETING,
    OFFER,
    OTHER_ROAD,
    PHONE,
    ROAD,
    ROMASHKA,
    SALE,
    fact,
)
from tests.story import Told, given, moment, on

NUMBERS = {"rows": 8800, "accepted": 8799, "refused": 1, "wrong": 0}
REGISTERED, DEFINED, OPENED = fact(ClientRegistered), fact(PipelineDefined), fact(DealOpened)
ANNA_OWNS = fact(ClientClaimed)
ANNA_SELLS = given(on(ANNA, fact(StaffHired))).stream(StaffMember, ANNA)
BORIS_SELLS = given(on(BORIS, fact(StaffHired, name="Boris"))).stream(StaffMember, BORIS)
ROAD_NOW = given(on(ROAD, DEFINED, fact(StageAdded))).stream(Pipeline, ROAD)
OTHER_ROAD_NOW = given(on(OTHER_ROAD, DEFINED)).stream(Pipeline, OTHER_ROAD)
ROMASHKA_NOW = given(on(ROMASHKA, REGISTERED)).stream(Client, ROMASHKA)
CALLED_BY_US = Touchpoint(Channel.CALL, Direction.OUTBOUND, call_status=CallStatus.FINISHED)

Ask = Any
CASES: list[tuple[Told, type[Aggregate], Ask, type[DomainError], dict[str, Any]]] = [
    (
        on(MEETING, fact(ActivityCancelled)),
        Activity,
        lambda it: it.reschedule(LATER),
        ActivityIsClosedError,
        {"activity_id": MEETING, "status": "cancelled"},
    ),
    (
        on(MEETING, fact(ActivityPlanned)),
        Activity,
        lambda it: it.classify(CallStatus.FINISHED, staff_id=ANNA),
        ActivityIsNotHeldError,
        {"activity_id": MEETING, "status": "planned"},
    ),
    (
        on(MEETING, fact(ActivityHeld)),
        Activity,
        lambda it: it.classify(CallStatus.FINISHED, staff_id=ANNA),
        NotAnIncomingCallError,
        {"channel": "meeting", "direction": "outbound"},
    ),
    (
        on(CALL),
        Activity,
        lambda it: it.record(CALLED_BY_US),
        NotAnIncomingCallError,
        {"channel": "call", "direction": "outbound"},
    ),
    (
        on(CALL, fact(ActivityHeld)),
        Activity,
        lambda it: it.name_client(HOLDING),
        ActivityHasClientError,
        {"activity_id": CALL, "client_id": ROMASHKA},
    ),
    (
        on(ROMASHKA, REGISTERED, fact(ClientArchived)),
        Client,
        lambda it: it.rename("Lutik", source="x"),
        ClientIsArchivedError,
        {"client_id": ROMASHKA},
    ),
    (
        on(ROMASHKA, REGISTERED, ANNA_OWNS),
        Client,
        lambda it: it.check_claimable(BORIS, ANNA_SELLS, "Yekaterinburg"),
        ClientIsOwnedError,
        {
            "client_id": ROMASHKA,
            "owner_id": ANNA,
            "owner_name": "Anna",
            "branch": "Yekaterinburg",
            "since": moment(2),
        },
    ),
    (
        on(ROMASHKA, REGISTERED, ANNA_OWNS),
        Client,
        lambda it: it.claim(BORIS_SELLS, cause=OwnershipCause.CLAIM),
        ClientIsOwnedError,
        {
            "client_id": ROMASHKA,
            "owner_id": ANNA,
            "owner_name": None,
            "branch": None,
            "since": moment(2),
        },
    ),
    (
        on(ROMASHKA, REGISTERED),
        Client,
        lambda it: it.transfer(BORIS_SELLS, cause=OwnershipCause.CONFLICT, reason="x"),
        ClientHasNoOwnerError,
        {"client_id": ROMASHKA},
    ),
    (
        on(ROMASHKA, REGISTERED, fact(ContactPointAdded)),
        Client,
        lambda it: it.correct_contact_point(PHONE.kind, PHONE.key, EMAIL, source="x"),
        ContactPointExistsError,
        {"kind": "email"},
    ),
    (
        on(ROMASHKA, REGISTERED),
        Client,
        lambda it: it.correct_contact_point(EMAIL.kind, EMAIL.key, EMAIL, source="x"),
        ContactPointIsUnknownError,
        {"kind": "email"},
    ),
    (
        on(ROMASHKA, REGISTERED),
        Client,
        lambda it: it.remove_contact_point(PHONE.kind, PHONE.key),
        LastContactPointError,
        {"client_id": ROMASHKA},
    ),
    (
        on(HOLDING, REGISTERED),
        Client,
        lambda it: it.declare_subsidiary_of(ROMASHKA_NOW, is_below=True),
        ParentIsBelowError,
        {"client_id": HOLDING, "parent_id": ROMASHKA},
    ),
    (
        on(HOLDING, REGISTERED),
        Client,
        lambda it: it.check_parent(HOLDING, is_below=True),
        ParentIsBelowError,
        {"client_id": HOLDING, "parent_id": HOLDING},
    ),
    (
        on(ROMASHKA, REGISTERED, fact(LifecycleAdvanced)),
        Client,
        lambda it: it.advance_to(Lifecycle.PROSPECT),
        LifecycleRunsForwardError,
        {"from_state": "contacted", "to_state": "prospect"},
    ),
    (
        on(ROMASHKA, REGISTERED),
        Client,
        lambda it: it.advance_to(Lifecycle.LOST),
        ReasonNeededError,
        {"to_state": "lost"},
    ),
    (
        on(SALE, OPENED, fact(DealWon)),
        Deal,
        lambda it: it.move_to("contract", ROAD_NOW),
        DealIsClosedError,
        {"deal_id": SALE, "status": "won"},
    ),
    (
        on(SALE, OPENED),
        Deal,
        lambda it: it.name_client(HOLDING),
        DealHasClientError,
        {"deal_id": SALE, "client_id": ROMASHKA},
    ),
    (
        on(SALE, OPENED),
        Deal,
        lambda it: it.move_to("contract", OTHER_ROAD_NOW),
        WrongPipelineError,
        {"deal_id": SALE, "pipeline_id": ROAD},
    ),
    (
        on(ROAD, DEFINED, fact(StageRetired)),
        Pipeline,
        lambda it: it.check_enterable("offer"),
        StageIsRetiredError,
        {"pipeline": "Retail", "stage": "offer", "stages": ("contract",)},
    ),
    (
        on(ROAD, DEFINED),
        Pipeline,
        lambda it: it.retire_stage("payment"),
        StageIsUnknownError,
        {"pipeline": "Retail", "stage": "payment", "stages": ("offer", "contract")},
    ),
    (
        on(ROAD, DEFINED, fact(StageRetired)),
        Pipeline,
        lambda it: it.add_stage(OFFER),
        StageExistsError,
        {"pipeline": "Retail", "stage": "offer"},
    ),
    (
        on(ROAD),
        Pipeline,
        lambda it: it.define(name="Retail", stages=(CONTRACT, OFFER, OFFER)),
        StageExistsError,
        {"pipeline": "Retail", "stage": "offer"},
    ),
    (
        on(ROAD, DEFINED, fact(StageRetired)),
        Pipeline,
        lambda it: it.retire_stage("contract"),
        LastStageError,
        {"pipeline": "Retail", "stage": "contract"},
    ),
    (
        on(product_id(GTX), fact(ProductListed), fact(ProductWithdrawn)),
        Product,
        lambda it: it.rename("GTX"),
        ProductIsWithdrawnError,
        {"code": GTX},
    ),
    (
        on(ANNA, fact(StaffHired), fact(StaffDeparted)),
        StaffMember,
        lambda it: it.change_role(StaffRole.HEAD),
        StaffHasDepartedError,
        {"staff_id": ANNA, "staff_name": "Anna", "since": moment(2)},
    ),
    (
        on(ANNA, fact(StaffHired, role=StaffRole.OPERATOR)),
        StaffMember,
        lambda it: it.check_sells(),
        StaffDoesNotSellError,
        {"staff_id": ANNA, "staff_name": "Anna", "role": "operator"},
    ),
    (
        on(ANNA, fact(StaffHired)),
        StaffMember,
        lambda it: it.depart(successor=it),
        SuccessorIsSelfError,
        {"staff_id": ANNA},
    ),
    (
        on(FIRST_IMPORT, fact(ImportStarted), fact(ImportFinished)),
        ImportRun,
        lambda it: it.finish(rows=1, accepted=1, refused=0, wrong=0),
        ImportIsFinishedError,
        NUMBERS,
    ),
    (
        on(FIRST_IMPORT, fact(ImportStarted)),
        ImportRun,
        lambda it: it.finish(rows=9, accepted=4, refused=3, wrong=1),
        ImportDoesNotAddUpError,
        {"rows": 9, "accepted": 4, "refused": 3, "wrong": 1},
    ),
]


@pytest.mark.parametrize(("told", "kind", "ask", "error", "facts"), CASES, ids=lambda one: getattr(one, "code", ""))
def test_a_refusal_tells_all_that_its_message_names(
    told: Told, kind: type[Aggregate], ask: Ask, error: type[DomainError], facts: dict[str, Any]
) -> None:
    story = given(told).when_asked(kind, told.stream_id, ask).then_refused(error)

    assert story.refusal is not None
    assert story.refusal.facts == facts
    assert str(story.refusal) == error.code
