"""The door for reads: HTTP in, one statement on the views, JSON out."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request
from fastapi.routing import APIRoute

from read_api import (
    activities,
    analytics,
    analytics_sql,
    api_keys,
    client_card,
    client_changes,
    client_dates,
    client_fields,
    client_file,
    client_files,
    client_merge,
    client_permissions,
    client_story,
    client_tags,
    clients,
    custom_fields,
    deals,
    duplicates,
    events,
    history,
    holdings,
    imports,
    logins,
    mailing_list,
    me,
    my_changes,
    notes,
    operations,
    pipelines,
    plan_progress,
    plans,
    position,
    price_books,
    priced,
    prices,
    products,
    projections,
    report_charts,
    report_choices,
    report_sql,
    rights,
    staff,
    status,
    tax_rates,
    upkeep,
)
from read_api.reading.desk import Desk
from read_api.reading.direct import DirectRoute, can_be_direct

MODULES = (
    clients,
    # Their addresses before that of a card, which is in the same place.
    client_file,
    mailing_list,
    client_dates,
    client_tags,
    client_card,
    client_changes,
    client_files,
    client_permissions,
    client_story,
    duplicates,
    client_merge,
    history,
    deals,
    activities,
    notes,
    staff,
    holdings,
    plans,
    plan_progress,
    logins,
    api_keys,
    me,
    rights,
    products,
    tax_rates,
    price_books,
    prices,
    priced,
    pipelines,
    custom_fields,
    client_fields,
    projections,
    operations,
    upkeep,
    status,
    imports,
    # Its addresses before those of the reports, whose names are in the same place.
    analytics_sql,
    report_choices,
    analytics,
    report_charts,
    report_sql,
    events,
    my_changes,
    position,
)
"""Every noun that questions are asked about, in the order in which the interface is described."""


def read_router(desk: Desk) -> APIRouter:
    """Return the routes for reads, answered at this desk."""

    async def lend(request: Request) -> None:
        request.state.desk = desk

    router = APIRouter(dependencies=[Depends(lend)])
    for module in MODULES:
        router.include_router(module.router)
    return router


def direct_routes(desk: Desk) -> Sequence[DirectRoute]:
    """Return what stands before the routes for reads and answers most of them, at the same desk."""
    routes = (route for module in MODULES for route in module.router.routes)
    return [DirectRoute(route, desk) for route in routes if isinstance(route, APIRoute) and can_be_direct(route)]
