"""`python -m tests.bench.marginal 100000 400000`: what one more event and one more client cost, for docs/scale.md.

Makes a log of each size on a durable server of its own, rebuilds every view, fills the analytics file and exports the
log, and prints for each size, and for the step between the first and the last, bytes and seconds.
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from app.decoding import decoder_factory
from app.wiring import analytics_node
from projections.registry import PROJECTIONS
from replay.export import export_log
from replay.rebuild import rebuild
from tests.bench.ground import Ground, ground
from tests.bench.made_log import EVENTS_PER_CLIENT, append_made_log

TABLES = ("letopis.event", "letopis.event_party", "letopis.subject_key")
VIEWS = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
FROM pg_class AS c
WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text = %s
"""


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measured(lent: Ground, events: int) -> dict[str, float]:
    """Return bytes and seconds by name for a log of so many events."""
    found: dict[str, float] = {}
    with lent.place(f"marginal{events}") as place, TemporaryDirectory() as folder:
        append_made_log(place.urls.owner, place.master, events)
        decoder = decoder_factory(place.urls.projector, place.master)
        for one in PROJECTIONS:
            name = one.name
            found[f"rebuild s {name}"] = timed(partial(rebuild, one, place.urls.projector, decoder, processes=2))
        with psycopg.connect(place.urls.owner) as connection:
            for table in TABLES:
                ((size,),) = connection.execute("SELECT pg_total_relation_size(%s::regclass)", [table]).fetchall()
                found[f"bytes {table}"] = size
            for name in (one.name for one in PROJECTIONS):
                ((size,),) = connection.execute(VIEWS, [f"{name}_g1"]).fetchall()
                found[f"bytes {name}"] = size
        node = analytics_node(place.settings, place.urls, place.master)
        found["load s analytics"] = timed(node.rebuild)
        node.stop()
        found["bytes analytics"] = (place.settings.var / "analytics.duckdb").stat().st_size
        found["export s"] = timed(lambda: export_log(place.urls.projector, Path(folder)))
        found["bytes export"] = sum(path.stat().st_size for path in Path(folder).glob("*/*.parquet"))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.marginal", description=__doc__)
    parser.add_argument("sizes", type=int, nargs="+", help="events, multiples of 10, smallest first")
    sizes = parser.parse_args().sizes
    with ground(is_quick=True, events=None, folder=None) as lent:
        found = [measured(lent, size) for size in sizes]
    step = sizes[-1] - sizes[0]
    print(json.dumps(dict(zip(map(str, sizes), found, strict=True)), indent=1))
    print(f"one more event costs (one more client is {EVENTS_PER_CLIENT} of them):")
    for name in found[0]:
        each = (found[-1][name] - found[0][name]) / step
        print(f"  {name}: {each:.1f}" if name.startswith("bytes") else f"  {name}: {each * 1e6:.0f} per 10^6")


if __name__ == "__main__":
    main()
