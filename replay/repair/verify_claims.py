"""Proves that nobody lost a phone, an e-mail or a tax number: folds every client and compares with what is claimed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any
from uuid import UUID

import psycopg

from aggregates.client import Client
from infra.log.eventlog import COLUMNS, recorded_events
from infra.postgres.connection import one_snapshot
from infra.projector.folding import Decode
from infra.projector.generations import connect

KeyedHash = Callable[[str], bytes]
Claim = tuple[str, bytes, UUID]
"""(kind, keyed hash, holder)"""

# Clients compared by one query.
CHUNK = 2_000
# A report names at most so many of each kind: it is read by people.
NAMED_AT_MOST = 100

# By stream, so that one client is in memory at a time, however many there are.
_FACTS = f"""
SELECT {COLUMNS}, e.body::text
FROM letopis.event AS e
WHERE e.topic LIKE 'client.%'
ORDER BY e.stream_id, e.version
"""  # noqa: S608 - the only thing put in is the constant list of columns

_HELD = "SELECT kind, key, holder_id FROM letopis.claim WHERE holder_id = ANY (%s)"

_OF_NOBODY = """
SELECT held.kind, held.key, held.holder_id
FROM letopis.claim AS held
LEFT JOIN letopis.event AS e ON (e.stream_id, e.version) = (held.holder_id, 1) AND e.topic LIKE 'client.%'
WHERE e.position IS NULL
"""


@dataclass(slots=True)
class ClaimsReport:
    """What a check of the claims found: counts are complete, the lists name the first (kind, holder) of each sort."""

    clients: int = 0
    claims: int = 0
    missing: int = 0
    extra: int = 0
    missing_of: list[tuple[str, UUID]] = field(default_factory=list)
    extra_of: list[tuple[str, UUID]] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """True when exactly what the clients' facts say is claimed."""
        return not (self.missing or self.extra)

    @property
    def summary(self) -> str:
        """Return one line for people and logs; without any values, which are personal."""
        return f"{self.claims} claims of {self.clients} clients: {self.missing} missing, {self.extra} extra"

    def compare(self, expected: set[Claim], held: set[Claim]) -> None:
        """Count what should be claimed and is not, and what is claimed and should not be."""
        self.claims += len(held)
        self.missing += len(expected - held)
        self.extra += len(held - expected)
        self.missing_of = _named(self.missing_of, expected - held)
        self.extra_of = _named(self.extra_of, held - expected)


def verify_claims(url: str, decode: Decode, keyed_hash: KeyedHash) -> ClaimsReport:
    """Compare the claims with the identities that the clients' facts make, on one consistent snapshot.

    `url` is the writer's: nobody else may read claims.
    """
    report = ClaimsReport()
    with connect(url) as connection, one_snapshot(connection):
        clients = clients_in(connection, decode)
        while chunk := list(islice(clients, CHUNK)):
            report.clients += len(chunk)
            report.compare(claims_of(chunk, keyed_hash), held_by(connection, chunk))
        report.compare(set(), _claims(connection.execute(_OF_NOBODY)))
    return report


def clients_in(connection: psycopg.Connection[Any], decode: Decode) -> Iterator[Client]:
    """Yield every client as its own facts make it."""
    with connection.cursor("clients", binary=True, row_factory=recorded_events) as cursor:
        cursor.itersize = CHUNK
        cursor.execute(_FACTS)
        for stream_id, own in groupby(cursor, key=lambda fact: fact.envelope.stream_id):
            client = Client(stream_id)
            for fact in own:
                client.apply(decode(fact))
            yield client


def claims_of(clients: list[Client], keyed_hash: KeyedHash) -> set[Claim]:
    """Return what these clients' facts say is theirs."""
    return {
        (each.kind, keyed_hash(f"{each.kind}:{each.key}"), client.id)
        for client in clients
        for each in client.identities()
    }


def held_by(connection: psycopg.Connection[Any], clients: list[Client]) -> set[Claim]:
    """Return what is claimed by these clients."""
    return _claims(connection.execute(_HELD, [[client.id for client in clients]]))


def _claims(rows: Iterable[tuple[Any, ...]]) -> set[Claim]:
    return {(kind, bytes(key), holder) for kind, key, holder in rows}


def _named(before: list[tuple[str, UUID]], claims: set[Claim]) -> list[tuple[str, UUID]]:
    return [*before, *sorted((kind, holder) for kind, _, holder in claims)][:NAMED_AT_MOST]
