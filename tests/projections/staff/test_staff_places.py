"""Where somebody worked when: each place from its day on, until the next one or the departure."""

from datetime import timedelta

from events.examples import EAST, NORTH, PERM, WEST
from events.staff import StaffDeparted, StaffHired, StaffMoved, StaffRoleChanged
from projections.staff.staff_places import StaffPlaceRow, staff_places
from tests.examples import ANNA, BORIS, VERA, fact
from tests.story import given, moment, on

MINUTE = timedelta(minutes=1)
HIRED = StaffPlaceRow(ANNA, 1, EAST, NORTH, VERA, False, moment(1), moment(1) + MINUTE, "story")


def test_each_place_is_kept_from_its_day_on() -> None:
    given(on(ANNA, fact(StaffHired))).shows(staff_places, HIRED)
    moved = StaffPlaceRow(ANNA, 2, WEST, PERM, BORIS, False, moment(2), moment(2) + MINUTE, "story")
    given(on(ANNA, fact(StaffHired), fact(StaffMoved, to_head_id=BORIS))).shows(staff_places, HIRED, moved)


def test_whoever_departed_is_nowhere() -> None:
    left = StaffPlaceRow(ANNA, 2, None, None, None, True, moment(2), moment(2) + MINUTE, "story")
    given(on(ANNA, fact(StaffHired), fact(StaffDeparted))).shows(staff_places, HIRED, left)


def test_another_role_is_no_other_place() -> None:
    given(on(ANNA, fact(StaffHired), fact(StaffRoleChanged))).shows(staff_places, HIRED)
