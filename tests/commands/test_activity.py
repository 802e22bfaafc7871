"""Touchpoints: what a person must tell, what a machine need not, and what is planned first."""

from typing import Any

import pytest

from aggregates.activity import (
    Activity,
    ActivityHasClientError,
    ActivityIsClosedError,
    ActivityIsNotHeldError,
    CallStatusNeededError,
    MeetingIsIncompleteError,
    NotAnIncomingCallError,
    OfferIsInboundError,
)
from aggregates.base import NotFoundError
from aggregates.staff import ActsForAnotherError, StaffHasDepartedError
from commands.activity import (
    CancelActivity,
    ClassifyCall,
    HoldActivity,
    NameActivityClient,
    PlanActivity,
    RecordActivity,
    RescheduleActivity,
)
from commands.approach import StaffIdNeededError
from commands.note import NoteActivity
from events.activity import (
    ActivityCancelled,
    ActivityHeld,
    ActivityNoted,
    ActivityPlanned,
    ActivityRescheduled,
    CallClassified,
)
from events.client import ClientRegistered
from events.staff import StaffDeparted, StaffHired
from events.values import CallStatus, Channel, ClientKind, Direction, StaffRole
from tests.examples import ANNA, BORIS, CALL, LUTIK, MEETING, OLGA, ROMASHKA, VERA, command, fact
from tests.story import by, given, on

COMPANY = (
    on(ANNA, fact(StaffHired)),
    on(VERA, fact(StaffHired, role=StaffRole.HEAD)),
    on(ROMASHKA, fact(ClientRegistered)),
    on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None)),
)
AS_ANNA = by("seller", ANNA)
PLANNED = on(MEETING, fact(ActivityPlanned))
HELD = on(MEETING, fact(ActivityHeld))
CANCELLED = on(MEETING, fact(ActivityCancelled))
INCOMING = command(RecordActivity)
BARE: dict[str, Any] = {"contact_name": None, "contact_data": None, "topic": None, "result": None}
CALLED = fact(
    ActivityHeld,
    **{**BARE, "channel": Channel.CALL, "direction": Direction.INBOUND, "topic": "Delivery"},
    call_status=CallStatus.TAKEN_TO_WORK,
)
MET = RecordActivity(
    activity_id=MEETING,
    channel=Channel.MEETING,
    direction=Direction.OUTBOUND,
    client_id=ROMASHKA,
    contact_name="Olga Petrova",
    contact_data="+7 922 325-12-93",
    topic="Contract",
    result="Agreed on the price",
)


def test_a_meeting_is_planned() -> None:
    given(*COMPANY).when(command(PlanActivity), AS_ANNA).then(PLANNED)


def test_a_meeting_is_not_planned_with_somebody_unknown() -> None:
    given(*COMPANY).when(command(PlanActivity, client_id=LUTIK), AS_ANNA).then_refused(NotFoundError, kind="client")


def test_the_departed_plan_nothing() -> None:
    gone = on(ANNA, StaffDeparted())
    given(*COMPANY, gone).when(command(PlanActivity), AS_ANNA).then_refused(StaffHasDepartedError)


def test_a_head_plans_for_a_seller_and_a_seller_for_nobody_else() -> None:
    given(*COMPANY).when(command(PlanActivity, staff_id=ANNA), by("head", VERA)).then(PLANNED)
    story = given(*COMPANY).when(command(PlanActivity, staff_id=VERA), AS_ANNA)
    story.then_refused(ActsForAnotherError, staff_id=VERA)


def test_who_is_nobody_on_the_staff_says_whose_work_it_is() -> None:
    given(*COMPANY).when(command(PlanActivity), by("admin", "letopis")).then_refused(StaffIdNeededError)


def test_a_plan_is_put_off_once() -> None:
    later = on(MEETING, fact(ActivityRescheduled))
    given(PLANNED).when(command(RescheduleActivity)).then(later)
    given(PLANNED, later).when(command(RescheduleActivity)).then_nothing()
    given(PLANNED, HELD).when(command(RescheduleActivity)).then_refused(ActivityIsClosedError)


def test_a_planned_meeting_is_held_with_whom_and_about_what_was_planned() -> None:
    held = fact(ActivityHeld, contact_id=OLGA, contact_name=None, contact_data=None, was_planned=True)
    given(*COMPANY, PLANNED).when(command(HoldActivity), AS_ANNA).then(on(MEETING, held))


def test_what_was_held_or_cancelled_is_not_held_again() -> None:
    given(*COMPANY, PLANNED, HELD).when(command(HoldActivity), AS_ANNA).then_refused(ActivityIsClosedError)
    given(*COMPANY, PLANNED, CANCELLED).when(command(HoldActivity), AS_ANNA).then_refused(ActivityIsClosedError)


def test_a_planned_meeting_is_not_held_without_a_result() -> None:
    story = given(*COMPANY, PLANNED).when(command(HoldActivity, result=None), AS_ANNA)
    story.then_refused(MeetingIsIncompleteError, missing=["result"])


def test_a_meeting_told_in_one_go_is_recorded() -> None:
    given(*COMPANY).when(MET, AS_ANNA).then(HELD)


