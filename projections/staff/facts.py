"""The facts of the staff, their teams and branches, for analysts: one row is one event, and no person is named."""

from events import branch, staff, team
from events.base import Event
from infra.analytics.fact_schema import FactTable
from projections.fact_tables import KIND, body, column, flag, topics

STAFF = FactTable(
    name="fact_staff",
    stream="staff_id",
    topics=topics(staff.StaffHired, staff.StaffRoleChanged, staff.StaffMoved, staff.StaffDeparted),
    body=body(
        "role",
        "to_role",
        "team_id",
        "to_team_id",
        "branch_id",
        "to_branch_id",
        "head_id",
        "to_head_id",
        "successor_id",
        "date_unknown",
    ),
    columns=(
        KIND,
        column("role", "to_role"),
        column("team_id", "to_team_id"),
        column("branch_id", "to_branch_id"),
        column("head_id", "to_head_id"),
        column("successor_id"),
        flag("date_unknown"),
    ),
)


def _of_units(kind: str, *event_types: type[Event]) -> FactTable:
    return FactTable(
        name=f"fact_{kind}",
        stream=f"{kind}_id",
        topics=topics(*event_types),
        body=body("name", "to_name", "head_id", "to_head_id", "date_unknown"),
        columns=(KIND, column("name", "to_name"), column("head_id", "to_head_id"), flag("date_unknown")),
    )


TEAM = _of_units("team", team.TeamOpened, team.TeamRenamed, team.TeamMovedUnderHead, team.TeamClosed)
BRANCH = _of_units(
    "branch", branch.BranchOpened, branch.BranchRenamed, branch.BranchMovedUnderHead, branch.BranchClosed
)
