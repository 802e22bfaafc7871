"""`python -m tests.bench.marginal 1000000 10000000`: what one more event and one more client cost, for docs/scale.md.

Makes a log of each size on a durable server of its own, rebuilds the views, fills the analytics file and exports the
log, and prints for each size, and for the step between the first and the last, bytes and seconds; and how much memory
the processes of a rebuild took together at the most. With `--view` only those views are rebuilt, and nothing else done.
With `--check none` a verification of every row is timed by itself, after the rebuilds. How many rows of the log the
server read for each event of it is told as well: two where each of two processes goes through it once.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from os import getpid
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

import psycopg

from app.composition.decoding import decoder_factory
from app.composition.wiring import analytics_node
from app.process import settle
from infra.projector.folding import Decode
from infra.projector.projection import Projection
from projections.registry import PROJECTIONS
from replay.export.export import export_log
from replay.rebuilding.rebuild import Check, rebuild
from replay.rebuilding.verify import verify
from tests.bench.ground import Ground, Place, ground
from tests.bench.made_log import EVENTS_PER_CLIENT, append_made_log

TABLES = ("letopis.event", "letopis.event_party", "letopis.subject_key")
VIEWS = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
FROM pg_class AS c
WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text = %s
"""

READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relid = 'letopis.event'::regclass"

LOOK_SECONDS = 0.2
REST_SECONDS = 65.0
"""Autovacuum looks every minute whether there is something for it to do."""


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _memory() -> int:
    """Return the bytes of memory that this process and those it started have now, less what PostgreSQL has.

    Pages that several of them share are counted once altogether (Linux calls it the proportional set size).
    """
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name, rest = (folder / "stat").read_text().rsplit(")", 1)
            if not name.endswith("(postgres"):
                parents[int(folder.name)] = int(rest.split()[1])
    ours, found = {getpid()}, 1
    while found:
        more = {pid for pid, parent in parents.items() if parent in ours} - ours
        ours, found = ours | more, len(more)
    taken = 0
    for pid in ours:
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            taken += sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return taken


@contextmanager
def most_memory(found: dict[str, float], name: str) -> Iterator[None]:
    """Note how many bytes of memory our processes had at the most meanwhile; on Linux."""
    ended, most = Event(), [0]

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            most[0] = max(most[0], _memory())

    watching = Thread(target=look)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()
        found[name] = most[0]


@contextmanager
def passes(place: Place, events: int, found: dict[str, float], name: str) -> Iterator[None]:
    """Note how often each event of the log was read meanwhile, by all sessions that have ended."""

    def read() -> int:
        with psycopg.connect(place.urls.owner) as connection:
            ((rows,),) = connection.execute(READ).fetchall()
        return int(rows)

    before = read()
    yield
    # A session says what it read when it ends, a moment after its process does.
    time.sleep(1)
    found[name] = (read() - before) / events


def measured(lent: Ground, events: int, views: Sequence[Projection[Any]], check: Check) -> dict[str, float]:
    """Return bytes and seconds by name for a log of so many events; all there is to measure if all views are given."""
    found: dict[str, float] = {}
    with lent.place(f"marginal{events}") as place:
        append_made_log(place.urls.owner, place.master, events)
        decoder = decoder_factory(place.urls.projector, place.master)
        for one in views:
            again = partial(rebuild, one, place.urls.projector, decoder, check=check)
            # The first one knows nothing of the rows there will be.
            _rest(place)
            with most_memory(found, f"memory {one.name}, first"), passes(place, events, found, f"passes {one.name}"):
                found[f"first rebuild s {one.name}"] = timed(again)
            with most_memory(found, f"memory {one.name}"):
                found[f"rebuild at once s {one.name}"] = timed(again)
            _rest(place)
            found[f"rebuild s {one.name}"] = timed(again)
            _rest(place)
            if check == "none":
                read = passes(place, events, found, f"passes of verifying {one.name}")
                with most_memory(found, f"memory of verifying {one.name}"), read:
                    found[f"verify s {one.name}"] = timed(partial(_verify, one, place.urls.projector, decoder))
            with psycopg.connect(place.urls.owner) as connection:
                ((size,),) = connection.execute(VIEWS, [f"{one.name}_g3"]).fetchall()
            found[f"bytes {one.name}"] = size
        if len(views) == len(PROJECTIONS):
            found |= _beside_views(place)
    return found


def _rest(place: Place) -> None:
    """Wait until the server is done with what was written before: what comes next is timed, and not that."""
    with psycopg.connect(place.urls.owner, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        while True:
            time.sleep(REST_SECONDS)
            ((busy,),) = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"
            ).fetchall()
            if not busy:
                break
        connection.execute("CHECKPOINT")


def _verify(view: Projection[Any], url: str, decoder: Callable[[], Decode]) -> None:
    if not verify(view, url, decoder).is_equal:
        raise RuntimeError(f"{view.name} is not what the log makes")


def _beside_views(place: Place) -> dict[str, float]:
    found: dict[str, float] = {}
    with psycopg.connect(place.urls.owner) as connection:
        for table in TABLES:
            ((size,),) = connection.execute("SELECT pg_total_relation_size(%s::regclass)", [table]).fetchall()
            found[f"bytes {table}"] = size
    node = analytics_node(place.settings, place.urls, place.master)
    found["load s analytics"] = timed(node.rebuild)
    node.stop()
    found["bytes analytics"] = (place.settings.var / "analytics.duckdb").stat().st_size
    with TemporaryDirectory() as folder:
        found["export s"] = timed(lambda: export_log(place.urls.projector, Path(folder)))
        found["bytes export"] = sum(path.stat().st_size for path in Path(folder).glob("*/*.parquet"))
    return found


def main() -> None:
    known = {one.name: one for one in PROJECTIONS}
    parser = argparse.ArgumentParser(prog="python -m tests.bench.marginal", description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+", help="events, multiples of 10, smallest first")
    parser.add_argument("--view", action="append", choices=known, help="may be repeated")
    parser.add_argument("--check", choices=("none", "sample", "full"), default="sample", help="before the swap")
    asked = parser.parse_args()
    views, sizes = [known[name] for name in asked.view or known], asked.sizes
    settle()
    found = []
    with ground(is_quick=True, events=None, folder=None) as lent:
        for size in sizes:
            found.append(measured(lent, size, views, asked.check))
            print(json.dumps({size: found[-1]}, indent=1), flush=True)
    step = sizes[-1] - sizes[0]
    print(f"one more event costs (one more client is {EVENTS_PER_CLIENT} of them):")
    costs = [name for name in found[0] if not name.startswith("passes")]
    for name in costs:
        each = (found[-1][name] - found[0][name]) / step
        print(
            f"  {name}: {each:.1f}" if name.startswith(("bytes", "memory")) else f"  {name}: {each * 1e6:.2f} per 10^6"
        )


if __name__ == "__main__":
    main()
