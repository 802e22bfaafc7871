"""The fact tables of the analysts: one row is one event, ids instead of names, nothing personal."""

import json

from events import activity, client, deal, product, staff
from events.base import Event
from infra.analytics.fact_schema import Column, FactTable

KIND = Column("kind", "VARCHAR", "split_part(topic, '.', 2)")
MONEY = {"amount": "VARCHAR", "currency": "VARCHAR"}


def _topics(*event_types: type[Event]) -> dict[str, int]:
    return {event_type.TOPIC: event_type.SCHEMA_VERSION for event_type in event_types}


def _body(*names: str, **nested: object) -> str:
    return json.dumps({**dict.fromkeys(names, "VARCHAR"), **nested}, separators=(",", ":"))


def _same(name: str, kind: str = "VARCHAR") -> Column:
    return Column(name, kind, f"body.{name}")


def _flag(name: str) -> Column:
    return Column(name, "BOOLEAN", f"coalesce(CAST(body.{name} AS BOOLEAN), false)")


DEAL = FactTable(
    name="fact_deal",
    stream="deal_id",
    topics=_topics(
        deal.DealOpened,
        deal.DealClientNamed,
        deal.DealMoved,
        deal.DealRevalued,
        deal.DealHandedOver,
        deal.DealWon,
        deal.DealLost,
        deal.DealReopened,
    ),
    body=_body(
        "client_id",
        "seller_id",
        "from_seller_id",
        "to_seller_id",
        "pipeline_id",
        "stage",
        "from_stage",
        "to_stage",
        "product_code",
        "reason",
        "date_unknown",
        amount=MONEY,
        to_amount=MONEY,
    ),
    columns=(
        KIND,
        _same("client_id", "UUID"),
        Column("seller_id", "UUID", "coalesce(body.seller_id, body.to_seller_id)"),
        _same("from_seller_id", "UUID"),
        _same("pipeline_id", "UUID"),
        _same("from_stage"),
        Column("stage", "VARCHAR", "coalesce(body.stage, body.to_stage)"),
        _same("product_code"),
        Column("amount", "DECIMAL(18, 4)", "coalesce(body.amount, body.to_amount).amount"),
        Column("currency", "VARCHAR", "coalesce(body.amount, body.to_amount).currency"),
        # Why a deal was lost is what churn is counted by; other reasons are remarks and stay in the log.
        Column("reason", "VARCHAR", "CASE topic WHEN 'deal.lost' THEN body.reason END"),
        _flag("date_unknown"),
    ),
)

ACTIVITY = FactTable(
    name="fact_activity",
    stream="activity_id",
    topics=_topics(
        activity.ActivityPlanned,
        activity.ActivityHeld,
        activity.CallClassified,
        activity.ActivityClientNamed,
        activity.ActivityCancelled,
    ),
    body=_body(
        "channel",
        "direction",
        "staff_id",
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
        _same("channel"),
        _same("direction"),
        _same("staff_id", "UUID"),
        _same("client_id", "UUID"),
        _same("contact_id", "UUID"),
        _same("deal_id", "UUID"),
        Column("call_status", "VARCHAR", "coalesce(body.call_status, body.to_status)"),
        _flag("was_planned"),
        _flag("is_offer"),
        _flag("date_unknown"),
    ),
)

CLIENT = FactTable(
    name="fact_client",
    stream="client_id",
    topics=_topics(
        client.ClientRegistered,
        client.LifecycleAdvanced,
        client.ClientArchived,
        client.ClientRestored,
    ),
    body=_body("kind", "source", "from_state", "to_state", "date_unknown"),
    columns=(
        KIND,
        Column("client_kind", "VARCHAR", "body.kind"),
        _same("source"),
        _same("from_state"),
        _same("to_state"),
        _flag("date_unknown"),
    ),
)

OWNERSHIP = FactTable(
    name="fact_ownership",
    stream="client_id",
    topics=_topics(client.ClientClaimed, client.ClientTransferred, client.ClientReleased),
    body=_body("owner_id", "from_owner_id", "to_owner_id", "cause"),
    columns=(
        KIND,
        Column("owner_id", "UUID", "coalesce(body.owner_id, body.to_owner_id)"),
        _same("from_owner_id", "UUID"),
        _same("cause"),
    ),
)

STAFF = FactTable(
    name="fact_staff",
    stream="staff_id",
    topics=_topics(staff.StaffHired, staff.StaffRoleChanged, staff.StaffMoved, staff.StaffDeparted),
    body=_body(
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
        Column("role", "VARCHAR", "coalesce(body.role, body.to_role)"),
        Column("team", "VARCHAR", "coalesce(body.team, body.to_team)"),
        Column("branch", "VARCHAR", "coalesce(body.branch, body.to_branch)"),
        Column("head_id", "UUID", "coalesce(body.head_id, body.to_head_id)"),
        _same("successor_id", "UUID"),
        _flag("date_unknown"),
    ),
)

PRODUCT = FactTable(
    name="fact_product",
    stream="product_id",
    topics=_topics(product.ProductListed, product.ProductRenamed, product.ProductAliasAdded, product.ProductWithdrawn),
    body=_body("code", "name", "to_name", "series", "alias"),
    columns=(
        KIND,
        _same("code"),
        Column("name", "VARCHAR", "coalesce(body.name, body.to_name)"),
        _same("series"),
        _same("alias"),
    ),
)

FACT_TABLES = (DEAL, ACTIVITY, CLIENT, OWNERSHIP, STAFF, PRODUCT)
