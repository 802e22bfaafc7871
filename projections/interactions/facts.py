"""The facts of touchpoints, for analysts: one row is one event, ids instead of names, nothing personal."""

from events import activity
from infra.analytics.fact_schema import FactTable
from projections.fact_tables import KIND, body, column, flag, topics

ACTIVITY = FactTable(
    name="fact_activity",
    stream="activity_id",
    topics=topics(
        activity.ActivityPlanned,
        activity.ActivityHandedOver,
        activity.ActivityHeld,
        activity.CallClassified,
        activity.ActivityClientNamed,
        activity.ActivityCancelled,
        activity.ActivityEntryReverted,
    ),
    body=body(
        "channel",
        "direction",
        "staff_id",
        "from_staff_id",
        "to_staff_id",
        "client_id",
        "contact_id",
        "deal_id",
        "was_planned",
        "is_offer",
        "call_status",
        "to_status",
        "date_unknown",
    ),
    columns=(
        KIND,
        column("channel"),
        column("direction"),
        column("staff_id", "to_staff_id"),
        column("from_staff_id"),
        column("client_id"),
        column("contact_id"),
        column("deal_id"),
        column("call_status", "to_status"),
        flag("was_planned"),
        flag("is_offer"),
        flag("date_unknown"),
    ),
)
