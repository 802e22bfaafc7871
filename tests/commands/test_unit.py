"""Teams and branches: opened under a name that is theirs alone, renamed, put under a head, closed and opened again."""

from typing import NamedTuple
from uuid import UUID

import pytest

from aggregates.base import NotFoundError
from aggregates.staff import StaffHasDepartedError
from aggregates.unit import UnitIsClosedError, UnitNameTakenError
from commands.base import Command
from commands.branch import CloseBranch, MoveBranchUnderHead, OpenBranch, RenameBranch
from commands.staff import MoveStaff
from commands.team import CloseTeam, MoveTeamUnderHead, OpenTeam, RenameTeam
from events.base import Event
from events.branch import BranchClosed, BranchMovedUnderHead, BranchNameTaken, BranchOpened, BranchRenamed
from events.examples import EAST, EAST_BY_NEW_NAME, NORTH, NORTH_BY_NEW_NAME, PERM, WEST
from events.staff import StaffDeparted, StaffHired, StaffMoved
from events.team import TeamClosed, TeamMovedUnderHead, TeamNameTaken, TeamOpened, TeamRenamed
from events.values import StaffRole
from tests.examples import ANNA, VERA, command, fact
from tests.story import given, on


class Kind(NamedTuple):
    """The commands, facts and examples of one kind of unit."""

    open: type[Command]
    rename: type[Command]
    move: type[Command]
    close: type[Command]
    opened: type[Event]
    renamed: type[Event]
    name_taken: type[Event]
    moved: type[Event]
    closed: type[Event]
    one: UUID
    new_name: UUID
    other: UUID


TEAM = Kind(
    OpenTeam,
    RenameTeam,
    MoveTeamUnderHead,
    CloseTeam,
    TeamOpened,
    TeamRenamed,
    TeamNameTaken,
    TeamMovedUnderHead,
    TeamClosed,
    EAST,
    EAST_BY_NEW_NAME,
    WEST,
)
BRANCH = Kind(
    OpenBranch,
    RenameBranch,
    MoveBranchUnderHead,
    CloseBranch,
    BranchOpened,
    BranchRenamed,
    BranchNameTaken,
    BranchMovedUnderHead,
    BranchClosed,
    NORTH,
    NORTH_BY_NEW_NAME,
    PERM,
)
of_each_kind = pytest.mark.parametrize("kind", [TEAM, BRANCH], ids=["team", "branch"])
HEADS = (
    on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD, head_id=None)),
    on(ANNA, fact(StaffHired, role=StaffRole.HEAD)),
)


@of_each_kind
def test_a_unit_is_opened_once_under_a_head_who_works_here(kind: Kind) -> None:
    opened = on(kind.one, fact(kind.opened))
    given(*HEADS).when(command(kind.open)).then(opened)
    asked = command(kind.open)
    told = {"kind": opened.events[0].TOPIC.partition(".")[0], "name": asked.model_dump()["name"], "id": kind.one}
    given(*HEADS, opened).when(asked).then_refused(UnitNameTakenError, **told)
    gone = on(VERA, StaffDeparted())
    given(*HEADS, gone).when(command(kind.open)).then_refused(StaffHasDepartedError)


@of_each_kind
def test_a_unit_is_renamed_and_keeps_both_names(kind: Kind) -> None:
    opened, renamed = on(kind.one, fact(kind.opened)), on(kind.one, fact(kind.renamed))
    taken = on(kind.new_name, fact(kind.name_taken))
    given(opened).when(command(kind.rename)).then(renamed, taken)
    given(opened, renamed, taken).when(command(kind.rename)).then_nothing()
    back = command(kind.rename, name=fact(kind.opened).model_dump()["name"])
    swapped = {"from_name": fact(kind.renamed).model_dump()["to_name"], "to_name": back.model_dump()["name"]}
    returned = on(kind.one, kind.renamed(**swapped))
    given(opened, renamed, taken).when(back).then(returned)
    # Whose its former name is stands there already.
    given(opened, renamed, taken, returned).when(command(kind.rename)).then(renamed)


@of_each_kind
def test_the_name_of_another_unit_is_not_taken(kind: Kind) -> None:
    opened, other = on(kind.one, fact(kind.opened)), on(kind.other, fact(kind.opened, name="Other"))
    asked = command(kind.rename)
    told = {"kind": opened.events[0].TOPIC.partition(".")[0], "name": asked.model_dump()["name"], "id": kind.new_name}
    given(opened, on(kind.new_name, fact(kind.opened))).when(asked).then_refused(UnitNameTakenError, **told)
    taken = on(kind.new_name, fact(kind.name_taken))
    given(opened, taken, other).when(
        command(kind.rename, **{next(iter(command(kind.rename).model_fields_set - {"name"})): kind.other})
    ).then_refused(UnitNameTakenError, id=kind.one)
    new_name = command(kind.rename).model_dump()["name"]
    given(opened, taken).when(command(kind.open, name=new_name, head_id=None)).then_refused(
        UnitNameTakenError, id=kind.one
    )


@of_each_kind
def test_a_unit_is_put_under_another_head_once(kind: Kind) -> None:
    opened, moved = on(kind.one, fact(kind.opened)), on(kind.one, fact(kind.moved))
    given(*HEADS, opened).when(command(kind.move)).then(moved)
    given(*HEADS, opened, moved).when(command(kind.move)).then_nothing()
    gone = on(ANNA, StaffDeparted())
    given(*HEADS, gone, opened).when(command(kind.move)).then_refused(StaffHasDepartedError)


@of_each_kind
def test_a_unit_is_closed_once_and_can_be_opened_again(kind: Kind) -> None:
    opened, closed = on(kind.one, fact(kind.opened)), on(kind.one, fact(kind.closed))
    given(opened).when(command(kind.close)).then(closed)
    given(opened, closed).when(command(kind.close)).then_nothing()
    given(*HEADS, opened, closed).when(command(kind.move)).then_refused(UnitIsClosedError, id=kind.one)
    given(*HEADS, opened, closed).when(command(kind.rename)).then_refused(UnitIsClosedError, id=kind.one)
    given(*HEADS, opened, closed).when(command(kind.open)).then(opened)


def test_whoever_joins_by_a_units_new_name_joins_that_unit() -> None:
    opened, taken = on(NORTH, fact(BranchOpened), fact(BranchRenamed)), on(NORTH_BY_NEW_NAME, fact(BranchNameTaken))
    somewhere = on(ANNA, fact(StaffHired, team_id=None, branch_id=None, head_id=None))
    story = given(somewhere, opened, taken).when(MoveStaff(staff_id=ANNA, branch="ural"))
    story.then(on(ANNA, StaffMoved(to_branch_id=NORTH)))


@of_each_kind
def test_an_id_under_which_only_a_name_is_taken_is_no_unit(kind: Kind) -> None:
    """Whoever guesses it, for it is made of the name, is told that there is none."""
    renamed = on(kind.one, fact(kind.opened), fact(kind.renamed)), on(kind.new_name, fact(kind.name_taken))
    by_id = "team_id" if kind is TEAM else "branch_id"
    for ask in (kind.rename, kind.move, kind.close):
        given(*HEADS, *renamed).when(command(ask, **{by_id: kind.new_name})).then_refused(NotFoundError)
    move = MoveStaff.model_validate({"staff_id": ANNA, by_id: kind.new_name})
    given(*HEADS, *renamed).when(move).then_refused(NotFoundError, id=kind.new_name)
