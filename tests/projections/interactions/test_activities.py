"""What somebody has to do, and what came of it."""

from typing import Any

from events.activity import (
    ActivityCancelled,
    ActivityClientNamed,
    ActivityCorrected,
    ActivityHandedOver,
    ActivityHeld,
    ActivityNoted,
    ActivityNoteEdited,
    ActivityNoteWithdrawn,
    ActivityPlanned,
    ActivityReminderFell,
    ActivityRescheduled,
    CallClassified,
)
from events.examples import HOUR
from events.values import CallStatus, Channel, Direction
from projections.interactions.activities import ActivityRow, activities
from projections.parties.client_timeline import client_timeline
from tests.examples import ANNA, BORIS, CALL, DAY, LATER, LUTIK, MEETING, OLGA, REMARK, ROMASHKA, SALE, VERA, fact
from tests.story import given, moment, on

PLANNED = fact(ActivityPlanned, deal_id=SALE, direction=Direction.INBOUND)
HELD = fact(ActivityHeld, call_status=CallStatus.FINISHED, contact_id=OLGA, deal_id=SALE, is_offer=True)
INCOMING = fact(
    ActivityHeld, channel=Channel.CALL, direction=Direction.INBOUND, staff_id=None, client_id=None, date_unknown=True
)
PLANNED_ROW = ActivityRow(
    activity_id=MEETING,
    state="planned",
    channel="meeting",
    direction="inbound",
    staff_id=ANNA,
    client_id=ROMASHKA,
    contact_id=OLGA,
    deal_id=SALE,
    topic="Contract",
    due_at=DAY,
    takes_place_at=DAY,
    remind_at=DAY - HOUR,
    was_planned=True,
    version=1,
)
HELD_ROW = ActivityRow(
    activity_id=MEETING,
    state="held",
    channel="meeting",
    direction="outbound",
    staff_id=ANNA,
    client_id=ROMASHKA,
    contact_id=OLGA,
    deal_id=SALE,
    topic="Contract",
    held_at=moment(1),
    takes_place_at=moment(1),
    result="Agreed on the price",
    call_status="finished",
    contact_name="Olga Petrova",
    contact_data="+7 922 325-12-93",
    is_offer=True,
    version=1,
)
UNKNOWN = ActivityRow(CALL, version=1)


def test_a_planned_activity_waits_for_its_moment() -> None:
    given(on(MEETING, PLANNED)).shows(activities, PLANNED_ROW)
    given(on(MEETING, fact(ActivityPlanned, remind_before=None))).shows_row(activities, MEETING, remind_at=None)


def test_a_rescheduled_activity_is_due_at_the_new_moment() -> None:
    moved = PLANNED_ROW._replace(due_at=LATER, takes_place_at=LATER, remind_at=LATER - HOUR, version=2)

    given(on(MEETING, PLANNED, fact(ActivityRescheduled))).shows(activities, moved)


def test_a_held_activity_took_place_when_it_was_held_whatever_it_is_rescheduled_to() -> None:
    given(on(MEETING, HELD)).shows(activities, HELD_ROW)
    given(on(MEETING, fact(ActivityHeld, was_planned=True))).shows_row(activities, MEETING, was_planned=True)
    given(on(MEETING, HELD, fact(ActivityRescheduled))).shows(
        activities, HELD_ROW._replace(due_at=LATER, remind_at=LATER - HOUR, version=2)
    )


def test_a_held_meeting_keeps_what_was_planned_where_it_says_nothing_itself() -> None:
    silent = fact(ActivityHeld, staff_id=None, client_id=None, topic=None, was_planned=True, result="Will buy")

    given(on(MEETING, PLANNED, silent)).shows(
        activities,
        PLANNED_ROW._replace(
            state="held",
            direction="outbound",
            held_at=moment(2),
            takes_place_at=moment(2),
            result="Will buy",
            contact_name="Olga Petrova",
            contact_data="+7 922 325-12-93",
            version=2,
        ),
    )


