"""What is asked about staff: to hire them, to move them, to part with them."""

from typing import Self

from pydantic import model_validator

from aggregates.staff import StaffMember
from commands.base import Command, Context, Outcome, handles
from commands.ids import MaybeStaffId, StaffId
from commands.roles import ADMIN, HEADING
from events.values import ShortText, StaffRole, Text


class HireStaff(Command):
    """Enter somebody who joined the company."""

    ROLES = ADMIN

    staff_id: MaybeStaffId = None
    name: ShortText
    role: StaffRole
    team: ShortText | None = None
    branch: ShortText | None = None
    head_id: MaybeStaffId = None


class ChangeStaffRole(Command):
    """Give a staff member another role."""

    ROLES = ADMIN

    staff_id: StaffId
    role: StaffRole


class MoveStaff(Command):
    """Move a staff member to another team, branch or head; what is not named stays as it is."""

    ROLES = HEADING

    staff_id: StaffId
    team: ShortText | None = None
    branch: ShortText | None = None
    head_id: MaybeStaffId = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.model_fields_set & {"team", "branch", "head_id"}:
            raise ValueError("name a team, a branch or a head")
        return self


class DepartStaff(Command):
    """Enter that a staff member left; the clients go to the successor, else to the head, else become free."""

    ROLES = HEADING

    staff_id: StaffId
    successor_id: MaybeStaffId = None
    reason: Text | None = None


@handles(HireStaff)
def hire_staff(command: HireStaff, context: Context) -> Outcome:
    """Hire; the head, if named, must work here."""
    if command.head_id is not None:
        context.load(StaffMember, command.head_id).check_active()
    member = context.new(StaffMember, command.staff_id)
    member.hire(name=command.name, role=command.role, team=command.team, branch=command.branch, head_id=command.head_id)
    return context.save(member)


@handles(ChangeStaffRole)
def change_staff_role(command: ChangeStaffRole, context: Context) -> Outcome:
    """Change the role."""
    member = context.load(StaffMember, command.staff_id)
    member.change_role(command.role)
    return context.save(member)


@handles(MoveStaff)
def move_staff(command: MoveStaff, context: Context) -> Outcome:
    """Move; a field that was sent empty is emptied."""
    if command.head_id is not None:
        context.load(StaffMember, command.head_id).check_active()
    member = context.load(StaffMember, command.staff_id)
    given = command.model_fields_set
    member.move(
        team=command.team if "team" in given else member.team,
        branch=command.branch if "branch" in given else member.branch,
        head_id=command.head_id if "head_id" in given else member.head_id,
    )
    return context.save(member)


@handles(DepartStaff)
def depart_staff(command: DepartStaff, context: Context) -> Outcome:
    """Let go; the successor must be able to take the clients."""
    member = context.load(StaffMember, command.staff_id)
    successor = None if command.successor_id is None else context.load(StaffMember, command.successor_id)
    member.depart(successor=successor, reason=command.reason)
    return context.save(member)
