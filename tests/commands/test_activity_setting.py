"""The setting of an activity: how long it takes, where it is, who else takes part; how a mistake is mended."""

from typing import Any

import pytest
from pydantic import ValidationError

from aggregates.activity import ActivityIsClosedError
from aggregates.base import NotFoundError
from aggregates.client_errors import ClientIsOwnedError
from commands.activity import HoldActivity, PlanActivity, RecordActivity
from commands.activity_setting import CorrectActivity
from commands.note import NoteActivity
from events.activity import ActivityCancelled, ActivityCorrected, ActivityHeld, ActivityPlanned
from events.client import ClientClaimed, ClientRegistered
from events.staff import StaffHired
from events.values import Channel, ClientKind, Direction
from tests.examples import ANNA, BORIS, CALL, LUTIK, MEETING, OLGA, ROMASHKA, VERA, command, fact
from tests.story import by, given, nth_id, on

COMPANY = (
    on(ANNA, fact(StaffHired, name="Anna")),
    on(BORIS, fact(StaffHired, name="Boris")),
    on(ROMASHKA, fact(ClientRegistered)),
    on(LUTIK, fact(ClientRegistered, name="Lutik")),
    on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None)),
)
AS_ANNA, AS_BORIS = by("seller", ANNA), by("seller", BORIS)
SETTING: dict[str, Any] = {
    "duration_minutes": 90,
    "place": "Lenina 1",
    "participant_staff_ids": (BORIS,),
    "participant_client_ids": (LUTIK,),
}
PLANNED = on(MEETING, fact(ActivityPlanned, **SETTING))


def test_a_meeting_is_planned_with_its_setting_and_is_in_the_story_of_every_client_that_takes_part() -> None:
    story = given(*COMPANY).when(command(PlanActivity, **SETTING), AS_ANNA).then(PLANNED)
    assert story.recorded[0].parties == (ROMASHKA, OLGA, LUTIK)
    assert {"place"} <= fact(ActivityPlanned).PERSONAL_FIELDS
    story.when(command(NoteActivity, activity_id=MEETING), AS_ANNA)
    assert story.recorded[1].parties == (ROMASHKA, OLGA, LUTIK), "what happens to it afterwards is in their story too"


def test_what_was_held_has_the_planned_setting_unless_told_otherwise() -> None:
    held = {"contact_id": OLGA, "contact_name": None, "contact_data": None, "was_planned": True}
    as_planned = on(MEETING, fact(ActivityHeld, **held, **SETTING))
    given(*COMPANY, PLANNED).when(command(HoldActivity), AS_ANNA).then(as_planned)
    told = {**SETTING, "duration_minutes": 20, "participant_staff_ids": (VERA,)}
    story = given(*COMPANY, on(VERA, fact(StaffHired)), PLANNED)
    ask = command(HoldActivity, duration_minutes=20, participant_staff_ids=(VERA,))
    story.when(ask, AS_ANNA).then(on(MEETING, fact(ActivityHeld, **held, **told)))


def test_a_touchpoint_told_in_one_go_has_its_setting() -> None:
    visit = RecordActivity(
        activity_id=CALL, channel=Channel.VISIT, direction=Direction.OUTBOUND, client_id=ROMASHKA, **SETTING
    )
    (held,) = given(*COMPANY).when(visit, AS_ANNA).recorded
    assert {name: getattr(held, name) for name in SETTING} == SETTING
    assert held.parties == (ROMASHKA, LUTIK)


@pytest.mark.parametrize(("who", "kind"), [("participant_staff_ids", "staff"), ("participant_client_ids", "client")])
def test_nobody_unknown_takes_part(who: str, kind: str) -> None:
    nobody: dict[str, Any] = {who: (nth_id(99),)}
    for asked in (
        command(PlanActivity, **nobody),
        command(RecordActivity, **nobody),
        CorrectActivity(activity_id=MEETING, duration_minutes=None, place=None, **nobody),
    ):
        there = () if asked.command_name() != "correct-activity" else (PLANNED,)
        given(*COMPANY, *there).when(asked, AS_ANNA).then_refused(NotFoundError, kind=kind, id=nth_id(99))


def test_who_is_named_twice_takes_part_once() -> None:
    (planned,) = given(*COMPANY).when(command(PlanActivity, participant_staff_ids=(BORIS, BORIS)), AS_ANNA).recorded
    assert isinstance(planned, ActivityPlanned)
    assert planned.participant_staff_ids == (BORIS,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"duration_minutes": 0},
        {"duration_minutes": 7 * 24 * 60 + 1},
        {"place": "x" * 201},
        {"participant_staff_ids": tuple(map(nth_id, range(51)))},
        {
            "participant_staff_ids": tuple(map(nth_id, range(25))),
            "participant_client_ids": tuple(map(nth_id, range(26))),
        },
    ],
)
def test_what_no_activity_can_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        command(PlanActivity, **wrong)


def test_a_mistake_is_mended_whether_it_is_planned_or_was_held() -> None:
    right = CorrectActivity(
        activity_id=MEETING, duration_minutes=None, place="Lenina 10", participant_staff_ids=(BORIS,)
    )
    corrected = ActivityCorrected(
        from_duration_minutes=90,
        from_place="Lenina 1",
        to_place="Lenina 10",
        from_participant_staff_ids=(BORIS,),
        to_participant_staff_ids=(BORIS,),
        from_participant_client_ids=(LUTIK,),
    )
    for there in (PLANNED, on(MEETING, fact(ActivityHeld, **SETTING))):
        story = given(*COMPANY, there).when(right, AS_ANNA).then(on(MEETING, corrected))
        story.recorded.clear()
        story.when(right, AS_ANNA).then_nothing()
        story.when(command(NoteActivity, activity_id=MEETING), AS_ANNA)
        assert LUTIK not in story.recorded[0].parties, "who did not take part hears no more of it"
    cancelled = on(MEETING, fact(ActivityCancelled))
    given(*COMPANY, PLANNED, cancelled).when(right, AS_ANNA).then_refused(
        ActivityIsClosedError, activity_id=MEETING, status="cancelled"
    )


def test_a_seller_corrects_nothing_of_somebody_else_s_client() -> None:
    owned = on(ROMASHKA, fact(ClientClaimed, owner_id=BORIS))
    there = on(MEETING, fact(ActivityPlanned, staff_id=BORIS))
    right = CorrectActivity(activity_id=MEETING, duration_minutes=5, place=None)
    given(*COMPANY, owned, there).when(right, AS_ANNA).then_refused(ClientIsOwnedError, client_id=ROMASHKA)
    assert given(*COMPANY, owned, there).when(right, AS_BORIS).refusal is None
