"""Scores all pairs of many records, in a process of its own (infra.linkage.linked begins it), which then ends.

It reads one Asked as a line of JSON, and the records as an Arrow stream; it writes one Told as a line of JSON and two
Arrow streams: the pairs, and how frequent what each record says is. All is in memory: it can write no file, so nothing
of anybody is left behind, however it ends.
"""

import json
import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NotRequired, TypedDict

import duckdb
import pyarrow as pa

from infra.linkage.columns import Column, Kind, Prepared, prepared
from infra.linkage.model import LEVELS, NOT_KNOWN, counted, settings_of, sql_name, with_frequencies
from infra.linkage.tables import LISTED, pairs_of, table_of, weighed

LOOKED_AT = 300_000
"""So many pairs are looked at to count how often two agree by chance."""

PAIRS_AT_ONCE = 250_000
"""So many pairs are scored together: each takes both of its records along."""

BATCH_ROWS = 20_000


class Asked(TypedDict):
    """What is to be scored: the columns with their kinds; pairs with less than `least` are not told."""

    columns: Sequence[tuple[str, str]]
    least: float
    megabytes: int
    threads: int


class Told(TypedDict):
    """How it went: how many records were read, how many pairs compared; or why nothing is told."""

    records: NotRequired[int]
    compared: NotRequired[int]
    settings: NotRequired[dict[str, Any]]
    code: NotRequired[str]


def confine(megabytes: int) -> None:
    """Let the system end this process when it takes much more than it may, and before all else."""
    os.nice(10)
    # The names of a million records and the programs themselves are no memory of DuckDB's.
    most = (megabytes + 1024) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """End when who asked is gone: nobody would read what comes out."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def opened(megabytes: int, threads: int) -> Any:
    """Return a database in memory that puts nothing aside on the disk."""
    connection = duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": f"{megabytes}MB",
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        }
    )
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET enable_external_access = false")
    return connection


def schema_of(columns: Sequence[Column]) -> Any:
    """Return the schema of records as they come: `id` and each column, a text or, of a SET, a list of texts."""
    kinds = [(one.name, pa.list_(pa.string()) if one.kind is Kind.SET else pa.string()) for one in columns]
    return pa.schema([("id", pa.string()), *kinds])


def table_of_rows(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> Any:
    """Return records, each the id and a value for each column, as an Arrow table."""
    schema = schema_of(columns)
    arrays = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table([pa.array(each, field.type) for each, field in zip(arrays, schema, strict=True)], schema=schema)


def laid_out(columns: Sequence[Column], batches: Iterator[Any], first: int = 0) -> Iterator[Any]:
    """Yield records, `id` and a member for each column, as Arrow tables of what is compared, numbered from `first`."""
    for batch in batches:
        table: dict[str, Any] = {"n": pa.array(range(first, first + len(batch)), pa.int32()), "id": batch["id"]}
        for number, column in enumerate(columns):
            table.update(_laid_out(sql_name(number), column.kind, batch[column.name].to_pylist()))
        first += len(batch)
        yield pa.table(table)


def _laid_out(c: str, kind: Kind, values: Sequence[Any]) -> dict[str, Any]:
    found: list[Prepared | None] = [prepared(value, kind) for value in values]
    table = {c: pa.array([one and one.text for one in found], pa.string())}
    if kind in LISTED:
        table[f"{c}_parts"] = pa.array([one and one.parts for one in found], pa.list_(pa.string()))
    if kind is Kind.NAME:
        table[f"{c}_forms"] = pa.array([one and one.forms for one in found], pa.list_(pa.string()))
    return table


def load(connection: Any, columns: Sequence[Column], batches: Iterator[Any]) -> int:
    """Read records into the table `records`, and return how many there are."""
    connection.execute(table_of(columns))
    records = 0
    for table in laid_out(columns, batches):
        connection.register("batch", table)
        connection.execute("INSERT INTO raw BY NAME SELECT * FROM batch")
        connection.unregister("batch")
        records += len(table)
    for statement in weighed(columns, max(records, 1)):
        connection.execute(statement)
    return records


def scored(connection: Any, columns: Sequence[Column], records: int, least: float) -> dict[str, Any]:
    """Score the pairs of the table `pairs` into the table `scores`, and return the settings of the model."""
    from splink import DuckDBAPI, Linker

    api = DuckDBAPI(connection)
    settings = settings_of(columns, records)
    table = api.register("records")
    counting = Linker(table, settings, log_level=None)
    counting.training.estimate_u_using_random_sampling(
        max_pairs=LOOKED_AT, seed=1, min_count_per_level=None, num_chunks=1
    )
    counted(settings, counting.misc.save_model_to_json(), columns, _looked_at(connection, columns, records))
    linker = Linker(table, {**settings, "retain_matching_columns": True}, log_level=None)
    make_scores(connection, columns)
    told = ", ".join(f"{_agreement(number, column)} AS {sql_name(number)}" for number, column in enumerate(columns))
    [(compared,)] = connection.execute("SELECT count(*) FROM pairs").fetchall()
    for first in range(0, compared, PAIRS_AT_ONCE):
        some = f"pairs_from_{first}"
        chosen = f"SELECT * FROM pairs WHERE rowid >= {first} AND rowid < {first + PAIRS_AT_ONCE}"  # noqa: S608 - numbers
        connection.execute(f"CREATE TABLE {some} AS {chosen}")
        linker.table_management.register_blocked_pairs_for_predict(api.register(some))
        found = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
        connection.execute(f"""INSERT INTO scores
