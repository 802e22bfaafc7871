"""The activity's own rules: what is planned is recorded whole, and what took place is known by when."""

from typing import Any

from aggregates.activity import Activity, MeetingIsIncompleteError, Touchpoint
from events.activity import ActivityClientNamed, ActivityHeld, ActivityPlanned
from events.examples import HOUR
from events.values import Channel, Direction
from tests.examples import ANNA, CALL, DAY, MEETING, OLGA, ROMASHKA, SALE, fact
from tests.story import given, moment, on


def test_a_plan_is_recorded_with_all_that_was_said() -> None:
    said: dict[str, Any] = {
        "channel": Channel.CALL,
        "direction": Direction.INBOUND,
        "deal_id": SALE,
        "contact_id": OLGA,
    }

    given().when_asked(
        Activity,
        MEETING,
        lambda it: it.plan(staff_id=ANNA, client_id=ROMASHKA, topic="Contract", due_at=DAY, remind_before=HOUR, **said),
    ).then(on(MEETING, fact(ActivityPlanned, **said)))


def test_a_client_named_later_is_told_when_the_activity_was_held() -> None:
    unnamed = on(CALL, fact(ActivityHeld, client_id=None))
    named = fact(ActivityClientNamed, channel=Channel.MEETING, direction=Direction.OUTBOUND, held_at=moment(1))

    given(unnamed).when_asked(Activity, CALL, lambda it: it.name_client(ROMASHKA)).then(on(CALL, named))


def test_an_activity_is_about_the_client_else_about_the_contact_person_else_about_itself() -> None:
    for known, subject in (
        ({"client_id": ROMASHKA, "contact_id": OLGA}, ROMASHKA),
        ({"client_id": None, "contact_id": OLGA}, OLGA),
        ({"client_id": None, "contact_id": None}, CALL),
    ):
        assert given(on(CALL, fact(ActivityHeld, **known))).stream(Activity, CALL).subject_id == subject


def test_an_incomplete_meeting_is_recorded_only_of_a_machine_s_telling() -> None:
    told = Touchpoint(Channel.MEETING, Direction.OUTBOUND)

    given().when_asked(Activity, CALL, lambda it: it.record(told)).then_refused(MeetingIsIncompleteError)
    by_a_machine = given().when_asked(Activity, CALL, lambda it: it.record(told, is_automatic=True))
    assert len(by_a_machine.recorded) == 1
