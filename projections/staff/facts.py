"""The facts of the staff, for analysts: one row is one event, ids instead of names, nothing personal."""

from events import staff
from infra.analytics.fact_schema import FactTable
from projections.fact_tables import KIND, body, column, flag, topics

STAFF = FactTable(
    name="fact_staff",
    stream="staff_id",
    topics=topics(staff.StaffHired, staff.StaffRoleChanged, staff.StaffMoved, staff.StaffDeparted),
    body=body(
        "role",
        "to_role",
        "team",
        "to_team",
        "branch",
        "to_branch",
        "head_id",
        "to_head_id",
        "successor_id",
        "date_unknown",
    ),
    columns=(
        KIND,
        column("role", "to_role"),
        column("team", "to_team"),
        column("branch", "to_branch"),
        column("head_id", "to_head_id"),
        column("successor_id"),
        flag("date_unknown"),
    ),
)
