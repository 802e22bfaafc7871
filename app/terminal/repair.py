"""What operators do with read models: look, compare, go back, hold up. The analytics file counts as one of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg

from app.composition.decoding import decoder_at, decoder_factory
from app.composition.wiring import ANALYTICS_FILE
from app.database import Urls, database, master_key, server_disk
from app.process import settle
from app.serving.analytics_control import analytics_in_hand
from app.settings import Settings
from app.terminal.console import print_json, print_table, say
from infra.analytics.arrow_log import NAME
from infra.log.crypto import MasterKey
from infra.projector.generations import connect, drop_retired, fingerprint_of, in_use, names_retired
from infra.projector.leases import build_lock
from infra.projector.projection import Projection
from infra.projector.states import KEPT_LONG_ENOUGH, pause, resume
from infra.told import ToldError
from projections.analytics import ANALYTICS as FACTS
from projections.registry import PROJECTIONS
from replay.rebuilding.rebuild import roll_back
from replay.rebuilding.report import Report
from replay.rebuilding.resources import Resources
from replay.rebuilding.throttle import ask, throttle
from replay.rebuilding.verify import verify
from replay.repair.checkpoint_check import check_checkpoint
from replay.repair.status import ProjectionStatus, rebuilds, statuses
from replay.repair.verify_claims import verify_claims

ANALYTICS = NAME
# How old the first fact is that is not counted yet.
_LAG = """
    SELECT h.position, greatest((
        SELECT extract(epoch FROM clock_timestamp() - e.recorded_at)
        FROM letopis.event e
        WHERE e.position = %s + 1
    ), 0)::double precision
    FROM (SELECT coalesce(max(position), 0) AS position FROM letopis.event) h
"""
KNOWN = tuple(one.name for one in PROJECTIONS)


class UnknownReadModelError(ToldError):
    """There is no read model of that name; says which there are."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no read model {name!r}. There are: {', '.join([*KNOWN, ANALYTICS])}, all.")


@dataclass(frozen=True)
class Site:
    """An installation: its settings, its master key and how each role connects."""

    settings: Settings
    master: MasterKey
    urls: Urls


@contextmanager
def site() -> Iterator[Site]:
    """Lend this installation."""
    settings = Settings()
    master = master_key(settings)
    with database(settings, master, say) as urls:
        yield Site(settings, master, urls)


def named(name: str) -> tuple[list[Projection[Any]], bool]:
    """Return the projections meant and whether analytics is; raises UnknownReadModelError."""
    if name == "all":
        return list(PROJECTIONS), True
    if name == ANALYTICS:
        return [], True
    if name not in KNOWN:
        raise UnknownReadModelError(name)
    return [one for one in PROJECTIONS if one.name == name], False


def show_status(*, as_json: bool) -> None:
    """Print every read model: its state, how far behind the log, how large."""
    with site() as here:
        found = statuses(PROJECTIONS, here.urls.projector)
        found += _analytics_status(here)
        under_way = rebuilds(here.urls.projector)
    if as_json:
        print_json(found)
        return
    columns = ("name", "state", "generation", "position", "lag", "seconds", "rows", "MB", "parked", "kept", "error")
    print_table(
        columns,
        [
            (
                one.name,
                one.state,
                one.generation,
                one.position,
                one.lag_events,
                round(one.lag_seconds, 1),
                one.rows,
                round(one.size_bytes / 2**20, 1),
                f"{one.parked} from {one.parked_from}" if one.parked else "",
                f"{one.kept_events:,} events since {one.kept_since:%Y-%m-%d %H:%M}" if one.kept_since else "",
                one.error,
            )
            for one in found
        ],
    )
    for each in under_way:
        say(each.sentence)


