"""What is kept for whoever has a secret: sealed by it, so that without it nobody reads what is kept."""

import os
from typing import Any, LiteralString

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.log.crypto import NONCE_BYTES, MasterKey

_KEEP: LiteralString = """
WITH ended AS (
    DELETE FROM letopis.kept_secret AS k
    WHERE k.expires_at <= clock_timestamp() AND k.kept_by <> %(kept_by)s
)
INSERT INTO letopis.kept_secret AS k (kept_by, sealed, expires_at)
VALUES (%(kept_by)s, %(sealed)s, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (kept_by) DO UPDATE
SET sealed = excluded.sealed, expires_at = excluded.expires_at
"""

_READ: LiteralString = """
SELECT k.sealed
FROM letopis.kept_secret AS k
WHERE k.kept_by = %s AND k.expires_at > clock_timestamp()
"""

_TAKE: LiteralString = """
DELETE FROM letopis.kept_secret AS k
WHERE k.kept_by = %s
RETURNING CASE WHEN k.expires_at > clock_timestamp() THEN k.sealed END
"""


class KeptSecrets:
    """Keeps things of several kinds by secrets; a secret of one kind opens nothing of another."""

    def __init__(self, master: MasterKey) -> None:
        self._master = master

    def keep(self, connection: psycopg.Connection[Any], kind: str, secret: str, content: bytes, seconds: float) -> None:
        """Keep something for so long, in place of what was kept by the same secret."""
        nonce, kept_by = os.urandom(NONCE_BYTES), self._kept_by(kind, secret)
        sealed = nonce + self._cipher(kind, secret).encrypt(nonce, content, kept_by)
        connection.execute(_KEEP, {"kept_by": kept_by, "sealed": sealed, "seconds": seconds})

    def read(self, connection: psycopg.Connection[Any], kind: str, secret: str) -> bytes | None:
        """Return what is kept; None if nothing is, or its time is over."""
        return self._opened(connection.execute(_READ, [self._kept_by(kind, secret)]).fetchone(), kind, secret)

    def take(self, connection: psycopg.Connection[Any], kind: str, secret: str) -> bytes | None:
        """Return what is kept and keep it no longer: of several who ask at once one gets it."""
        return self._opened(connection.execute(_TAKE, [self._kept_by(kind, secret)]).fetchone(), kind, secret)

    def _opened(self, row: tuple[bytes | None] | None, kind: str, secret: str) -> bytes | None:
        if row is None or row[0] is None:
            return None
        try:
            return self._cipher(kind, secret).decrypt(
                row[0][:NONCE_BYTES], row[0][NONCE_BYTES:], self._kept_by(kind, secret)
            )
        except InvalidTag:
            return None

    def _kept_by(self, kind: str, secret: str) -> bytes:
        return self._master.keyed_hash(f"kept by\n{kind}\n{secret}")

    def _cipher(self, kind: str, secret: str) -> AESGCM:
        return AESGCM(self._master.keyed_hash(f"sealed by\n{kind}\n{secret}"))
