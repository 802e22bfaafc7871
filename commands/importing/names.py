"""The ids of imported things: the same source and the same external id are the same thing for ever."""

import re
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from infra.log.ids import named_id

IMPORTED = UUID("3c6d9a52-8f0e-5b7e-9d43-6f2f1f0c7a10")
"""The namespace of everything that was ever imported."""

_NOT_CODE = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=100_000)
def imported_id(source: str, kind: str, external_id: str) -> UUID:
    """Return the id of a thing from a source; an id of ours (a UUID) names itself, wherever it comes from."""
    if len(external_id) == 36 and external_id.count("-") == 4:
        try:
            return UUID(external_id)
        except ValueError:
            pass
    return named_id(IMPORTED, f"{source}\n{kind}\n{external_id}")


@lru_cache(maxsize=10_000)
def code_of(name: str) -> str:
    """Return the code a name has in our lists: "GTX Pro" is gtx-pro; what Latin letters cannot say gets a number."""
    folded = name.strip().casefold()
    code = _NOT_CODE.sub("-", folded).strip("-")[:40]
    if folded.isascii() and code:
        return code
    number = sha256(folded.encode()).hexdigest()[:8]
    return f"{code}-{number}" if code else f"n{number}"
