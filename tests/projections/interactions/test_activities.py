"""What somebody has to do, and what came of it."""

from events.activity import (
    ActivityCancelled,
    ActivityClientNamed,
    ActivityNoted,
    ActivityReminderFell,
    ActivityRescheduled,
    CallClassified,
)
from events.base import Event
from events.values import CallStatus, Channel, Direction
from projections.interactions.activities import ActivityRow, activities
from tests.projections.facts import (
    ANNA,
    BORIS,
    CALL,
    HOUR,
    MARIA,
    OTHER_CALL,
    ROMASHKA,
    at,
    fact,
    folded,
    held,
    planned,
)

PLANNED_ROW = ActivityRow(
    activity_id=CALL,
    state="planned",
    channel="meeting",
    direction="outbound",
    staff_id=ANNA,
    client_id=ROMASHKA,
    contact_id=MARIA,
    topic="Prices",
    due_at=at(48),
    takes_place_at=at(48),
    remind_at=at(47),
    was_planned=True,
    version=1,
)
LATER = ActivityRescheduled(from_due_at=at(48), to_due_at=at(72))


def activity(*events: Event) -> ActivityRow:
    row = folded(activities, *(fact(event, CALL, position) for position, event in enumerate(events, 1)))[CALL,]
    assert isinstance(row, ActivityRow)
    return row


def test_a_planned_activity_waits_for_its_moment_and_the_neighbour_is_unchanged() -> None:
    neighbour = fact(held(), OTHER_CALL, 1)

    rows = folded(activities, fact(planned(), CALL, 1), neighbour)

    assert rows[CALL,] == PLANNED_ROW
    assert rows[OTHER_CALL,] == folded(activities, neighbour)[OTHER_CALL,]


def test_a_rescheduled_activity_is_due_at_the_new_moment() -> None:
    row = activity(planned(), LATER)

    assert (row.state, row.due_at, row.takes_place_at) == ("planned", at(72), at(72))


def test_a_reminder_falls_for_one_due_moment_and_a_new_one_has_its_own() -> None:
    fell = ActivityReminderFell(remind_at=at(47), due_at=at(48), staff_id=ANNA)

    assert activity(planned(), fell).reminded_at == at(2)
    row = activity(planned(), fell, ActivityRescheduled(from_due_at=at(48), to_due_at=at(72), remind_before=HOUR))
    assert (row.remind_at, row.reminded_at) == (at(71), None)


def test_a_held_meeting_keeps_what_was_planned_and_says_what_came_of_it() -> None:
    row = activity(planned(), held(result="Will buy", was_planned=True))

    assert (row.state, row.result, row.topic, row.contact_id, row.was_planned) == (
        "held",
        "Will buy",
        "Prices",
        MARIA,
        True,
    )
    assert (row.held_at, row.takes_place_at, row.due_at) == (at(2), at(2), at(48))


def test_a_cancelled_activity_says_why() -> None:
    row = activity(planned(), ActivityCancelled(reason="On holiday"))

    assert (row.state, row.cancel_reason, row.cancelled_at) == ("cancelled", "On holiday", at(2))


def test_an_incoming_call_is_classified_named_and_noted() -> None:
    row = activity(
        held(Channel.CALL, direction=Direction.INBOUND, staff_id=None, client_id=None),
        CallClassified(to_status=CallStatus.TAKEN_TO_WORK, staff_id=BORIS),
        ActivityClientNamed(client_id=ROMASHKA, channel=Channel.CALL, direction=Direction.INBOUND),
        ActivityNoted(text="Asked for prices"),
        ActivityNoted(text="Sent them"),
    )

    assert (row.state, row.call_status, row.staff_id, row.client_id) == ("held", "taken_to_work", BORIS, ROMASHKA)
    assert (row.note_count, row.last_note, row.version) == (2, "Sent them", 5)


def test_a_reclassified_call_stays_with_whoever_took_it() -> None:
    row = activity(
        held(Channel.CALL, direction=Direction.INBOUND),
        CallClassified(to_status=CallStatus.FINISHED, staff_id=BORIS),
    )

    assert (row.staff_id, row.call_status) == (ANNA, "finished")


def test_a_new_date_of_a_plan_never_heard_of_is_a_plan() -> None:
    assert activity(LATER) == ActivityRow(CALL, state="planned", due_at=at(72), takes_place_at=at(72), version=1)