SELECT l.id AS id_l, r.id AS id_r, p.match_probability AS score, {told}
FROM {found.physical_name} AS p
JOIN records AS l ON l.n = p.n_l
JOIN records AS r ON r.n = p.n_r""")  # noqa: S608 - ours
        found.drop_table_from_database_and_remove_from_cache()
        connection.execute(f"DROP TABLE {some}")
    return settings


def _looked_at(connection: Any, columns: Sequence[Column], records: int) -> list[float]:
    """Return how many pairs were looked at of which both say something in a column, for each."""
    pairs = min(LOOKED_AT, records * (records - 1) // 2)
    told = ", ".join(f"count({sql_name(number)})" for number, _ in enumerate(columns))
    [counts] = connection.execute(f"SELECT {told} FROM records").fetchall()  # noqa: S608 - ours
    return [pairs * (count / records) ** 2 for count in counts]


def make_scores(connection: Any, columns: Sequence[Column]) -> None:
    """Make the empty table `scores`."""
    told = ", ".join(f"{sql_name(number)} VARCHAR" for number, _ in enumerate(columns))
    connection.execute(f"CREATE TABLE scores (id_l VARCHAR, id_r VARCHAR, score DOUBLE, {told})")


def _agreement(number: int, column: Column) -> str:
    """Return the SQL of how far two agree in a column, by name."""
    names = [level.name for level in LEVELS[column.kind]]
    whens = " ".join(f"WHEN {len(names) - 1 - place} THEN '{name}'" for place, name in enumerate(names))
    return f"CASE gamma_{sql_name(number)} {whens} ELSE '{NOT_KNOWN}' END"


def link(connection: Any, columns: Sequence[Column], batches: Iterator[Any], least: float) -> Told:
    """Read records, score all pairs of them that are worth it into `scores`, and say how it went."""
    records = load(connection, columns, batches)
    for statement in pairs_of(columns):
        connection.execute(statement)
    [(compared,)] = connection.execute("SELECT count(*) FROM pairs").fetchall()
    if compared:
        settings = scored(connection, columns, records, least)
    else:
        # There are no two records to count anything in.
        settings = settings_of(columns, records)
        make_scores(connection, columns)
    return {"records": records, "compared": compared, "settings": settings}


def _written(out: BinaryIO, relation: Any) -> None:
    reader = relation.to_arrow_reader(BATCH_ROWS)
    with pa.ipc.new_stream(out, reader.schema) as stream:
        for batch in reader:
            stream.write_batch(batch)


def main() -> None:
    """Score the records that stand on the input."""
    came, out = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library says for people is no part of the answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asked: Asked = json.loads(came.readline())
    # Splink says much of how it goes, and means those who try out models.
    logging.disable()
    confine(asked["megabytes"])
    columns = [Column(name, Kind(kind)) for name, kind in asked["columns"]]
    try:
        connection = opened(asked["megabytes"], asked["threads"])
        told = link(connection, columns, iter(pa.ipc.open_stream(came)), asked["least"])
    except Exception as error:
        # Splink tells what the database raised in words of its own.
        if not isinstance(error, MemoryError) and "Out of Memory" not in str(error):
            raise
        out.write(json.dumps({"code": "too-much-memory"}).encode() + b"\n")
        out.flush()
        os._exit(0)
    out.write(json.dumps(told).encode() + b"\n")
    _written(out, connection.sql("SELECT * FROM scores ORDER BY score DESC, id_l, id_r"))
    frequencies = ", ".join(f"tf_{c}" for c, _ in with_frequencies(columns))
    _written(out, connection.sql(f"SELECT id, {frequencies} FROM records"))  # noqa: S608 - ours
    out.flush()
    # Not the long way out: what the database has in memory need not be put in order.
    os._exit(0)