def test_what_the_held_meeting_says_itself_goes_before_what_was_planned() -> None:
    other = fact(
        ActivityHeld, staff_id=BORIS, client_id=LUTIK, contact_id=VERA, deal_id=CALL, topic="Prices", was_planned=True
    )

    given(on(MEETING, PLANNED, other)).shows_row(
        activities, MEETING, staff_id=BORIS, client_id=LUTIK, contact_id=VERA, deal_id=CALL, topic="Prices"
    )


def test_a_reminder_falls_for_one_due_moment_and_a_new_one_has_its_own() -> None:
    fell = fact(ActivityReminderFell)

    given(on(MEETING, PLANNED, fell)).shows(activities, PLANNED_ROW._replace(reminded_at=moment(2), version=2))
    given(on(MEETING, PLANNED, fell, fact(ActivityRescheduled))).shows_row(
        activities, MEETING, remind_at=LATER - HOUR, reminded_at=None
    )


def test_a_cancelled_activity_says_why() -> None:
    cancelled = PLANNED_ROW._replace(
        state="cancelled", cancel_reason="not needed any more", cancelled_at=moment(2), version=2
    )

    given(on(MEETING, PLANNED, fact(ActivityCancelled))).shows(activities, cancelled)


def test_an_incoming_call_is_classified_named_and_noted() -> None:
    named = fact(ActivityClientNamed, held_at=None)
    taken = fact(CallClassified, to_status=CallStatus.TAKEN_TO_WORK, staff_id=BORIS)

    given(
        on(CALL, INCOMING, taken, named, fact(ActivityNoted), fact(ActivityNoted, note_id=SALE, text="Sent it"))
    ).shows(
        activities,
        ActivityRow(
            activity_id=CALL,
            state="held",
            channel="call",
            direction="inbound",
            staff_id=BORIS,
            client_id=ROMASHKA,
            topic="Contract",
            held_at=moment(1),
            takes_place_at=moment(1),
            result="Agreed on the price",
            call_status="taken_to_work",
            contact_name="Olga Petrova",
            contact_data="+7 922 325-12-93",
            date_unknown=True,
            notes={
                str(REMARK): {"text": "Asked for a catalogue", "order": 1},
                str(SALE): {"text": "Sent it", "order": 2},
            },
            before_client=[1, 2],
            version=5,
        ),
    )


def test_a_plan_that_is_handed_over_is_the_other_s_and_nothing_else_of_it_changes() -> None:
    handed = fact(ActivityHandedOver)
    given(on(MEETING, PLANNED, handed)).shows(activities, PLANNED_ROW._replace(staff_id=BORIS, version=2))
    given(on(MEETING, HELD, handed)).shows(activities, HELD_ROW._replace(staff_id=BORIS, version=2))


def test_notes_say_what_they_say_now_in_the_order_in_which_they_were_written() -> None:
    first, second = fact(ActivityNoted), fact(ActivityNoted, note_id=SALE, text="Sent it")
    sent = {str(SALE): {"text": "Sent it", "order": 2}}
    edited = {str(REMARK): {"text": "Asked for two catalogues", "order": 1}, **sent}
    for told, notes in ((fact(ActivityNoteEdited), edited), (fact(ActivityNoteWithdrawn), sent)):
        given(on(MEETING, PLANNED, first, second, told)).shows(activities, PLANNED_ROW._replace(notes=notes, version=4))


def test_a_reclassified_call_stays_with_whoever_took_it() -> None:
    given(on(CALL, fact(ActivityHeld), fact(CallClassified, staff_id=BORIS))).shows_row(
        activities, CALL, staff_id=ANNA, call_status="finished"
    )


