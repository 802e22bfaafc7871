"""A client's card as of a moment: the facts that changed it, where among them one stands, and what changed there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode

from read_api.console.story import staff_named
from read_api.console.visit import Visit

LENSES = ("recorded", "occurred")
"""What was known by a moment, and what had happened by then."""

AT_ONCE = 10_000
"""So many facts are asked for: as many as the API looks at for one answer."""

FIRST, WHOLE = 1.5, 97.0
"""Where the first tick stands, and how much room there is up to the last one: per cent of the strip."""


class Change(NamedTuple):
    """A member of the card in words; either side may be empty."""

    member: str
    label: str
    old: str
    new: str


class Stop(NamedTuple):
    """A moment at which the card changed: by the fact `number`, the last one of those of this moment."""

    moment: str
    number: int
    day: str
    kind: str
    title: str
    who: str
    told: str
    address: str
    left: float
    begins_day: bool
    changed: Sequence[Mapping[str, Mapping[str, Any]]]


@dataclass
class Past:
    """Where one stands: `at` counts among the stops, and is None before the first one."""

    by: str
    as_of: str | None
    stops: Sequence[Stop]
    at: int | None
    changes: Sequence[Change]

    @property
    def stop(self) -> Stop | None:
        """The last fact that counts."""
        return None if self.at is None else self.stops[self.at]

    @property
    def earlier(self) -> Stop | None:
        """The fact before it."""
        return self.stops[self.at - 1] if self.at else None

    @property
    def later(self) -> Stop | None:
        """The fact after it."""
        following = 0 if self.at is None else self.at + 1
        return self.stops[following] if following < len(self.stops) else None

    @property
    def members(self) -> frozenset[str]:
        """The members of the card that the fact changed; of the first one, that made the card, none stands out."""
        is_first = self.stop is None or any("client_id" in each for each in self.stop.changed)
        return frozenset() if is_first else frozenset(change.member for change in self.changes)


def lens_of(visit: Visit) -> str:
    """Return what the address says of the lens: what was known, unless it says otherwise."""
    return visit.query.get("by") or LENSES[0]


def moment_of(visit: Visit) -> str | None:
    """Return the day or moment of the address; None is now."""
    return visit.past(visit.query.get("as_of") or "") or None


def channel_of(visit: Visit) -> str:
    """Return the channel whose facts the story is to tell; nothing: it tells them all."""
    return visit.query.get("channel", "")


def asked_of(visit: Visit) -> str | None:
    """Return the moment of the address as the API takes it; None is now."""
    as_of = moment_of(visit)
    return f"{lens_of(visit)}:{as_of}" if as_of else None


async def past_of(visit: Visit, client_id: str, *, is_step: bool = False) -> Past:
    """Return the facts that changed the card, and where among them the moment of the address is.

    Of a step only the last facts up to it are wanted: the strip with all of them is there already.
    """
    by, as_of = lens_of(visit), moment_of(visit)
    asked: dict[str, Any] = {"as_of": asked_of(visit), "latest": "true"} if is_step else {"limit": AT_ONCE}
    page = await visit.api.get(f"/clients/{client_id}/changes", by=by, **asked)
    # Of a moment the API tells what they were called then; the strip what they are called now.
    names = await staff_named(
        visit, {each["actor"] for each in page["items"] if each["staff_id"]} if is_step else set()
    )
    stops = list(_stops(visit, by, page["items"], f"/console/clients/{client_id}", names))
    at = _place(visit, stops, as_of)
    return Past(by, as_of, stops, at, [] if at is None else await _changes(visit, stops[at].changed))


def _stops(
    visit: Visit, by: str, items: Sequence[Mapping[str, Any]], address: str, names: Mapping[str, str]
) -> Iterator[Stop]:
    words, number, day = visit.words, 0, ""
    which = {"channel": channel_of(visit)} if channel_of(visit) else {}
    moments = [(at, list(facts)) for at, facts in groupby(items, key=lambda item: str(item[f"{by}_at"]))]
    for place, (at, facts) in enumerate(moments):
        fact, before, day = facts[-1], day, words.local(at).date().isoformat()
        number += len(facts)
        yield Stop(
            moment=at,
            number=number,
            day=day,
            kind=fact["topic"].partition(".")[0],
            title=", ".join(dict.fromkeys(words.label("topic", each["topic"]) for each in facts)),
            who=names.get(fact["actor"]) or fact["staff_name"] or words.actor(fact["actor"]),
            told=words("past.value", moment=words.moment(at), number=number, all=len(items)),
            address=f"{address}?{urlencode({'by': by, 'as_of': at, **which})}",
            left=round(FIRST + WHOLE * place / max(len(moments) - 1, 1), 2),
            begins_day=day != before,
            changed=[each["changes"] for each in facts],
        )


def _place(visit: Visit, stops: Sequence[Stop], as_of: str | None) -> int | None:
    """Return the last stop that counts at a moment; a day counts to its end by the company's clocks."""
    if as_of is None:
        return len(stops) - 1 if stops else None
    try:
        moment = datetime.fromisoformat(as_of)
        if len(as_of) == len("2026-01-31"):
            moment = datetime.combine(date.fromisoformat(as_of) + timedelta(1), time()) - timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=visit.words.zone)
    return max(
        (place for place, stop in enumerate(stops) if datetime.fromisoformat(stop.moment) <= moment), default=None
    )


