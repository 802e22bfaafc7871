"""Whatever was ever stored goes through every read model and into the analysts' tables, whichever version it has.

The golden payloads are recorded as a log: once as they are, and once as they would be after one more change of every
kind of fact. The rows must be the same.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
from pydantic_core import from_json, to_json

from events.base import Event, Upcaster
from events.registry import EVENT_TYPES, UPCASTERS
from infra.analytics.duck import AnalyticsNode
from infra.analytics.fact_schema import FactSchema
from infra.log.crypto import Keyring
from infra.log.eventlog import LogKeys
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.generations import connect, in_use
from infra.projector.projection import Projection
from infra.projector.projector import build
from projections.analytics import ANALYTICS
from projections.registry import PROJECTIONS
from replay.rebuilding.verify import verify
from tests.database import MASTER, Database, copy_of
from tests.events.test_golden import upcast
from tests.frozen import GOLDEN, version_of
from tests.infra.projector.looking import in_table
from tests.projections.analytics.history import NEW_YEAR, Stored, write_log
from tests.projections.facts import EVERY_KIND

STREAMS = {event.TOPIC: each.stream_id for each in EVERY_KIND for event in each.events}
PAYLOADS = [
    (path.name.split(".v", 1)[0], version_of(path), json.loads(path.read_text()))
    for topic in STREAMS
    # In the order in which they came to be: v1, v1.2, v2.
    for path in sorted(GOLDEN.glob(f"{topic}.v*.json"), key=lambda path: (version_of(path), len(path.name)))
]


STREAMLESS = UUID(int=0x1)
PRESENT = {kind.TOPIC: kind.SCHEMA_VERSION for kind in EVENT_TYPES}
LATER = replace(
    ANALYTICS,
    tables=tuple(
        replace(table, topics={topic: version + 1 for topic, version in table.topics.items()})
        for table in ANALYTICS.tables
    ),
)
"""What analysts want, after one more change of every kind of fact."""


def stored(topic: str, version: int, payload: Any) -> Stored:
    return Stored(STREAMS.get(topic, STREAMLESS), topic, json.dumps(payload), NEW_YEAR, version)


def unwrapped(payload: dict[str, Any]) -> dict[str, Any]:
    return dict(payload["then"])


@contextmanager
def one_change_later() -> Iterator[dict[tuple[str, int], Upcaster]]:
    """Be the code in which every kind of fact has had one more version since; give its upcasters."""
    kinds: set[type[Event]] = {*EVENT_TYPES, *(part for one in PROJECTIONS for part in one.parts.values())}
    with pytest.MonkeyPatch.context() as later:
        for kind in kinds:
            later.setattr(kind, "SCHEMA_VERSION", kind.SCHEMA_VERSION + 1)
        yield {**UPCASTERS, **dict.fromkeys(PRESENT.items(), unwrapped)}


@pytest.fixture(scope="module")
def golden_log(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """The payloads as they are stored."""
    with copy_of(cluster, template) as database:
        write_log(database.owner_url, [stored(*each) for each in PAYLOADS])
        yield database


@pytest.fixture(scope="module")
def aged_log(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """The payloads as they are stored, for a code that wants them otherwise: unwrapped."""
    wrapped = [stored(topic, PRESENT[topic], {"then": upcast(topic, v, payload)}) for topic, v, payload in PAYLOADS]
    with copy_of(cluster, template) as database:
        write_log(database.owner_url, wrapped)
        yield database


def mapper(database: Database, upcasters: Mapping[tuple[str, int], Upcaster]) -> Mapper:
    return Mapper(EVENT_TYPES, upcasters, Keyring(MASTER, LogKeys(OwnConnection(database.projector_url))))


def rows_of(database: Database, projection: Projection[Any], decode: Mapper) -> Mapping[Any, Any]:
    """Build the read model from the log, as the service does, and as `verify` does from scratch."""
    url = database.projector_url
    build(projection, decode, url)
    with connect(url) as connection:
        generation = in_use(connection, projection.name)
    assert generation is not None
    assert (generation.state, generation.error) == ("live", None)
    report = verify(projection, url, lambda: decode)
    assert report.is_equal, report.summary
    return in_table(url, projection)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.name)
def test_every_read_model_takes_in_whatever_was_ever_stored(
    golden_log: Database, aged_log: Database, projection: Projection[Any]
) -> None:
    rows = rows_of(golden_log, projection, mapper(golden_log, UPCASTERS))
    assert rows
    with one_change_later() as upcasters:
        assert rows_of(aged_log, projection, mapper(aged_log, upcasters)) == rows


def tables_of(database: Database, path: Path, facts: FactSchema, decode: Mapper) -> dict[str, list[Any]]:
    """Load the log into a file of facts and return its tables."""

    def brought_up(topic: str, version: int, body: str) -> str:
        return to_json(decode.upcast(topic, version, from_json(body))).decode()

    node = AnalyticsNode(path, database.projector_url, facts, brought_up)
    node.follow_once()
    assert (node.state, node.problem, node.position) == ("live", None, len(PAYLOADS))
    assert node.verify() == ()
    node.stop()
    with duckdb.connect(str(path)) as file:
        return {
            table.name: file.execute(f"SELECT * FROM {table.name} ORDER BY position").fetchall()
            for table in facts.tables
        }


def test_the_analysts_tables_take_in_whatever_was_ever_stored(
    golden_log: Database, aged_log: Database, tmp_path: Path
) -> None:
    tables = tables_of(golden_log, tmp_path / "golden.duckdb", ANALYTICS, mapper(golden_log, UPCASTERS))
    for table in ANALYTICS.tables:
        assert len(tables[table.name]) == sum(topic in table.topics for topic, _, _ in PAYLOADS)
    with one_change_later() as upcasters:
        assert tables_of(aged_log, tmp_path / "aged.duckdb", LATER, mapper(aged_log, upcasters)) == tables
