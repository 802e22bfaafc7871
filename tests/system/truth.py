"""What must be true after any crash: the log has no gap, keeps every promise, and every view is what it makes."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from app.composition.decoding import decoder_factory
from infra.log.crypto import MasterKey
from projections.registry import PROJECTIONS
from replay.rebuilding.verify import verify
from replay.repair.status import wait_until
from replay.repair.verify_claims import verify_claims

PATIENCE = 60.0

Promised = Mapping[str, Sequence[int]]
"""By command id, the positions its receipt named."""


def check_log(url: str, promised: Promised) -> int:
    """Check that positions are 1..N, and that every promised fact is where the receipt said; return N."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT position, command_id::text FROM letopis.event ORDER BY position").fetchall()
        receipts: dict[str, int] = dict(
            connection.execute("SELECT command_id::text, position FROM letopis.receipt").fetchall()
        )
    assert [position for position, _ in found] == list(range(1, len(found) + 1))
    by_position: dict[int, str] = dict(found)
    for command_id, positions in promised.items():
        assert receipts.get(command_id) == positions[-1], f"the receipt of {command_id} is gone"
        assert {by_position[position] for position in positions} == {command_id}
    return len(found)


def check_views(projector_url: str, writer_url: str, master: MasterKey, position: int) -> None:
    """Wait until every read model has come to a position, then compare each, and the claims, with a fold of the log."""
    names = [one.name for one in PROJECTIONS]
    assert wait_until(projector_url, names, position, PATIENCE), "the read models never came to the end of the log"
    decoder = decoder_factory(projector_url, master)
    for projection in PROJECTIONS:
        report = verify(projection, projector_url, decoder)
        assert (report.is_equal, report.parked) == (True, 0), f"{projection.name}: {report.summary}"
    claims = verify_claims(writer_url, decoder(), master.keyed_hash)
    assert claims.is_equal, claims.summary


def facts(url: str) -> set[tuple[Any, ...]]:
    """Return every fact by stream, version, name, day and content, but for what is encrypted or the importer's day."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT stream_id, version, topic,"
            " CASE WHEN topic LIKE 'import.%' OR topic LIKE 'pipeline.%' THEN NULL ELSE occurred_at END,"
            " (body::jsonb - 'sealed')::text FROM letopis.event"
        ).fetchall()
    assert len(set(rows)) == len(rows)
    return set(rows)
