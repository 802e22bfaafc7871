"""The one list of everything that can happen, and of the upcasters that read what older versions stored."""

from collections.abc import Callable
from typing import Any

from events import activity, client, deal, import_run, pipeline, product, staff
from events.base import Event

EVENT_TYPES: tuple[type[Event], ...] = (
    staff.StaffHired,
    staff.StaffRoleChanged,
    staff.StaffMoved,
    staff.StaffDeparted,
    client.ClientRegistered,
    client.ClientRenamed,
    client.ContactPointAdded,
    client.ContactPointCorrected,
    client.ContactPointRemoved,
    client.TaxIdCorrected,
    client.ProfileCorrected,
    client.ClientAffiliated,
    client.AffiliationEnded,
    client.SubsidiaryDeclared,
    client.ClientClaimed,
    client.ClientTransferred,
    client.ClientReleased,
    client.LifecycleAdvanced,
    client.ClientArchived,
    client.ClientRestored,
    activity.ActivityPlanned,
    activity.ActivityRescheduled,
    activity.ActivityReminderFell,
    activity.ActivityHeld,
    activity.CallClassified,
    activity.ActivityClientNamed,
    activity.ActivityNoted,
    activity.ActivityCancelled,
    pipeline.PipelineDefined,
    pipeline.StageAdded,
    pipeline.StageRevised,
    pipeline.StageRetired,
    deal.DealOpened,
    deal.DealClientNamed,
    deal.DealMoved,
    deal.DealRevalued,
    deal.DealHandedOver,
    deal.DealWon,
    deal.DealLost,
    deal.DealReopened,
    product.ProductListed,
    product.ProductRenamed,
    product.ProductAliasAdded,
    product.ProductWithdrawn,
    import_run.ImportStarted,
    import_run.ImportFinished,
)

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""(topic, stored schema version) → the function that turns its payload into that of the next version."""
