"""The one place where parts are put together: who reads and writes what, and by which connection."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic_core import from_json, to_json

from aggregates.identity import HOME, Home
from app.composition.decoding import mapper_at, mapper_by
from app.database import Urls
from app.settings import Settings
from app.words import messages
from commands.execution.batch import BatchRunner
from commands.execution.decision import Encryption
from commands.execution.snapshots import Snapshots
from commands.execution.store import LogStore
from commands.execution.streams import ReadStreams, Streams
from infra.durations import Durations
from infra.log.crypto import MasterKey
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import read_streams
from infra.log.mapper import Mapper
from infra.postgres.connection import Borrow

if TYPE_CHECKING:
    from infra.analytics.duck import AnalyticsNode
    from infra.analytics.lent import Lent

ANALYTICS_FILE = "analytics.duckdb"


def analytics_node(settings: Settings, urls: Urls, master: MasterKey) -> "AnalyticsNode":
    """Return the node that owns this installation's analytics file; raises AnalyticsFileInUseError."""
    # Loaded when it is needed: an import, which has no use for it, would wait a quarter of a second.
    from infra.analytics.duck import AnalyticsNode
    from projections.analytics import ANALYTICS

    mapper = mapper_at(urls.projector, master)

    def upcast(topic: str, stored_version: int, body: str) -> str:
        return to_json(mapper.upcast(topic, stored_version, from_json(body))).decode()

    path = settings.var / ANALYTICS_FILE
    return AnalyticsNode(path, urls.projector, ANALYTICS, upcast, settings.zone, words_lent())


def words_lent() -> "Lent":
    """Return the words of the interface as a table for analysts."""
    from projections.analytics import LABELS

    lists = messages.LABELS.items()
    return {LABELS: [(name, code, word["en"], word["ru"]) for name, codes in lists for code, word in codes.items()]}


def batch_runner(
    master: MasterKey,
    reading: Borrow,
    writing: Borrow | None = None,
    appends: Durations | None = None,
    *,
    home: Home = HOME,
) -> BatchRunner:
    """Return what carries out batches of commands on the connections lent.

    Who decides the next batch while one is stored needs two; one does for who always waits (`run`). `appends`
    counts how long each batch took.
    """
    mapper, encryption, read = _writing(master, reading)
    streams = Streams(read, mapper.to_event, Snapshots(reading, mapper.keyring))
    return BatchRunner(reading, streams, encryption, mapper.keyring, LogStore(writing or reading, appends), home)


def rehearsing_runner_at(master: MasterKey, borrow: Borrow, home: Home) -> BatchRunner:
    """Return what carries out batches for a dry run: every rule is asked, nothing is stored."""
    from commands.importing.rehearsal import rehearsing_runner

    return rehearsing_runner(borrow, _reading(borrow), master, home)


def _writing(master: MasterKey, borrow: Borrow) -> tuple[Mapper, Encryption, ReadStreams]:
    mapper = mapper_by(borrow, master)
    encryption = Encryption(body=mapper.to_body, new_key=mapper.keyring.unsaved, keyed_hash=master.keyed_hash)
    return mapper, encryption, _reading(borrow)


def _reading(borrow: Borrow) -> ReadStreams:
    def read(after: Mapping[UUID, int], limit: int | None = None, /) -> Sequence[RecordedEvent]:
        with borrow() as connection:
            return read_streams(connection, after, limit)

    return read
