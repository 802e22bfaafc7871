"""A client's story in words: each fact with its sign, what it says, and what it changed from and to."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from read_api.console.visit import Visit
from read_api.console.words import Words

Entry = Mapping[str, Any]


class Line(NamedTuple):
    """One fact as the page has it; `said` is what people wrote, `change` what was before and what is now."""

    position: int
    kind: str
    topic: str
    title: str
    at: str
    who: str
    said: Sequence[str]
    change: tuple[str, str] | None
    channel: str | None
    direction: str | None
    recorded_at: str
    is_late: bool


class Dated(Protocol):
    """A line that stands under its day."""

    @property
    def at(self) -> str: ...


class Day(NamedTuple):
    """A day of the company's calendar with its lines."""

    day: str
    lines: Sequence[Dated]


def by_days(words: Words, lines: Iterable[Dated]) -> list[Day]:
    """Return lines that are in order, or the other way round, under their days."""
    return [
        Day(day, list(group)) for day, group in groupby(lines, key=lambda line: words.local(line.at).date().isoformat())
    ]


_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WRITTEN = ("title", "topic", "text", "value", "result", "reason", "evidence")
_STAFF = ("owner_id", "from_owner_id", "to_owner_id", "seller_id", "to_staff_id", "from_staff_id", "to_seller_id")
_LATE_SECONDS = 24 * 3600
"""Who records a fact a day or more after it happened wants that seen."""


async def told(visit: Visit, entries: Sequence[Entry], deals: Mapping[str, str]) -> Sequence[Day]:
    """Return a client's story by days; the titles of `deals` by their ids are told where a fact has none."""
    return by_days(visit.words, await lines_of(visit, entries, {**deals, **titles(entries, "details")}))


def titles(entries: Iterable[Entry], facts: str) -> dict[str, str]:
    """Return what deals are called that were opened in these entries, by their ids."""
    opened = (entry for entry in entries if entry["topic"] == "deal.opened" and entry[facts])
    return {entry["stream_id"]: title for entry in opened if (title := entry[facts].get("title"))}


async def lines_of(visit: Visit, entries: Sequence[Entry], deals: Mapping[str, str]) -> Sequence[Line]:
    """Return facts in words, with the names of whom and of which deals they name."""
    names = await _names(visit, entries)
    stages = await _stages(visit) if any(entry["topic"].startswith("deal.") for entry in entries) else {}
    return [_line(visit, entry, names, stages, deals) for entry in entries]


AT_MOST = 50
"""So many facts back one looks for those of one thing."""


async def latest(visit: Visit, client_id: str, stream_id: str, facts: int) -> Sequence[Line]:
    """Return the last facts about one thing of a client's, the latest last: as many as there are new ones."""
    head = (await visit.api.get("/position"))["head"]
    page = await visit.api.get(f"/clients/{client_id}/timeline", stream_id=stream_id, limit=AT_MOST, min_position=head)
    own = sorted(page["items"], key=lambda entry: int(entry["event_position"]))
    return await lines_of(visit, own[-facts:], {})


async def _names(visit: Visit, entries: Iterable[Entry]) -> Mapping[str, str]:
    """Return the names of the staff who are named by their ids alone."""
    return await staff_named(visit, {each for entry in entries for each in _ids(entry)})


async def staff_named(visit: Visit, wanted: Set[str]) -> Mapping[str, str]:
    """Return what these of the staff are called today, by their ids; nobody, where the user may not ask."""
    return {staff_id: one["name"] for staff_id, one in (await staff_known(visit, wanted, "name")).items()}


async def staff_known(visit: Visit, wanted: Set[str], fields: str) -> Mapping[str, Mapping[str, str]]:
    """Return these members of what the API says of some of the staff, by their ids."""
    if not wanted or not visit.asks("list_staff"):
        return {}
    found = await visit.api.get("/staff", ids=",".join(sorted(wanted)[:200]), fields=fields, limit=200)
    return {one["staff_id"]: one for one in found["items"]}


