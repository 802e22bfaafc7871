"""The facts of clients and their owners, for analysts: one row is one event, ids instead of names, nothing personal."""

from events import client, client_merge
from infra.analytics.fact_schema import Column, FactTable
from projections.fact_tables import KIND, body, column, flag, topics

CLIENT = FactTable(
    name="fact_client",
    stream="client_id",
    topics=topics(
        client.ClientRegistered,
        client.LifecycleAdvanced,
        client.ClientArchived,
        client.ClientRestored,
        client.ClientEntryReverted,
    ),
    body=body("kind", "from_state", "to_state", "date_unknown"),
    columns=(
        KIND,
        Column("client_kind", "VARCHAR", "body.kind"),
        column("from_state"),
        column("to_state"),
        flag("date_unknown"),
    ),
)

OWNERSHIP = FactTable(
    name="fact_ownership",
    stream="client_id",
    topics=topics(client.ClientClaimed, client.ClientTransferred, client.ClientReleased),
    body=body("owner_id", "from_owner_id", "to_owner_id", "cause"),
    columns=(
        KIND,
        column("owner_id", "to_owner_id"),
        column("from_owner_id"),
        column("cause"),
    ),
)

MERGE = FactTable(
    name="fact_merge",
    stream="client_id",
    topics=topics(
        client_merge.ClientsMerged,
        client_merge.ClientMergedInto,
        client_merge.ClientUnmerged,
        client_merge.ClientUnmergedFrom,
    ),
    body=body("merged_id", "survivor_id", "into_id", "remains_in", "from_owner_id", "to_owner_id"),
    columns=(
        KIND,
        column("merged_id"),
        column("survivor_id"),
        column("into_id"),
        column("remains_in"),
        Column("owner_id", "UUID", "body.to_owner_id"),
        column("from_owner_id"),
    ),
)
