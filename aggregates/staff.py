"""What a staff member may do: work until departure, and sell if that is the role."""

from datetime import datetime
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, WrongValueError, applies
from events.staff import StaffDeparted, StaffHired, StaffMoved, StaffReinstated, StaffRoleChanged, StaffSuspended
from events.values import StaffRole

SELLING_ROLES = frozenset({StaffRole.SELLER, StaffRole.HEAD})


class StaffHasDepartedError(RuleBrokenError):
    """The staff member left the company; facts: staff_id, staff_name, since."""

    code = "staff-has-departed"
    is_on_record = True


class StaffDoesNotSellError(RuleBrokenError):
    """The staff member is neither seller nor head, so may own no client and lead no deal; facts: staff_id,
    staff_name, role."""

    code = "staff-does-not-sell"
    is_on_record = True


class WorkOfDepartedError(RuleBrokenError):
    """Whoever leads it left before, and would be credited; facts: staff_id, staff_name, since, remedy (a command)."""

    code = "work-of-departed"


class SuccessorIsSelfError(RuleBrokenError):
    """Nobody is their own successor; facts: staff_id."""

    code = "successor-is-self"


class SuccessorNotNeededError(WrongValueError):
    """Who goes on selling, or never sold, keeps what is theirs; facts: staff_id, role (the new one)."""

    code = "successor-not-needed"
    field = "successor_id"


class ActsForAnotherError(RuleBrokenError):
    """Only a head or an admin may act in somebody else's name; facts: staff_id (the other)."""

    code = "acts-for-another"
    is_on_record = True


class StaffMember(Aggregate):
    """One of the people who meet the clients."""

    KIND = "staff"

    name: str
    role: StaffRole
    team_id: UUID | None
    branch_id: UUID | None
    head_id: UUID | None
    successor_id: UUID | None
    departed_at: datetime | None
    suspended_at: datetime | None

    def start(self) -> None:
        self.name = ""
        self.role = StaffRole.SELLER
        self.team_id = self.branch_id = self.head_id = self.successor_id = None
        self.departed_at = self.suspended_at = None

    @property
    def is_active(self) -> bool:
        """Whether the person works for the company now."""
        return self.exists and self.departed_at is None

    @property
    def sells(self) -> bool:
        """Whether the person may own clients now."""
        return self.is_active and self.role in SELLING_ROLES

    def check_active(self) -> None:
        """Raise StaffHasDepartedError when the person left."""
        if self.departed_at is not None:
            raise StaffHasDepartedError(staff_id=self.id, staff_name=self.name, since=self.departed_at)

    def check_sells(self) -> None:
        """Raise unless the person works here and may own clients."""
        self.check_active()
        if self.role not in SELLING_ROLES:
            raise StaffDoesNotSellError(staff_id=self.id, staff_name=self.name, role=self.role)

    @property
    def is_admitted(self) -> bool:
        """Whether the person may see and do something here now."""
        return self.is_active and self.suspended_at is None

    def had_left_by(self, moment: datetime) -> bool:
        """Whether the person did not work here any more at a moment: nobody is credited after that."""
        return self.departed_at is not None and self.departed_at <= moment

    def check_credited(self, moment: datetime, remedy: str | None = None) -> None:
        """Raise when the person had left by a moment; `remedy` is a command's name."""
        if not self.had_left_by(moment):
            return
        if remedy is None:
            self.check_active()
        raise WorkOfDepartedError(staff_id=self.id, staff_name=self.name, since=self.departed_at, remedy=remedy)

    def hire(
        self,
        *,
        name: str,
        role: StaffRole,
        team_id: UUID | None = None,
        branch_id: UUID | None = None,
        head_id: UUID | None = None,
        date_unknown: bool = False,
    ) -> None:
        """Record that somebody joined the company."""
        self.trigger_event(
            StaffHired,
            name=name,
            role=role,
            team_id=team_id,
            branch_id=branch_id,
            head_id=head_id,
            date_unknown=date_unknown,
        )

    def change_role(self, role: StaffRole, *, successor: "StaffMember | None" = None) -> None:
        """Record another role; the present role records nothing. A successor is for one who sells no more."""
        if role == self.role:
            return
        self.check_active()
        sells_no_more = self.sells and role not in SELLING_ROLES
        if successor is not None and not sells_no_more:
            raise SuccessorNotNeededError(staff_id=self.id, role=role)
        self.trigger_event(
            StaffRoleChanged,
            from_role=self.role,
            to_role=role,
            successor_id=self._checked(successor),
            head_id=self.head_id if sells_no_more else None,
        )

    def _checked(self, successor: "StaffMember | None") -> UUID | None:
        """Return the successor's id; raises when they cannot take the clients."""
        if successor is None:
            return None
        if successor.id == self.id:
            raise SuccessorIsSelfError(staff_id=self.id)
        successor.check_sells()
        return successor.id

    def move(self, *, team_id: UUID | None, branch_id: UUID | None, head_id: UUID | None) -> None:
        """Record where the person works now; the present place records nothing."""
        if (team_id, branch_id, head_id) == (self.team_id, self.branch_id, self.head_id):
            return
        self.check_active()
        self.trigger_event(
            StaffMoved,
            from_team_id=self.team_id,
            to_team_id=team_id,
            from_branch_id=self.branch_id,
            to_branch_id=branch_id,
            from_head_id=self.head_id,
            to_head_id=head_id,
        )

    def depart(self, *, successor: "StaffMember | None" = None, reason: str | None = None) -> None:
        """Record that the person left; who left already records nothing."""
        if self.departed_at is not None:
            return
        self.trigger_event(StaffDeparted, successor_id=self._checked(successor), head_id=self.head_id, reason=reason)

    def suspend(self, reason: str) -> None:
        """Record that the person is let in no more; who is suspended already records nothing."""
        self.check_active()
        if self.suspended_at is None:
            self.trigger_event(StaffSuspended, reason=reason)

    def reinstate(self, reason: str | None) -> None:
        """Record that the person is let in again; who is not suspended records nothing."""
        self.check_active()
        if self.suspended_at is not None:
            self.trigger_event(StaffReinstated, reason=reason)

    @applies(StaffHired)
    def _hired(self, event: StaffHired) -> None:
        self.name, self.role = event.name, event.role
        self.team_id, self.branch_id, self.head_id = event.team_id, event.branch_id, event.head_id

    @applies(StaffRoleChanged)
    def _role_changed(self, event: StaffRoleChanged) -> None:
        self.role, self.successor_id = event.to_role, event.successor_id

    @applies(StaffMoved)
    def _moved(self, event: StaffMoved) -> None:
        self.team_id, self.branch_id, self.head_id = event.to_team_id, event.to_branch_id, event.to_head_id

    @applies(StaffDeparted)
    def _departed(self, event: StaffDeparted) -> None:
        self.departed_at, self.successor_id = event.occurred_at, event.successor_id

    @applies(StaffSuspended)
    def _suspended(self, event: StaffSuspended) -> None:
        self.suspended_at = event.occurred_at

    @applies(StaffReinstated)
    def _reinstated(self, _: StaffReinstated) -> None:
        self.suspended_at = None
