"""Makes the claims anew from the clients' facts, where an older version made them by other rules; once for a log."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg

from aggregates.client import Client
from infra.log.checkpoints import read_checkpoint, write_checkpoint
from infra.log.eventlog import APPEND_LOCK
from infra.log.log_reader import head_of
from infra.projector.folding import Decode
from replay.repair.verify_claims import CHUNK, Claim, KeyedHash, claims_of, clients_in, held_by

NAME = "claims-2"
"""Another number is another rule by which keys are made of what old facts say."""

_RELEASE = """
DELETE FROM letopis.claim AS held
USING unnest(%s::text[], %s::bytea[], %s::uuid[]) AS gone (kind, key, holder_id)
WHERE (held.kind, held.key, held.holder_id) = (gone.kind, gone.key, gone.holder_id)
"""
_TAKE = """
INSERT INTO letopis.claim (kind, key, holder_id)
SELECT * FROM unnest(%s::text[], %s::bytea[], %s::uuid[])
"""


def renew_claims(connection: psycopg.Connection[Any], decode: Decode, keyed_hash: KeyedHash) -> int:
    """Claim what the clients' facts say by today's rules, unless that was done; return how many claims changed.

    The connection is the owner's, in a transaction. Two clients that have been one mailbox all along both keep it; the
    next one is refused.
    """
    if read_checkpoint(connection, NAME):
        return 0
    # Nothing is claimed meanwhile.
    connection.execute(APPEND_LOCK)
    changed, head = 0, head_of(connection)
    clients = clients_in(connection, decode) if head.position else iter(())
    while chunk := list(islice(clients, CHUNK)):
        changed += _renew(connection, chunk, keyed_hash)
    write_checkpoint(connection, NAME, max(head.position, 1), head.event_id)
    return changed


def _renew(connection: psycopg.Connection[Any], clients: list[Client], keyed_hash: KeyedHash) -> int:
    right, held = claims_of(clients, keyed_hash), held_by(connection, clients)
    for statement, claims in ((_RELEASE, held - right), (_TAKE, right - held)):
        if claims:
            connection.execute(statement, list(_columns(claims)))
    return len(right ^ held)


def _columns(claims: set[Claim]) -> Iterator[list[str] | list[bytes] | list[UUID]]:
    yield from map(list, zip(*claims, strict=True))
