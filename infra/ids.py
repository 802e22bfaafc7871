"""New ids: time-ordered UUIDs (RFC 9562, version 7), so that new rows stay together in an index."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """Return a UUIDv7 of this millisecond."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (random >> 62 & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | random & 0x3FFF_FFFF_FFFF_FFFF)