def _analytics_status(here: Site) -> list[ProjectionStatus]:
    """Return how the analytics stand, as a read model of one build; nothing where they were never made."""
    file = here.settings.var / ANALYTICS_FILE
    if not file.exists():
        return []
    with analytics_in_hand(here.settings, here.urls, here.master) as analytics:
        told = analytics.standing()
    with connect(here.urls.projector) as connection:
        head, seconds = connection.execute(_LAG, (told["position"],)).fetchone() or (0, 0.0)
    one = ProjectionStatus(
        name=ANALYTICS,
        generation=1,
        shape=1,
        state=told["state"],
        position=told["position"],
        head=head,
        lag_events=max(0, head - told["position"]),
        lag_seconds=seconds,
        fingerprint=FACTS.fingerprint,
        size_bytes=file.stat().st_size,
        error=told["problem"],
        parked=len(told["parked"]),
        parked_from=min((each["position"] for each in told["parked"]), default=None),
    )
    return [one]


def verify_named(name: str, *, processes: int, one_in: int, as_json: bool) -> bool:
    """Compare, row by row, with a fold from scratch; print what was found and return whether all is equal.

    With "all" the clients' claims to their phones, e-mails and tax numbers are compared as well.
    """
    projections, with_analytics = named(name)
    settle()
    with site() as here:
        decoder = decoder_factory(here.urls.projector, here.master)
        resources = Resources(processes, disk=server_disk(here.settings, here.urls))
        reports = [verify(one, here.urls.projector, decoder, resources=resources, one_in=one_in) for one in projections]
        differences: list[dict[str, Any]] = []
        standing: dict[str, Any] = {}
        if with_analytics:
            with analytics_in_hand(here.settings, here.urls, here.master) as analytics:
                differences = analytics.verify()
                standing = analytics.standing()
        claims = verify_claims(here.urls.writer, decoder(), here.master.keyed_hash) if name == "all" else None
    if as_json:
        known = {"analytics_parked": len(standing["parked"])} if standing else {}
        print_json({"reports": reports, "analytics": differences, **known, "claims": claims})
    else:
        _say_reports(reports)
        if with_analytics:
            _say_standing(standing, is_equal=not differences)
            for one in differences:
                say(f"  {_told(one)}")
        if claims is not None:
            say(f"{'equal' if claims.is_equal else 'DIFFERENT'}  claims: {claims.summary}")
    is_claimed = claims is None or claims.is_equal
    goes_on = standing.get("state") != "broken"
    return is_claimed and goes_on and not differences and all(report.is_equal for report in reports)


def _say_standing(standing: Mapping[str, Any], *, is_equal: bool) -> None:
    """Say what a comparison of the analytics found, and what it could not see: what waits, and what never came."""
    found = f" every table is what the log makes up to position {standing['position']}" if is_equal else ""
    say(f"{'equal' if is_equal else 'DIFFERENT'}  {ANALYTICS}:{found}")
    if standing["parked"]:
        say(f"  {len(standing['parked'])} parked: `letopis projections parked {ANALYTICS}`")
    if standing["state"] == "broken":
        say(f"  broken, so nothing after it is counted: {standing['problem']}")


def _told(difference: Mapping[str, Any]) -> str:
    """Return one line about a table of facts that is not what the log makes, without any values."""
    names = {name: ", ".join(map(str, difference[name])) for name in ("columns", "positions")}
    columns = f" (columns: {names['columns']})" if names["columns"] else ""
    return (
        f"{difference['table']}: {difference['only_live']} rows the log does not make,"
        f" {difference['only_rebuilt']} missing{columns}; positions: {names['positions']}"
    )


def _say_reports(reports: Sequence[Report]) -> None:
    for report in reports:
        say(f"{'equal' if report.is_equal else 'DIFFERENT'}  {report.projection}: {report.summary}")
        for line in report.lines():
            say(f"  {line}")


