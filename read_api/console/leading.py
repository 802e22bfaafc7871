"""Which deals a user may lead: what can be done with them is offered on these alone."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

from read_api.console.calling import AT_ONCE
from read_api.console.visit import Visit


async def led_of(visit: Visit, deals: Iterable[Mapping[str, Any]]) -> Set[str]:
    """Return which of these deals the user may lead, by their ids: of a seller what ADR 32 leaves them.

    That is their own, and those of clients who are theirs or nobody's.
    """
    if not visit.may("move-deal"):
        return frozenset()
    shown, own = list(deals), visit.me["id"]
    led = {deal["deal_id"] for deal in shown if visit.me["role"] != "seller" or deal["seller_id"] == own}
    others = {deal["deal_id"]: deal["client_id"] for deal in shown if deal["deal_id"] not in led and deal["client_id"]}
    if others:
        ids = ",".join(sorted(set(others.values())))
        clients = await visit.api.get("/clients", ids=ids, fields="owner_id", limit=AT_ONCE)
        free = {one["client_id"] for one in clients["items"] if one["owner_id"] in {None, own}}
        led |= {deal_id for deal_id, client_id in others.items() if client_id in free}
    return led