def test_whatever_is_heard_first_of_an_activity_is_kept() -> None:
    unknown = UNKNOWN._replace(before_client=[1])
    due = unknown._replace(
        state="planned", due_at=LATER, takes_place_at=LATER, remind_at=LATER - HOUR, before_contact=[1]
    )
    named = UNKNOWN._replace(client_id=ROMASHKA, channel="call", direction="inbound")
    off = unknown._replace(state="cancelled", cancelled_at=moment(1), cancel_reason="not needed any more")

    given(on(CALL, fact(ActivityRescheduled))).shows(activities, due)
    given(on(CALL, fact(CallClassified))).shows(activities, unknown._replace(call_status="finished", staff_id=ANNA))
    given(on(CALL, fact(ActivityClientNamed))).shows(activities, named)
    given(on(CALL, fact(ActivityNoted))).shows(
        activities, unknown._replace(notes={str(REMARK): {"text": "Asked for a catalogue", "order": 1}})
    )
    given(on(CALL, fact(ActivityCancelled))).shows(activities, off)
    given(on(CALL, fact(ActivityNoteEdited))).shows(
        activities, unknown._replace(notes={str(REMARK): {"text": "Asked for two catalogues", "order": 0}})
    )
    handed = unknown._replace(state="planned", staff_id=BORIS, before_contact=[1])
    given(on(CALL, fact(ActivityHandedOver))).shows(activities, handed)


def test_the_setting_is_as_last_planned_told_or_corrected() -> None:
    setting: dict[str, Any] = {
        "duration_minutes": 90,
        "place": "Lenina 1",
        "participant_staff_ids": (BORIS,),
        "participant_client_ids": (LUTIK,),
    }
    planned, held = fact(ActivityPlanned, **setting), fact(ActivityHeld, **{**setting, "duration_minutes": 20})
    shown = {name: list(value) if isinstance(value, tuple) else value for name, value in setting.items()}
    given(on(MEETING, planned)).shows_row(activities, MEETING, **shown)
    given(on(MEETING, planned, held)).shows_row(activities, MEETING, **{**shown, "duration_minutes": 20})
    corrected = on(MEETING, planned, fact(ActivityCorrected))
    given(corrected).shows_row(
        activities, MEETING, place="Lenina 10", participant_client_ids=[], state="planned", topic="Contract"
    )


def test_a_meeting_is_in_the_story_of_each_client_that_takes_part_and_of_no_colleague() -> None:
    planned = fact(ActivityPlanned, contact_id=None, participant_staff_ids=(BORIS,), participant_client_ids=(LUTIK,))
    rows = given(on(MEETING, planned, about=ROMASHKA, concerning=(ROMASHKA, LUTIK))).rows(client_timeline)
    assert {party for _, party in rows} == {ROMASHKA, LUTIK}
    assert rows[1, LUTIK].details["participant_staff_ids"] == [str(BORIS)]


def test_what_was_recorded_before_it_was_known_with_whom_is_remembered_for_whoever_it_turns_out_to_be() -> None:
    alone = fact(ActivityPlanned, client_id=None, contact_id=None)
    met = fact(ActivityHeld, contact_id=OLGA, was_planned=True)
    story = given(on(MEETING, alone, fact(ActivityNoted), met, fact(ActivityNoted)))

    story.shows_row(activities, MEETING, client_id=ROMASHKA, before_client=[1, 2], before_contact=[1, 2])


def test_nothing_is_remembered_for_a_contact_who_cannot_come_any_more() -> None:
    planned = fact(ActivityPlanned, contact_id=None)

    given(on(MEETING, planned)).shows_row(activities, MEETING, before_client=None, before_contact=[1])
    given(on(MEETING, planned, fact(ActivityHeld, was_planned=True))).shows_row(
        activities, MEETING, before_contact=None
    )
    given(on(MEETING, planned, fact(ActivityCancelled))).shows_row(activities, MEETING, before_contact=None)


def test_a_call_of_a_contact_person_remembers_what_there_was_before_their_organisation_was_named() -> None:
    call = fact(ActivityHeld, client_id=None, contact_id=OLGA)

    given(on(CALL, call, fact(ActivityClientNamed))).shows_row(
        activities, CALL, client_id=ROMASHKA, before_client=[1], before_contact=None
    )
