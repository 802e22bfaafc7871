"""What operators do with read models: look, compare, go back, hold up. The analytics file counts as one of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from app.composition.decoding import decoder_at
from app.composition.wiring import ANALYTICS_FILE
from app.database import database, master_key
from app.operations.doing import CANCEL, PAUSE, RESUME, Word, dropped, hold_to, rolled_back, verified
from app.operations.outcomes import of_comparison, of_drop, of_roll_back, of_tables
from app.operations.site import ANALYTICS, KNOWN, Site, UnknownReadModelError
from app.process import settle
from app.serving.analytics_control import analytics_in_hand
from app.settings import Settings
from app.terminal.console import print_json, print_table, say
from app.terminal.on_record import on_record
from infra.projector.generations import connect, names_retired
from infra.projector.projection import Projection
from infra.projector.states import KEPT_LONG_ENOUGH
from projections.analytics import ANALYTICS as FACTS
from projections.registry import PROJECTIONS
from replay.rebuilding.report import Report
from replay.repair.checkpoint_check import check_checkpoint
from replay.repair.jobs import Ended
from replay.repair.status import ProjectionStatus, rebuilds, statuses
from replay.repair.verify_claims import verify_claims

# How old the first fact is that is not counted yet.
_LAG = """
    SELECT h.position, greatest((
        SELECT extract(epoch FROM clock_timestamp() - e.recorded_at)
        FROM letopis.event e
        WHERE e.position = %s + 1
    ), 0)::double precision
    FROM (SELECT coalesce(max(position), 0) AS position FROM letopis.event) h
"""


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
        raise UnknownReadModelError(name, (ANALYTICS, "all"))
    return [KNOWN[name]], False


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
                one.rows if one.is_counted else f"≈ {one.rows}",
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
        reports = [_verified(here, one, processes, one_in) for one in projections]
        differences: list[dict[str, Any]] = []
        standing: dict[str, Any] = {}
        if with_analytics:
            differences, standing = _verified_analytics(here)
        decode = decoder_at(here.urls.projector, here.master)
        claims = verify_claims(here.urls.writer, decode, here.master.keyed_hash) if name == "all" else None
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


def _verified(here: Site, projection: Projection[Any], processes: int, one_in: int) -> Report:
    given = {"processes": processes, "sample": one_in}
    with on_record(here.urls.projector, "verify", projection.name, given) as record:
        report = verified(here, projection, processes=processes, one_in=one_in)
        record.ended = of_comparison(report)
    return report


def _verified_analytics(here: Site) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the tables that differ, and how the analytics stand."""
    with (
        on_record(here.urls.projector, "verify", ANALYTICS) as record,
        analytics_in_hand(here.settings, here.urls, here.master) as analytics,
    ):
        differences, standing = analytics.verify(), analytics.standing()
        record.ended = of_tables(ANALYTICS, standing["position"], differences)
    return differences, standing


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
        for one in projections:
            _say_behind(one, here.urls.projector)
            with on_record(here.urls.projector, "rollback", one.name) as record:
                generation = rolled_back(here, one)
                record.ended = of_roll_back(generation)
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
        for each in [*(one.name for one in projections), *withdrawn]:
            with on_record(here.urls.projector, "drop", each) as record:
                numbers = dropped(connection, each)
                record.ended = of_drop(each, numbers)
            if numbers is None:
                say(f"{each}: other code made what is in use. That version may drop what this one reads.")
            else:
                _say_dropped(each, numbers)


def _say_dropped(name: str, numbers: Sequence[int]) -> None:
    said = f"generation {numbers[0]} is dropped" if numbers else "nothing was kept, so nothing changed"
    say(f"{name}: {said}")


SAID = {
    "rebuild-rests": "the rebuild rests; resume lets it go on",
    "paused": "paused",
    "was-not-live": "was not live, so nothing changed",
    "rebuild-goes-on": "the rebuild goes on",
    "resumed": "live again",
    "was-not-paused": "was not paused, so nothing changed",
    "rebuild-ends": "the rebuild ends; readers keep what they have",
    "not-being-rebuilt": "is not being rebuilt, so nothing changed",
    "rebuild-unheld": "the rebuild: no limit any more",
}
"""What is said of what a word changed, by its code."""


def say_word(name: str, operation: str, word: Word, said: Mapping[str, str] = SAID, **given: int) -> None:
    """Say a word to each read model meant, or to its rebuild, and tell what it changed."""
    projections, _ = named(name)
    with site() as here, connect(here.urls.projector) as connection:
        for one in projections:
            with on_record(here.urls.projector, operation, one.name, given) as record:
                code = word.said(connection, one.name)
                record.ended = Ended("done", code, {"about": one.name, **given})
            say(f"{one.name}: {said[code]}")


def pause_named(name: str) -> None:
    """Let rebuilds under way rest, else read models; readers keep what they have."""
    say_word(name, "pause", PAUSE)


def resume_named(name: str) -> None:
    """Let paused rebuilds go on, else read models."""
    say_word(name, "resume", RESUME)


def cancel_named(name: str) -> None:
    """End rebuilds under way."""
    say_word(name, "cancel", CANCEL)


def throttle_named(name: str, events_per_second: int | None) -> None:
    """Hold rebuilds under way to a pace, or to none any more."""
    events = events_per_second or 0
    said = {**SAID, "rebuild-held": f"the rebuild: at most {events:,} events/s from now on"}
    say_word(name, "throttle", hold_to(events_per_second), said, events=events)
