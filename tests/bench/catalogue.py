"""The one list of benchmarks, in the order in which they are run."""

from tests.bench.analytics import analytics_load
from tests.bench.appends import append_at_5m, append_bulk
from tests.bench.commands import (
    commands_in_process,
    commands_in_process_256,
    commands_in_process_new,
    commands_in_process_new_256,
    commands_in_process_plans,
    commands_one_caller,
)
from tests.bench.http import commands_http, commands_http_activity, commands_http_all
from tests.bench.imports import import_rows
from tests.bench.lag import live_lag
from tests.bench.measuring import Benchmark
from tests.bench.past import as_of_board, as_of_card
from tests.bench.reads import reads_http_1m, reads_http_10k
from tests.bench.recorded import reads_recorded
from tests.bench.reports import reports_10m
from tests.bench.scoped import reads_scoped_1m
from tests.bench.sql_door import sql_door
from tests.bench.streams import load_long_stream
from tests.bench.views import live_projection, live_projection_card, rebuild_append_only, rebuild_postgres

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.__name__: benchmark
    for benchmark in (
        commands_in_process,
        commands_in_process_256,
        commands_in_process_new,
        commands_in_process_new_256,
        commands_in_process_plans,
        commands_one_caller,
        load_long_stream,
        append_bulk,
        append_at_5m,
        commands_http,
        commands_http_activity,
        commands_http_all,
        live_projection,
        live_projection_card,
        live_lag,
        rebuild_postgres,
        rebuild_append_only,
        analytics_load,
        import_rows,
        reads_http_10k,
        reads_http_1m,
        reads_scoped_1m,
        reads_recorded,
        as_of_card,
        as_of_board,
        reports_10m,
        sql_door,
    )
}
