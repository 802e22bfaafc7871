"""Who is ringing: a call that a telephone system has just recorded, and to which nobody has given a status."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from read_api.console.calling import RefusedError
from read_api.console.recognising import known_by, recognised
from read_api.console.visit import Visit

RINGS = timedelta(minutes=5)
"""So long a call is told of as one that is going on, from the moment it was recorded to have begun."""


class Ring(NamedTuple):
    """A call and who it may be: the client it names, else those who have its number; `unseen` are others' clients."""

    call: Mapping[str, Any]
    clients: Sequence[Mapping[str, Any]]
    unseen: Sequence[Mapping[str, Any]]


def newest(visit: Visit, calls: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the call that came last, if it is new and waits for its status."""
    since = visit.words.now - RINGS
    fresh = [call for call in calls if call["call_status"] is None and datetime.fromisoformat(call["held_at"]) >= since]
    return max(fresh, key=lambda call: datetime.fromisoformat(call["held_at"]), default=None)


async def ring_of(visit: Visit, call: Mapping[str, Any]) -> Ring:
    """Return who it may be that rings."""
    if call["client_id"]:
        found = await visit.api.get("/clients", ids=call["client_id"])
        return Ring(call, found["items"], ())
    known = known_by((call["contact_data"] or "").strip())
    if not known:
        return Ring(call, (), ())
    try:
        page, owners = await recognised(visit, known)
    except RefusedError as refused:
        # It is no number that there is: it is shown as it came.
        if refused.status != 422:
            raise
        return Ring(call, (), ())
    return Ring(call, page["items"], [one for one in owners if not one["is_seen"]])
