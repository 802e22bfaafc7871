"""Says what is kept in the database: how much of each kind, how large, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg import sql

from infra.projector.generations import connect

RETENTION: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "event": ("log", "Kept for ever; nothing is ever changed or deleted in it."),
        "event_party": ("log by party", "Kept for ever: the way from a client to the facts that concern them."),
        "receipt": ("receipts", "Kept for ever: the same command gets the same answer."),
        "claim": ("claims", "Kept until the client gives the phone, e-mail or tax number up."),
        "subject_key": ("keys", "Kept until a person is forgotten; without them nothing personal can be read."),
        "refusal": ("refusals", "Kept for ever; how many are written a second is bounded."),
        "fact_version": ("fact versions", "Kept for ever; one row for each version of a kind of fact."),
        "accepted_gap": ("accepted gaps", "Kept for ever: where facts are gone, and who went on without them."),
        "accepted_clock": ("accepted clocks", "Kept for ever: which times of recording are wrong, and who said so."),
        "access": ("accesses", "Kept for LETOPIS_ACCESS_RECORD_DAYS: who looked at whom; may be deleted at any time."),
        "api_key_use": ("uses of API keys", "Kept for ever; one row for each key: when it was used last."),
        "stream_ticket": ("stream tickets", "Kept until used, half a minute at most; may be deleted at any time."),
        "kept_secret": (
            "sessions",
            "Kept for twelve hours at most: who is in the console; may be deleted at any time.",
        ),
        "checkpoint": ("checkpoints", "Kept for ever; one row for each policy."),
        "unanswered": ("unanswered facts", "Kept until the policy that could not answer them has."),
        "timer_answer": (
            "timer answers",
            "Kept while the timer waits for something there; may be deleted at any time.",
        ),
        "snapshot": ("snapshots", "Made from the log; may be deleted at any time."),
        "parked": ("parked", "Kept until what waits is taken in or skipped, or its generation is dropped."),
        "skipped": ("skipped facts", "Kept for ever: every later build passes over them too."),
        "operation": ("operators' jobs", "Kept for ever: who asked for what, and why; in no backup."),
        "import_upload": ("files sent to be imported", "Kept for ever, but for their bytes: who sent which, and when."),
        "duplicate_run": ("search for duplicates", "Kept until the next search; one row."),
        "duplicate_pair": ("pairs of duplicates", "Kept until the next search; may be deleted at any time."),
        "duplicate_frequency": ("frequencies", "Kept until the next search; may be deleted at any time."),
        "rebuild": ("rebuilds", "Kept until the next rebuild of the same read model; one row for each."),
        "projection": ("register", "Kept; one row for each generation that there is."),
    }
)
"""What the tables of the schema `letopis` are called here, and how long their rows stay."""

GENERATIONS: Mapping[str, str] = MappingProxyType(
    {
        "building": "Read once it is whole; dropped if its build is killed.",
        "retired": "Kept for a rollback; dropped at the beginning of the next rebuild.",
    }
)
IN_USE = "Read until a rebuild puts another generation in its place."

_GENERATIONS = """
    SELECT p.name, p.generation, p.state, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
    FROM letopis.projection AS p
    LEFT JOIN pg_namespace AS n ON n.nspname = p.name || '_g' || p.generation
    LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'm')
    GROUP BY p.name, p.generation, p.state
    ORDER BY p.name, p.generation
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One kind of thing that is kept. `rows` is None where nobody counts them; the size includes indexes."""

    name: str
    rows: int | None
    size_bytes: int
    kept: str


def storage(owner_url: str) -> list[Stored]:
    """Return what the database keeps: the log and what belongs to it, then every generation of every read model."""
    with connect(owner_url) as connection:
        tables = [_stored(connection, table, *told) for table, told in RETENTION.items()]
        generations = [
            Stored(f"{name}, generation {number} ({state})", None, size, GENERATIONS.get(state, IN_USE))
            for name, number, state, size in connection.execute(_GENERATIONS).fetchall()
        ]
    return tables + generations


def _stored(connection: psycopg.Connection[Any], table: str, name: str, kept: str) -> Stored:
    place = sql.Identifier("letopis", table)
    query = sql.SQL("SELECT count(*), pg_total_relation_size({}::regclass) FROM {}").format(
        place.as_string(connection), place
    )
    ((rows, size),) = connection.execute(query).fetchall()
    return Stored(name, rows, size, kept)
