"""How the service is: what is in order, what wants a look and what is broken, and what is kept where."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple

from read_api.console.calling import RefusedError
from read_api.console.page import Pages, View, Visit, known_or_refused

pages = Pages()

State = Literal["ok", "look", "broken"]

WORST: Sequence[State] = ("broken", "look", "ok")
LEAST_FREE_BYTES = 2**30
"""PostgreSQL's write-ahead log alone may take this much."""

SCANT = 0.1
"""Of a disk of which less is free somebody should think."""

STALE = timedelta(hours=26)
"""A backup a day, and two hours to make it."""

PARTS = ("log", "beside", "views", "files", "analytics")

_STREAMS = re.compile(r"^letopis_event_streams (\d+)", re.MULTILINE)


class Line(NamedTuple):
    """One thing that is looked at: `said` is how it is, in words."""

    name: str
    state: State
    said: str
    page: str | None = None


@pages.page("/status", name="status", asks="get_status", key="s")
async def status(visit: Visit) -> View:
    """Show how everything is, the worst first said in the heading."""
    standing, checks, metrics = await asyncio.gather(
        visit.api.get("/status"), _checks(visit), known_or_refused(visit.api.file("/metrics"))
    )
    lines = [
        *_lines_of_checks(visit, checks),
        _disk(visit, standing["disk"]),
        _backups(visit, standing["backups"]),
        *_streams(visit, metrics),
    ]
    worst = next(state for state in WORST if any(line.state == state for line in lines))
    kept = {part: [one for one in standing["kept"] if one["part"] == part] for part in PARTS}
    shown = {
        "standing": standing,
        "lines": lines,
        "worst": worst,
        "wrong": [visit.words(f"status.{line.name}") for line in lines if line.state != "ok"],
        "sums": {part: sum(one["size_bytes"] for one in kept[part]) for part in PARTS if kept[part]},
        "kept": standing["kept"],
    }
    return View("status.html", visit.words("status.title"), shown)


@pages.page("/status/doctor")
async def doctor(visit: Visit) -> View:
    """Show what the doctor finds: what is wrong first, with why it matters and how to mend it."""
    found = (await visit.api.get("/doctor"))["items"]
    order = {"failed": 0, "skipped": 1, "ok": 2}
    shown = {
        "findings": sorted(found, key=lambda one: order[one["state"]]),
        "failed": sum(one["state"] == "failed" for one in found),
    }
    return View("doctor.html", visit.words("status.doctor"), shown)


async def _checks(visit: Visit) -> Mapping[str, Mapping[str, Any]]:
    """Return what a load balancer hears, by what is looked at: also when it hears that nothing is to be sent here."""
    try:
        told = (await visit.api.get("/ready"))["checks"]
    except RefusedError as refused:
        told = refused.problem.get("checks") or ()
    return {one["name"]: one for one in told}


def _lines_of_checks(visit: Visit, checks: Mapping[str, Mapping[str, Any]]) -> Iterator[Line]:
    words = visit.words
    is_stored = bool(checks.get("log", {}).get("is_ready"))
    yield Line("log", "ok" if is_stored else "broken", words("status.log_ok" if is_stored else "status.log_broken"))
    views = [one for name, one in checks.items() if "parked" in one and name != "analytics"]
    if views:
        waiting = sum(one["parked"] for one in views)
        state: State = "ok" if all(one["is_ready"] for one in views) else "broken"
        state = "look" if waiting and state == "ok" else state
        yield Line("views", state, _behind(visit, views, waiting), "projections")
    if reports := checks.get("analytics"):
        state = "look" if reports["reason"] or reports["parked"] else "ok"
        yield Line("reports", state, _behind(visit, [reports], reports["parked"]))
    policies = [one for name, one in checks.items() if name.startswith(("policy ", "timer "))]
    if policies:
        wrong = [_wrong_with(visit, one) for one in policies if one["reason"]]
        yield Line("policies", "look" if wrong else "ok", "; ".join([_behind(visit, policies, 0), *wrong]))
    if clock := checks.get("clock"):
        ahead = words("status.clock_ahead", n=round(clock["ahead_seconds"])) if clock["reason"] else None
        yield Line("clock", "broken" if ahead else "ok", ahead or words("status.clock_ok"))


def _wrong_with(visit: Visit, policy: Mapping[str, Any]) -> str:
    """Say what is wrong with a policy or a timer."""
    words, name = visit.words, policy["name"].partition(" ")[2]
    called = words.known(f"policy.{name}", name)
    if policy["unanswered"]:
        return words("status.unanswered", n=policy["unanswered"], name=called)
    if policy["still_seconds"]:
        return words("status.stands", n=round(policy["still_seconds"]), name=called)
    return words("status.not_begun", name=called)


def _behind(visit: Visit, builds: Sequence[Mapping[str, Any]], waiting: int) -> str:
    """Say how far the last of these is behind the log, and how much waits for a fact that could not be taken in."""
    events = max((one["lag_events"] for one in builds), default=0)
    seconds = max((float(one["lag_seconds"]) for one in builds), default=0.0)
    said = visit.words("status.behind", n=events, seconds=visit.words.number(round(seconds, 1)))
    told = said if events else visit.words("status.caught_up", n=len(builds))
    return f"{told}; {visit.words('status.parked', n=waiting)}" if waiting else told


def _disk(visit: Visit, disk: Mapping[str, int]) -> Line:
    free, total = disk["free_bytes"], disk["total_bytes"]
    state: State = "broken" if free < LEAST_FREE_BYTES else "look" if free < SCANT * total else "ok"
    words = visit.words
    return Line("disk", state, words("status.free", free=words.size(free), total=words.size(total)))


def _backups(visit: Visit, backups: Mapping[str, Any]) -> Line:
    words = visit.words
    if not backups["is_configured"]:
        return Line("backups", "look", words("status.no_place"))
    if not backups["is_readable"]:
        return Line("backups", "broken", words("status.place_shut"))
    if not backups["items"]:
        return Line("backups", "look", words("status.no_backup"))
    last = backups["items"][0]
    if last["state"] != "whole":
        return Line("backups", "broken", words(f"status.last_{last['state']}", name=last["name"]))
    made = words.local(last["made_at"])
    is_old = words.now - made > STALE
    return Line("backups", "look" if is_old else "ok", words("status.last_backup", when=words.moment(made)))


def _streams(visit: Visit, metrics: Any) -> Iterator[Line]:
    found = None if isinstance(metrics, RefusedError) else _STREAMS.search(metrics.body.decode())
    if found:
        number = int(found[1])
        yield Line("streams", "ok", visit.words("status.streams_open" if number else "status.no_streams", n=number))
