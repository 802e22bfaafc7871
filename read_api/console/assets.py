"""The files that pages load: style, scripts, fonts, signs; at addresses that change with their content."""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from read_api.console.packing import PACKED, packed, takes_packed
from read_api.console.sessions import PATH

HERE = Path(__file__).parent
FOLDERS = (HERE / "static", HERE / "elements")
KINDS = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
PACKED_ALREADY = {".woff2"}

# Content at an address never changes: another content has another address.
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}

# No text in our scripts goes on over a line, and none has /* in it: a test holds that.
_FOR_READERS = re.compile(rb"/\*.*?\*/|^\s*//[^\n]*\n|^\s+", re.DOTALL | re.MULTILINE)


@cache
def files() -> dict[str, Path]:
    """Return every file by its name; none is served that was not there at the start."""
    return {
        path.relative_to(folder).as_posix(): path
        for folder in FOLDERS
        for path in sorted(folder.rglob("*"))
        if path.suffix in KINDS
    }


@cache
def bundle() -> str:
    """Return a hash of all of them: whatever changes, every address does, and what names another finds it beside."""
    every = sha256()
    for name in files():
        every.update(f"{name}\n".encode() + sha256(content(name)).digest())
    return every.hexdigest()[:16]


def address_of(name: str) -> str:
    """Return where a file is; raises KeyError for one that is not there."""
    assert name in files(), name  # noqa: S101
    return f"{PATH}/static/{bundle()}/{name}"


@cache
def content(name: str) -> bytes:
    """Return what is sent of a file: style and scripts that are ours go without comments and indentation."""
    written = files()[name].read_bytes()
    is_ours = name.endswith((".css", ".js")) and not name.startswith("vendor/")
    return _FOR_READERS.sub(b"", written) if is_ours else written


async def give(request: Request) -> Response:
    """Answer with a file; at an older address it is there all the same, and not kept."""
    name = request.path_params["name"]
    path = files().get(name)
    if path is None:
        return Response(status_code=404, headers={"Cache-Control": "no-store"})
    headers = FOR_EVER if request.path_params["bundle"] == bundle() else {"Cache-Control": "no-cache"}
    headers = {**headers, "Vary": "Accept-Encoding"}
    if path.suffix not in PACKED_ALREADY and takes_packed(request):
        return Response(_sent_packed(name), headers={**headers, **PACKED}, media_type=KINDS[path.suffix])
    return Response(content(name), headers=headers, media_type=KINDS[path.suffix])


@cache
def _sent_packed(name: str) -> bytes:
    return packed(content(name))


ROUTE = Route(f"{PATH}/static/{{bundle}}/{{name:path}}", give, methods=["GET"])
