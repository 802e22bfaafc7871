"""How a client may be addressed, as a card shows it: channel by channel, and what the client said of it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from read_api.console.story import of_what
from read_api.console.visit import Visit


class Way(NamedTuple):
    """A channel, with the purposes for which the client may be addressed by it, and those to which they object."""

    channel: str
    purposes: Sequence[str]
    objects_to: Sequence[str]
    is_closed: bool


class Said(NamedTuple):
    """Something that the client said; `entry` is what the API says of it."""

    title: str
    of_what: str
    who: str
    entry: Mapping[str, Any]


class Permitted(NamedTuple):
    """What is said of any channel, and every word, the latest first."""

    ways: Sequence[Way]
    said: Sequence[Said]


async def permissions_of(visit: Visit, client_id: str, as_of: str | None) -> Permitted | None:
    """Return how a client may be addressed; None: the user may not ask."""
    if not visit.asks("get_client_permissions"):
        return None
    told = await visit.api.get(f"/clients/{client_id}/permissions", as_of=as_of)
    return Permitted(list(_ways(visit, told["permitted"])), [_said(visit, entry) for entry in told["entries"]])


def _ways(visit: Visit, cells: Sequence[Mapping[str, Any]]) -> Iterator[Way]:
    words = visit.words
    for channel, group in groupby(cells, key=lambda cell: str(cell["addressed_by"])):
        some = list(group)
        may = [words.label("permission_purpose", one["purpose"]) for one in some if one["may_be_addressed"]]
        against = [words.label("permission_purpose", one["purpose"]) for one in some if one["hindrance"] == "objection"]
        if may or against:
            yield Way(words.label("permission_channel", channel), may, against, len(against) == len(some))


def _said(visit: Visit, entry: Mapping[str, Any]) -> Said:
    words = visit.words
    return Said(
        words(f"fact.client_permission.{entry['says']}"),
        of_what(words, entry),
        entry["staff_name"] or words.actor(entry["actor"]),
        entry,
    )