@pytest.mark.parametrize("missing", ["contact_name", "contact_data", "topic", "result"])
def test_a_meeting_needs_person_contact_topic_and_result(missing: str) -> None:
    story = given(*COMPANY).when(MET.model_copy(update={missing: None}), AS_ANNA)
    story.then_refused(MeetingIsIncompleteError, missing=[missing])


def test_a_known_contact_person_says_name_and_contact() -> None:
    ask = MET.model_copy(update={"contact_name": None, "contact_data": None, "contact_id": OLGA})
    held = fact(ActivityHeld, contact_name=None, contact_data=None, contact_id=OLGA)
    given(*COMPANY).when(ask, AS_ANNA).then(on(MEETING, held))


def test_an_incoming_call_is_recorded_with_one_status() -> None:
    given(*COMPANY).when(INCOMING, AS_ANNA).then(on(CALL, CALLED))


def test_an_incoming_call_without_a_status_is_refused() -> None:
    story = given(*COMPANY).when(INCOMING.model_copy(update={"call_status": None}), AS_ANNA)
    story.then_refused(CallStatusNeededError, statuses=["taken_to_work", "finished", "misdial"])


def test_a_misdial_needs_nothing_more() -> None:
    ask = RecordActivity(
        activity_id=CALL, channel=Channel.CALL, direction=Direction.INBOUND, call_status=CallStatus.MISDIAL
    )
    misdial = ActivityHeld(
        channel=Channel.CALL, direction=Direction.INBOUND, staff_id=ANNA, call_status=CallStatus.MISDIAL
    )
    story = given(*COMPANY).when(ask, AS_ANNA).then(on(CALL, misdial))
    assert story.recorded[0].parties == (CALL,)


def test_a_call_that_enters_by_machine_is_classified_later() -> None:
    ask = INCOMING.model_copy(update={"call_status": None})
    waiting = CALLED.model_copy(update={"call_status": None, "staff_id": None})
    given(*COMPANY).when(ask, by("integration", "telephony")).then(on(CALL, waiting))


def test_only_an_incoming_call_has_a_call_status() -> None:
    ask = INCOMING.model_copy(update={"direction": Direction.OUTBOUND})
    given(*COMPANY).when(ask, AS_ANNA).then_refused(NotAnIncomingCallError)


def test_an_offer_does_not_come_in() -> None:
    ask = INCOMING.model_copy(update={"is_offer": True})
    given(*COMPANY).when(ask, AS_ANNA).then_refused(OfferIsInboundError)


def test_a_call_is_classified_once() -> None:
    classified = on(CALL, fact(CallClassified))
    given(*COMPANY, on(CALL, CALLED)).when(command(ClassifyCall), AS_ANNA).then(classified)
    given(*COMPANY, on(CALL, CALLED), classified).when(command(ClassifyCall), AS_ANNA).then_nothing()


def test_a_policy_classifies_for_whoever_took_the_call() -> None:
    given(*COMPANY, on(CALL, CALLED)).when(command(ClassifyCall), by("policy", "call-classification")).then(
        on(CALL, fact(CallClassified))
    )


def test_only_a_call_that_came_in_is_classified() -> None:
    outgoing = on(CALL, CALLED.model_copy(update={"direction": Direction.OUTBOUND, "call_status": None}))
    given(*COMPANY, outgoing).when(command(ClassifyCall), AS_ANNA).then_refused(NotAnIncomingCallError)
    planned = on(CALL, fact(ActivityPlanned, channel=Channel.CALL, direction=Direction.INBOUND))
    given(*COMPANY, planned).when(command(ClassifyCall), AS_ANNA).then_refused(ActivityIsNotHeldError)


def test_a_touchpoint_is_with_one_client() -> None:
    known = on(CALL, CALLED)
    given(*COMPANY, known).when(command(NameActivityClient), AS_ANNA).then_nothing()
    other = on(LUTIK, fact(ClientRegistered))
    story = given(*COMPANY, known, other).when(command(NameActivityClient, client_id=LUTIK), AS_ANNA)
    story.then_refused(ActivityHasClientError, client_id=ROMASHKA)


def test_a_touchpoint_joins_the_clients_history_once_the_client_is_named() -> None:
    nameless = on(CALL, CALLED.model_copy(update={"client_id": None, "contact_id": OLGA}))
    story = given(*COMPANY, nameless).when(command(NameActivityClient), AS_ANNA)
    assert story.stream(Activity, CALL).client_id == ROMASHKA
    assert story.recorded[0].parties == (ROMASHKA, OLGA)
    assert story.recorded[0].subject_id == ROMASHKA


def test_a_note_is_added_whatever_became_of_the_activity() -> None:
    for facts in ((PLANNED,), (PLANNED, HELD), (PLANNED, CANCELLED)):
        given(*facts).when(command(NoteActivity, activity_id=MEETING)).then(on(MEETING, fact(ActivityNoted)))


def test_a_plan_is_cancelled_once_and_never_after_it_was_held() -> None:
    given(PLANNED).when(command(CancelActivity)).then(CANCELLED)
    given(PLANNED, CANCELLED).when(command(CancelActivity)).then_nothing()
    given(PLANNED, HELD).when(command(CancelActivity)).then_refused(ActivityIsClosedError)


def test_somebody_never_hired_records_nothing() -> None:
    given(*COMPANY).when(INCOMING, by("seller", BORIS)).then_refused(NotFoundError, kind="staff", id=BORIS)
