"""Whether a caller sees a thing today, asked before its past is looked at."""

from collections.abc import Mapping
from uuid import UUID

from read_api.reading.desk import Desk
from read_api.reading.errors import NoSuchThingError
from read_api.reading.reach import Reach, Sight
from read_api.reading.seen import KEYS, sees_one
from read_api.reading.statement import Statement

_SEEN: Mapping[str, Statement] = {
    kind: Statement(f"\nSELECT seen.*, {sees_one(kind, '%(identity)s')}\nFROM seen", (view,))
    for kind, (view, _) in KEYS.items()
}


async def require_seen(desk: Desk, reach: Reach, kind: str, identity: UUID | None) -> None:
    """Go no further into the past of what a caller does not see today; raises NoSuchThingError.

    It would not be told, and the time that it takes to fold would tell that it is there.
    """
    if reach.sight is Sight.WHOLE or kind not in _SEEN or identity is None:
        return
    _, [(is_seen,)] = await desk.fetch(_SEEN[kind], {"identity": identity}, reach=reach)
    if not is_seen:
        raise NoSuchThingError(kind=kind, id=identity)
