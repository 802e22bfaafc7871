"""Who works here, where, under whom; and who took over from those who left."""

from events.staff import StaffDeparted, StaffHired, StaffMoved, StaffRoleChanged
from events.values import StaffRole
from projections.staff.staff_directory import StaffRow, staff_directory
from tests.projections.facts import ANNA, BORIS, HEAD, MOSCOW, NORTH, PERM, SOUTH, at, fact, folded

HIRED = StaffHired(name="Анна", role=StaffRole.SELLER, team_id=NORTH, branch_id=MOSCOW, head_id=HEAD)


def test_a_career_is_followed_and_the_neighbour_is_unchanged() -> None:
    neighbour = fact(StaffHired(name="Boris", role=StaffRole.HEAD), BORIS, 1)

    rows = folded(
        staff_directory,
        neighbour,
        fact(HIRED, ANNA, 2),
        fact(StaffRoleChanged(from_role=StaffRole.SELLER, to_role=StaffRole.HEAD), ANNA, 3),
        fact(StaffMoved(from_team_id=NORTH, to_team_id=SOUTH, to_branch_id=PERM, to_head_id=None), ANNA, 4),
        fact(StaffDeparted(successor_id=BORIS), ANNA, 5),
    )

    assert rows[BORIS,] == StaffRow(BORIS, name="Boris", role="head", hired_at=at(1), version=1)
    assert rows[ANNA,] == StaffRow(
        staff_id=ANNA,
        name="Анна",
        role="head",
        team_id=SOUTH,
        branch_id=PERM,
        head_id=None,
        hired_at=at(2),
        departed_at=at(5),
        successor_id=BORIS,
        version=5,
    )


def test_whoever_is_hired_again_works_here_again() -> None:
    row = folded(
        staff_directory, fact(HIRED, ANNA, 1), fact(StaffDeparted(successor_id=BORIS), ANNA, 2), fact(HIRED, ANNA, 3)
    )[ANNA,]

    assert (row.departed_at, row.successor_id, row.hired_at) == (None, None, at(3))


def test_a_departure_of_somebody_never_heard_of_is_kept() -> None:
    assert folded(staff_directory, fact(StaffDeparted(), ANNA, 1)) == {
        (ANNA,): StaffRow(ANNA, departed_at=at(1), version=1)
    }
