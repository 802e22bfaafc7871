"""What is asked about staff: to hire them, to move them, to suspend them, to part with them."""

from typing import NamedTuple, Self
from uuid import UUID

from pydantic import model_validator

from aggregates.branch import Branch
from aggregates.staff import StaffMember
from aggregates.team import Team
from aggregates.unit import Unit
from commands.base import Command, Context, GivenMoment, Outcome, handles, wrong_field
from commands.import_run import HistoryCommand
from commands.roles import ADMIN, HEADING
from commands.unit import check_one_way, open_if_new, unit_given
from events.examples import ANNA, BORIS, FIRST_IMPORT, example
from events.ids import BranchId, StaffId, TeamId
from events.values import (
    ShortText,
    StaffRole,
    Text,
)


@example(staff_id=ANNA, name="Anna", role=StaffRole.SELLER, team="East", branch="Yekaterinburg")
class HireStaff(Command):
    """Enter somebody who joined the company."""

    ROLES, EDITS = ADMIN, None

    staff_id: StaffId | None = None
    name: ShortText
    role: StaffRole
    team: ShortText | None = None
    team_id: TeamId | None = None
    branch: ShortText | None = None
    branch_id: BranchId | None = None
    head_id: StaffId | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        check_one_way(self, ("team_id", "team"), ("branch_id", "branch"))
        return self


@example(staff_id=ANNA, role=StaffRole.MARKETER, successor_id=BORIS)
class ChangeStaffRole(Command):
    """Give a staff member another role; if it does not sell, the clients go to the successor, else to the head."""

    ROLES, EDITS = ADMIN, None

    staff_id: StaffId
    role: StaffRole
    successor_id: StaffId | None = None


@example(staff_id=ANNA, branch="Perm")
class MoveStaff(Command):
    """Move a staff member to another team, branch or head; what is not named stays as it is."""

    ROLES, EDITS = HEADING, None

    staff_id: StaffId
    team: ShortText | None = None
    team_id: TeamId | None = None
    branch: ShortText | None = None
    branch_id: BranchId | None = None
    head_id: StaffId | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.model_fields_set & {"team", "team_id", "branch", "branch_id", "head_id"}:
            raise wrong_field("team_id", "names_no_place", "name a team, a branch or a head")
        check_one_way(self, ("team_id", "team"), ("branch_id", "branch"))
        return self


@example(staff_id=ANNA, successor_id=BORIS, reason="moved to another city")
class DepartStaff(Command):
    """Enter that a staff member left; clients and open work go to the successor, else to the head, else are free."""

    ROLES, EDITS = HEADING, None

    staff_id: StaffId
    successor_id: StaffId | None = None
    reason: Text | None = None


@example(staff_id=ANNA, reason="the phone was stolen")
class SuspendStaff(Command):
    """Let a staff member do and see nothing until `reinstate-staff`; their clients and their work stay theirs."""

    ROLES, EDITS = ADMIN, None

    staff_id: StaffId
    reason: Text


@example(staff_id=ANNA, reason="has a new phone")
class ReinstateStaff(Command):
    """Let a suspended staff member in again."""

    ROLES, EDITS = ADMIN, None

    staff_id: StaffId
    reason: Text | None = None


@example(import_id=FIRST_IMPORT, staff_id=ANNA, name="Anna", role=StaffRole.SELLER, date_unknown=True)
class ImportStaff(HistoryCommand):
    """Enter a staff member from old records, who may have left since."""

    staff_id: StaffId
    name: ShortText
    role: StaffRole
    team: ShortText | None = None
    branch: ShortText | None = None
    head_id: StaffId | None = None
    departed_at: GivenMoment | None = None


@handles(HireStaff)
def hire_staff(command: HireStaff, context: Context) -> Outcome:
    """Hire; the head, if named, must work here."""
    if command.head_id is not None:
        context.load(StaffMember, command.head_id).check_active()
    place = _place(context, command.team_id, command.team, command.branch_id, command.branch)
    member = context.new(StaffMember, command.staff_id)
    member.hire(
        name=command.name,
        role=command.role,
        team_id=place.team_id,
        branch_id=place.branch_id,
        head_id=command.head_id,
    )
    return context.save(member, *place.opened())


@handles(ChangeStaffRole)
def change_staff_role(command: ChangeStaffRole, context: Context) -> Outcome:
    """Change the role; the successor must be able to take the clients."""
    member = context.load(StaffMember, command.staff_id)
    successor = None if command.successor_id is None else context.load(StaffMember, command.successor_id)
    member.change_role(command.role, successor=successor)
    return context.save(member)


@handles(MoveStaff)
def move_staff(command: MoveStaff, context: Context) -> Outcome:
    """Move; a field that was sent empty is emptied."""
    if command.head_id is not None:
        context.load(StaffMember, command.head_id).check_active()
    member = context.load(StaffMember, command.staff_id)
    given = command.model_fields_set
    place = _place(context, command.team_id, command.team, command.branch_id, command.branch)
    member.move(
        team_id=place.team_id if given & {"team", "team_id"} else member.team_id,
        branch_id=place.branch_id if given & {"branch", "branch_id"} else member.branch_id,
        head_id=command.head_id if "head_id" in given else member.head_id,
    )
    return context.save(member, *place.opened())


class _Place(NamedTuple):
    """Where somebody works: a team and a branch, each with the name it was asked for by."""

    team: Unit | None
    team_name: str | None
    branch: Unit | None
    branch_name: str | None

    @property
    def team_id(self) -> UUID | None:
        return None if self.team is None else self.team.id

    @property
    def branch_id(self) -> UUID | None:
        return None if self.branch is None else self.branch.id

    def opened(self) -> list[Unit]:
        """Open what is new, which is part of the decision, and return what has to be saved with it."""
        units = []
        for unit, name in ((self.team, self.team_name), (self.branch, self.branch_name)):
            if unit is not None:
                open_if_new(unit, name)
                units.append(unit)
        return units


def _place(
    context: Context, team_id: UUID | None, team_name: str | None, branch_id: UUID | None, branch_name: str | None
) -> _Place:
    team = unit_given(context, Team, team_id, team_name)
    branch = unit_given(context, Branch, branch_id, branch_name)
    return _Place(team, team_name, branch, branch_name)


@handles(DepartStaff)
def depart_staff(command: DepartStaff, context: Context) -> Outcome:
    """Let go; the successor must be able to take the clients."""
    member = context.load(StaffMember, command.staff_id)
    successor = None if command.successor_id is None else context.load(StaffMember, command.successor_id)
    member.depart(successor=successor, reason=command.reason)
    return context.save(member)


@handles(SuspendStaff)
def suspend_staff(command: SuspendStaff, context: Context) -> Outcome:
    member = context.load(StaffMember, command.staff_id)
    member.suspend(command.reason)
    return context.save(member)


@handles(ReinstateStaff)
def reinstate_staff(command: ReinstateStaff, context: Context) -> Outcome:
    member = context.load(StaffMember, command.staff_id)
    member.reinstate(command.reason)
    return context.save(member)


@handles(ImportStaff)
def import_staff(command: ImportStaff, context: Context) -> Outcome:
    """Enter the staff member, and the departure on its own day."""
    place = _place(context, None, command.team, None, command.branch)
    member = context.new(StaffMember, command.staff_id)
    member.hire(
        name=command.name,
        role=command.role,
        team_id=place.team_id,
        branch_id=place.branch_id,
        head_id=command.head_id,
        date_unknown=command.date_unknown,
    )
    if command.departed_at is not None:
        with member.occurring_at(command.departed_at):
            member.depart()
    return context.save(member, *place.opened())