def check_named(name: str, *, as_json: bool) -> bool:
    """Compare what was consumed with the log; print what was found and return whether all is sound."""
    projections, with_analytics = named(name)
    with site() as here:
        decode = decoder_at(here.urls.projector, here.master)
        found = [check_checkpoint(one, here.urls.projector, decode) for one in projections]
    if as_json:
        print_json(found)
    else:
        for one in found:
            say(f"{'sound' if one.is_sound else 'WRONG'}  {one.projection}: {one.summary}")
    if with_analytics:
        say(f"not checked  {ANALYTICS}: it checks its checkpoint with every batch; `verify` compares the rest")
    return all(one.is_sound for one in found)


def roll_back_named(name: str) -> None:
    """Show readers the generations they saw before the present ones again."""
    projections, _ = named(name)
    with site() as here:
        decode = decoder_at(here.urls.projector, here.master)
        for one in projections:
            _say_behind(one, here.urls.projector)
            generation = roll_back(one, here.urls.projector, decode)
            say(f"{one.name}: readers see generation {generation.number} again")


def _say_behind(projection: Projection[Any], url: str) -> None:
    """Say what has to be folded first where a cap stopped what is kept."""
    for one in statuses([projection], url):
        if one.state == "retired" and one.error == KEPT_LONG_ENOUGH:
            said = f"{one.lag_events:,} events are folded first, because LETOPIS_KEEP_RETIRED_HOURS ended its following"
            say(f"{one.name}: generation {one.generation} is at position {one.position}; {said}")


def drop_named(name: str) -> None:
    """Drop what is kept for a rollback, and what is left of a read model that this version has no more."""
    with site() as here, connect(here.urls.projector) as connection:
        withdrawn = [each for each in names_retired(connection) if each not in KNOWN and name in {each, "all"}]
        projections = [] if name in withdrawn else named(name)[0]
        for one in projections:
            with build_lock(connection, one.name):
                present = in_use(connection, one.name)
                if present is not None and present.fingerprint != fingerprint_of(one):
                    say(f"{one.name}: other code made what is in use. That version may drop what this one reads.")
                    continue
                _say_dropped(one.name, drop_retired(connection, one.name))
        for each in withdrawn:
            with build_lock(connection, each):
                _say_dropped(each, drop_retired(connection, each))


def _say_dropped(name: str, dropped: Sequence[int]) -> None:
    said = f"generation {dropped[0]} is dropped" if dropped else "nothing was kept, so nothing changed"
    say(f"{name}: {said}")


Change = Callable[[psycopg.Connection[Any], str], bool]
"""Changes something of a read model by its name, and tells whether there was something to change."""


def change(name: str, *changes: tuple[Change, str], otherwise: str) -> None:
    """Do the first of the changes that can be done to each read model meant, and say which."""
    projections, _ = named(name)
    with site() as here, connect(here.urls.projector) as connection:
        for one in projections:
            say(f"{one.name}: {next((said for do, said in changes if do(connection, one.name)), otherwise)}")


def pause_named(name: str) -> None:
    """Let rebuilds under way rest, else read models; readers keep what they have."""
    rest = (partial(ask, wish="pause"), "the rebuild rests; resume lets it go on")
    change(name, rest, (pause, "paused"), otherwise="was not live, so nothing changed")


def resume_named(name: str) -> None:
    """Let paused rebuilds go on, else read models."""
    go_on = (partial(ask, wish="run"), "the rebuild goes on")
    change(name, go_on, (resume, "live again"), otherwise="was not paused, so nothing changed")


def cancel_named(name: str) -> None:
    """End rebuilds under way."""
    end = (partial(ask, wish="cancel"), "the rebuild ends; readers keep what they have")
    change(name, end, otherwise="is not being rebuilt, so nothing changed")


def throttle_named(name: str, events_per_second: int | None) -> None:
    """Hold rebuilds under way to a pace, or to none any more."""
    said = "no limit any more" if events_per_second is None else f"at most {events_per_second:,} events/s from now on"
    hold = (partial(throttle, events_per_second=events_per_second), f"the rebuild: {said}")
    change(name, hold, otherwise="is not being rebuilt, so nothing changed")