def is_of_staff(actor: str) -> bool:
    """Tell whether whoever acted is one of the staff: they are known by an id, and all others by a name."""
    return _ID.fullmatch(actor) is not None


def unnamed_authors(notes: Iterable[Entry]) -> Iterator[str]:
    """Give the staff who wrote notes and are known in them by their ids alone."""
    return (note["author"] for note in notes if not note["author_name"] and is_of_staff(note["author"]))


def _ids(entry: Entry) -> Iterator[str]:
    if not entry["staff_name"] and is_of_staff(entry["actor"]):
        yield entry["actor"]
    yield from (value for name in _STAFF if isinstance(value := entry["details"].get(name), str))


async def _stages(visit: Visit) -> Mapping[str, str]:
    found = await visit.api.get("/pipelines")
    return {stage["code"]: stage["name"] for road in found["items"] for stage in road["stages"]}


def _line(
    visit: Visit, entry: Entry, names: Mapping[str, str], stages: Mapping[str, str], deals: Mapping[str, str]
) -> Line:
    words, details, topic = visit.words, entry["details"], entry["topic"]
    channel = words.label("channel", entry["channel"]) if entry["channel"] else ""
    owner = names.get(str(details.get("owner_id") or details.get("to_owner_id") or ""), "—")
    trait = words.label("profile_field", details.get("field"))
    said_of = {name: str(details.get(name) or "—") for name in ("tag", "file_name", "code")}
    known = {"channel": channel, "owner": owner, "trait": trait, **said_of}
    if topic == "activity.held" and entry["channel"] == "call":
        title = words(f"fact.call.{entry['direction'] or 'outbound'}")
    else:
        title = words(f"fact.{topic}", **known)
    said = [
        words.stored(str(details[name]))
        for name in _WRITTEN
        if details.get(name) and not isinstance(details[name], dict)
    ]
    if entry["stream_id"] in deals and not details.get("title"):
        said.insert(0, deals[entry["stream_id"]])
    if topic.startswith("client_permission.") and "number" not in details:
        said.insert(0, of_what(words, details))
    if point := details.get("point"):
        said.insert(0, str(point.get("value", "")))
    if due := details.get("due_at"):
        said.append(words("fact.by", moment=words.moment(due)))
    if money := details.get("amount"):
        said.append(words.money(money["amount"], money["currency"]))
    late = words.local(entry["recorded_at"]) - words.local(entry["occurred_at"])
    return Line(
        position=entry["event_position"],
        kind=topic.partition(".")[0],
        topic=topic,
        title=title[:1].upper() + title[1:],
        at=entry["occurred_at"],
        who=entry["staff_name"] or names.get(entry["actor"]) or words.actor(entry["actor"]),
        said=said,
        change=_change(visit, details, names, stages),
        channel=entry["channel"],
        direction=entry["direction"],
        recorded_at=entry["recorded_at"],
        is_late=late.total_seconds() >= _LATE_SECONDS,
    )


def of_what(words: Words, entry: Entry) -> str:
    """Return by which channel and for which purpose something was said of addressing a client."""
    by, purpose = entry.get("addressed_by"), entry.get("purpose")
    return " · ".join(
        (
            words.label("permission_channel", by) if by else words("card.any_channel"),
            words.label("permission_purpose", purpose) if purpose else words("card.any_purpose"),
        )
    )


def _change(
    visit: Visit, details: Mapping[str, Any], names: Mapping[str, str], stages: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return what was before and what is now; a fact changes one thing at most."""
    changed = next((name.removeprefix("to_") for name in details if name.startswith("to_")), None)
    if changed is None:
        return None

    def shown(value: Any) -> str:
        if value is None:
            return "—"
        if isinstance(value, dict):
            return visit.words.money(**value) if "currency" in value else str(value.get("value", ""))
        if changed == "day":
            return visit.words.day(value)
        labels_of = visit.words.labels_of
        lists = {"state": labels_of("lifecycle"), "category": labels_of("forecast_category"), "stage": stages}
        known = lists.get(changed, names)
        return str(known.get(str(value), value))

    return shown(details.get(f"from_{changed}")), shown(details[f"to_{changed}"])
