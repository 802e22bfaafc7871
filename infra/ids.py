"""New ids: time-ordered UUIDs (RFC 9562, version 7), so that new rows stay together in an index."""

import os
import time
from uuid import UUID

POOLED = 512
"""Ids whose random part is fetched in one go: a call to the system for each lets other threads take the processor."""

_pool: list[bytes] = []
# A child process must not hand out the ids its parent hands out.
os.register_at_fork(after_in_child=_pool.clear)


def new_id() -> UUID:
    """Return a UUIDv7 of this millisecond."""
    milliseconds = time.time_ns() // 1_000_000
    try:
        random = int.from_bytes(_pool.pop(), "big")
    except IndexError:
        fresh = os.urandom(10 * POOLED)
        _pool.extend(fresh[start : start + 10] for start in range(10, 10 * POOLED, 10))
        random = int.from_bytes(fresh[:10], "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF)
