"""Tickets: what lets somebody in once, by the address alone, soon after they have shown who they are."""

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any, LiteralString, NamedTuple

import psycopg

SECONDS = 30
"""How long a ticket is good: a browser uses it at once."""

AT_ONCE = 10
"""Tickets of one caller that may wait to be used; one more takes the place of the oldest."""

_ISSUE: LiteralString = """
WITH ended AS (
    DELETE FROM letopis.stream_ticket AS t
    WHERE t.expires_at <= clock_timestamp()
        OR t.ticket IN (
            SELECT mine.ticket
            FROM letopis.stream_ticket AS mine
            WHERE mine.caller_id = %(caller)s
            ORDER BY mine.expires_at DESC
            OFFSET %(others)s)
)
INSERT INTO letopis.stream_ticket (ticket, caller_id, role, is_on_record, expires_at)
VALUES (%(ticket)s, %(caller)s, %(role)s, %(is_on_record)s, clock_timestamp() + make_interval(secs => %(seconds)s))
RETURNING expires_at
"""

_TAKE: LiteralString = """
DELETE FROM letopis.stream_ticket AS t
WHERE t.ticket = %s
RETURNING t.caller_id, t.role, t.is_on_record, t.expires_at > clock_timestamp()
"""


class Ticket(NamedTuple):
    """What is handed out: the text that lets in, and until when."""

    text: str
    expires_at: datetime


class Holder(NamedTuple):
    """Whom a ticket lets in: one of the staff, never a program with a key, nor on behalf of others.

    `is_on_record`: their role is the log's.
    """

    id: str
    role: str
    is_on_record: bool
    only: None = None
    on_behalf_of: None = None


def issue_ticket(connection: psycopg.Connection[Any], holder: Holder) -> Ticket:
    """Hand out a ticket to somebody who has shown who they are."""
    text = secrets.token_urlsafe(32)
    values = {
        "ticket": _hash(text),
        "caller": holder.id,
        "role": holder.role,
        "is_on_record": holder.is_on_record,
        "seconds": SECONDS,
        "others": AT_ONCE - 1,
    }
    ((expires_at,),) = connection.execute(_ISSUE, values).fetchall()
    return Ticket(text, expires_at)


def take_ticket(connection: psycopg.Connection[Any], text: str) -> Holder | None:
    """Return whom a ticket lets in, once; None for one that was used, is too old or was never handed out."""
    found = connection.execute(_TAKE, [_hash(text)]).fetchone()
    if found is None or not found[3]:
        return None
    return Holder(*found[:3])


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
