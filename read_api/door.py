"""The door for reads: HTTP in, one statement on the views, JSON out."""

from fastapi import APIRouter, Depends, Request

from read_api import activities, analytics, catalogue, clients, deals, events, history, progress, staff
from read_api.desk import Desk

MODULES = (clients, history, deals, activities, staff, catalogue, progress, analytics, events)


def read_router(desk: Desk) -> APIRouter:
    """Return the routes for reads, answered at this desk."""

    async def lend(request: Request) -> None:
        request.state.desk = desk

    router = APIRouter(dependencies=[Depends(lend)])
    for module in MODULES:
        router.include_router(module.router)
    return router