async def _changes(visit: Visit, changed: Sequence[Mapping[str, Mapping[str, Any]]]) -> Sequence[Change]:
    """Return in words what the facts of a moment changed together, in the order of the card."""
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for changes in changed:
        for name, change in changes.items():
            old.setdefault(name, change["old"])
            new[name] = change["new"]
    if "owner_id" in new and "owner" not in new:
        # The owner was not of the staff yet, in the order in which things happened.
        names = await staff_named(visit, {owner for owner in (old["owner_id"], new["owner_id"]) if owner})
        for members in (old, new):
            members["owner"] = {"name": names.get(members["owner_id"]), "branch": None}
    return list(_told(visit, old, new))


def _told(visit: Visit, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in MEMBERS:
        before, after = _parts(visit, name, old.get(name)), _parts(visit, name, new.get(name))
        gone = [part for part in before if part not in after]
        come = [part for part in after if part not in before]
        if gone or come:
            yield Change(name, visit.words(f"member.{name}"), "; ".join(gone), "; ".join(come))


MEMBERS = (
    "name", "kind", "owner", "lifecycle", "archived_at", "tax_id", "contact_points", "profile", "contact_persons",
    "organisations", "subsidiaries", "parent_name", "open_deals", "data_notices", "touch_count", "last_touch_at",
    "source",
)  # fmt: skip
"""What of the card is told when it changes, in this order."""


def _parts(visit: Visit, name: str, value: Any) -> Sequence[str]:
    """Return a member of the card in words, part by part: of what has parts only those that differ are told."""
    if value is None:
        return []
    told = _IN_WORDS[name](visit, value) if name in _IN_WORDS else visit.words.stored(str(value))
    return [told] if isinstance(told, str) else told


def _person(visit: Visit, one: Mapping[str, Any]) -> str:
    role = visit.words.label("affiliation_role", one["role"])
    ended = "" if one["is_active"] else visit.words("card.until", day=visit.words.day(one["ended_at"]))
    return ", ".join(part for part in (one["name"] or visit.words("my_day.client"), role, ended) if part)


def _profile(visit: Visit, traits: Mapping[str, Any]) -> Sequence[str]:
    return [f"{visit.words.label('profile_field', field)}: {trait['value']}" for field, trait in traits.items()]


def _people(visit: Visit, people: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    return [_person(visit, one) for one in people]


def _notices(visit: Visit, notices: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    return [f"{visit.words.day(one['given_at'])}, {one['text_version']}" for one in notices]


def _deals(visit: Visit, deals: Mapping[str, Any]) -> str:
    return " · ".join(part for part in (visit.words.number(deals["count"]), visit.words.sums(deals["sums"])) if part)


def _moment(visit: Visit, moment: str) -> str:
    return visit.words.moment(moment)


_IN_WORDS: Mapping[str, Callable[[Visit, Any], str | Sequence[str]]] = {
    "kind": lambda visit, kind: visit.words.label("client_kind", kind),
    "lifecycle": lambda visit, state: visit.words.label("lifecycle", state),
    "archived_at": _moment,
    "last_touch_at": _moment,
    "touch_count": lambda visit, count: visit.words.number(count),
    "owner": lambda _, owner: ", ".join(part for part in (owner["name"], owner["branch"]) if part),
    "contact_points": lambda _, points: [str(point["value"]) for point in points],
    "profile": _profile,
    "contact_persons": _people,
    "organisations": _people,
    "subsidiaries": lambda visit, found: [one["name"] or visit.words("my_day.client") for one in found],
    "data_notices": _notices,
    "open_deals": _deals,
}
