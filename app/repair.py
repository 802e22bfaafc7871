"""What operators do with read models: look, rebuild, compare, go back. The analytics file counts as one of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from app.console import print_json, print_table, progress, say
from app.database import Urls, database, master_key
from app.operators import analytics_in_hand
from app.settings import Settings
from app.wiring import decoder_at, decoder_factory
from infra.crypto import MasterKey
from infra.generations import connect, pause, resume
from infra.projection import Projection
from projections.registry import PROJECTIONS
from replay.consumed import audit
from replay.rebuild import Progress, rebuild, roll_back
from replay.status import statuses
from replay.verify import Report, verify
from replay.verify_claims import verify_claims

ANALYTICS = "analytics"
KNOWN = {one.name: one for one in PROJECTIONS}


class UnknownReadModelError(Exception):
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
def site_at_hand() -> Iterator[Site]:
    """Lend the installation of this folder, with its database running."""
    settings = Settings()
    master = master_key(settings)
    with database(settings, master, say) as urls:
        yield Site(settings, master, urls)


def named(name: str) -> tuple[list[Projection[Any]], bool]:
    """Return the projections meant and whether analytics is; raises UnknownReadModelError."""
    if name == "all":
        return list(KNOWN.values()), True
    if name == ANALYTICS:
        return [], True
    if name not in KNOWN:
        raise UnknownReadModelError(name)
    return [KNOWN[name]], False


def show_status(*, as_json: bool) -> None:
    """Print every read model: its state, how far behind the log, how large."""
    with site_at_hand() as site:
        found = statuses(PROJECTIONS, site.urls.projector)
    if as_json:
        print_json(found)
        return
    columns = ("name", "state", "generation", "position", "lag", "seconds", "rows", "MB", "parked", "error")
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
                one.error,
            )
            for one in found
        ],
    )


def rebuild_named(name: str, *, processes: int, is_verified: bool, may_park: bool, as_json: bool) -> None:
    """Fold the whole log into new generations and swap them in; print what was made."""
    projections, with_analytics = named(name)
    with site_at_hand() as site, progress() as bar:
        decoder = decoder_factory(site.urls.projector, site.master)

        def tell(now: Progress) -> None:
            if now.total:
                bar(f"{now.projection}: {now.phase}", now.done, now.total)

        options: dict[str, Any] = {"processes": processes, "is_verified": is_verified, "may_park": may_park}
        done = [rebuild(one, site.urls.projector, decoder, progress=tell, **options) for one in projections]
        if with_analytics:
            with analytics_in_hand(site.settings, site.urls, site.master) as analytics:
                analytics.rebuild(lambda reached, aim: bar(f"{ANALYTICS}: loading", reached, aim))
    if as_json:
        print_json(done)
        return
    for one in done:
        if one is not None:
            waiting = f"; {one.parked} parked: `letopis projections parked {one.projection}`" if one.parked else ""
            say(f"{one.projection}: generation {one.generation} of {one.events:,} events, {one.seconds:.1f} s{waiting}")
    if with_analytics:
        say(f"{ANALYTICS}: rebuilt")


def verify_named(name: str, *, as_json: bool) -> bool:
    """Compare, row by row, with a fold from scratch; print what was found and return whether all is equal.

    With "all" the clients' claims to their phones, e-mails and tax numbers are compared as well.
    """
    projections, with_analytics = named(name)
    with site_at_hand() as site:
        decode = decoder_at(site.urls.projector, site.master)
        reports = [verify(one, site.urls.projector, decode) for one in projections]
        differences: list[dict[str, Any]] = []
        if with_analytics:
            with analytics_in_hand(site.settings, site.urls, site.master) as analytics:
                differences = analytics.verify()
        claims = verify_claims(site.urls.writer, decode, site.master.keyed_hash) if name == "all" else None
    if as_json:
        print_json({"reports": reports, "analytics": differences, "claims": claims})
    else:
        _say_reports(reports)
        if with_analytics:
            found = differences or "every table is what the log makes"
            say(f"{'DIFFERENT' if differences else 'equal'}  {ANALYTICS}: {found}")
        if claims is not None:
            say(f"{'equal' if claims.is_equal else 'DIFFERENT'}  claims: {claims.summary}")
    is_claimed = claims is None or claims.is_equal
    return is_claimed and not differences and all(report.is_equal for report in reports)


def _say_reports(reports: Sequence[Report]) -> None:
    for report in reports:
        say(f"{'equal' if report.is_equal else 'DIFFERENT'}  {report.projection}: {report.summary}")


def audit_named(name: str, *, as_json: bool) -> bool:
    """Compare what was consumed with the log; print what was found and return whether all is sound."""
    projections, with_analytics = named(name)
    with site_at_hand() as site:
        decode = decoder_at(site.urls.projector, site.master)
        found = [audit(one, site.urls.projector, decode) for one in projections]
    if as_json:
        print_json(found)
    else:
        for one in found:
            say(f"{'sound' if one.is_sound else 'WRONG'}  {one.projection}: {one.summary}")
    if with_analytics:
        say(f"not audited  {ANALYTICS}: it checks its checkpoint with every batch; `verify` compares the rest")
    return all(one.is_sound for one in found)


def roll_back_named(name: str) -> None:
    """Show readers the generations they saw before the present ones again."""
    projections, _ = named(name)
    with site_at_hand() as site:
        decode = decoder_at(site.urls.projector, site.master)
        for one in projections:
            generation = roll_back(one, site.urls.projector, decode)
            say(f"{one.name}: readers see generation {generation.number} again")


Change = Callable[[psycopg.Connection[Any], str], bool]


def _change_state(name: str, change: Change, said: str, otherwise: str) -> None:
    projections, _ = named(name)
    with site_at_hand() as site, connect(site.urls.projector) as connection:
        for one in projections:
            say(f"{one.name}: {said if change(connection, one.name) else otherwise}")


def pause_named(name: str) -> None:
    """Let read models rest; readers keep what they have."""
    _change_state(name, pause, "paused", "was not live, so nothing changed")


def resume_named(name: str) -> None:
    """Let paused read models go on."""
    _change_state(name, resume, "live again", "was not paused, so nothing changed")
