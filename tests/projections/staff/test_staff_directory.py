"""Who works here, where, under whom; and who took over from those who left."""

from events.examples import EAST, NORTH, PERM, WEST
from events.staff import StaffDeparted, StaffHired, StaffMoved, StaffReinstated, StaffRoleChanged, StaffSuspended
from projections.staff.staff_directory import StaffRow, staff_directory
from tests.examples import ANNA, BORIS, VERA, fact
from tests.story import given, moment, on

HIRED = fact(StaffHired, date_unknown=True)
DEPARTED = fact(StaffDeparted)
ANNA_ROW = StaffRow(
    staff_id=ANNA,
    name="Anna",
    name_sort="anna",
    role="seller",
    team_id=EAST,
    branch_id=NORTH,
    head_id=VERA,
    hired_at=moment(1),
    date_unknown=True,
    version=1,
)


def test_a_career_is_followed() -> None:
    moved = fact(StaffMoved, to_head_id=BORIS)

    given(on(ANNA, HIRED)).shows(staff_directory, ANNA_ROW)
    given(on(ANNA, HIRED, fact(StaffRoleChanged), moved, DEPARTED)).shows(
        staff_directory,
        ANNA_ROW._replace(
            role="marketer",
            team_id=WEST,
            branch_id=PERM,
            head_id=BORIS,
            departed_at=moment(4),
            successor_id=BORIS,
            version=4,
        ),
    )


def test_whoever_is_hired_again_works_here_again() -> None:
    given(on(ANNA, HIRED, DEPARTED, HIRED)).shows(staff_directory, ANNA_ROW._replace(hired_at=moment(3), version=3))


def test_whatever_is_heard_first_of_somebody_is_kept() -> None:
    unknown = StaffRow(ANNA, version=1)

    given(on(ANNA, DEPARTED)).shows(staff_directory, unknown._replace(departed_at=moment(1), successor_id=BORIS))
    given(on(ANNA, fact(StaffRoleChanged))).shows(staff_directory, unknown._replace(role="marketer"))
    given(on(ANNA, fact(StaffMoved))).shows(staff_directory, unknown._replace(team_id=WEST, branch_id=PERM))


def test_who_is_suspended_is_shown_so_until_they_are_reinstated_or_hired_again() -> None:
    suspended = fact(StaffSuspended)
    shown = ANNA_ROW._replace(suspended_at=moment(2), version=2)
    given(on(ANNA, HIRED, suspended)).shows(staff_directory, shown)
    given(on(ANNA, HIRED, suspended, fact(StaffReinstated))).shows(staff_directory, ANNA_ROW._replace(version=3))
    given(on(ANNA, HIRED, suspended, HIRED)).shows(staff_directory, ANNA_ROW._replace(hired_at=moment(3), version=3))
