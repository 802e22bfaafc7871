"""What goes to a browser goes compressed where it takes that: text is a sixth of its length then.

That a page of somebody who is in tells its length to whoever listens gives nothing away: another site cannot have one
sent, for no cookie of ours goes with its requests.
"""

import gzip
import zlib

from starlette.requests import Request

PACKED = {"content-encoding": "gzip"}
# Of a page that is drawn for one look: more would take longer to make than it saves on the way.
LEVEL = 4
# What fits into one packet is sent as it is.
SMALL_BYTES = 1_000


def takes_packed(request: Request) -> bool:
    """Tell whether whoever asks takes gzip: named, and not with the weight of nothing."""
    for each in request.headers.get("accept-encoding", "").split(","):
        name, _, weight = each.replace(" ", "").partition(";q=")
        if name.lower() in {"gzip", "x-gzip"}:
            return not weight or bool(weight.strip("0."))
    return False


def packed(body: bytes, level: int = zlib.Z_BEST_COMPRESSION) -> bytes:
    """Return a body as gzip, the same for the same body."""
    return gzip.compress(body, level, mtime=0)
