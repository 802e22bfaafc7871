"""The page /docs, on which every request can be tried; everything it shows comes from here, so it needs no internet."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse

DOCS = "/docs"

# The package carries the files of Swagger UI itself; of its code we need nothing.
_FILES = Path(fastapi_offline.__file__).parent / "static"
_SERVED = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")
_OWN_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


def page_of(title: str, openapi_url: str) -> bytes:
    """Return the page."""
    made = get_swagger_ui_html(
        openapi_url=openapi_url,
        title=title,
        swagger_js_url=f"{DOCS}/swagger-ui-bundle.js",
        swagger_css_url=f"{DOCS}/swagger-ui.css",
        swagger_favicon_url=f"{DOCS}/favicon.png",
    )
    return bytes(made.body)


def policy_of(page: bytes) -> str:
    """Return the Content-Security-Policy under which the page works: of scripts in it, only those that stand there.

    The pictures of Swagger UI are in its style sheet.
    """
    hashes = (f"'sha256-{b64encode(sha256(script).digest()).decode()}'" for script in _OWN_SCRIPT.findall(page))
    return (
        f"default-src 'none'; script-src 'self' {' '.join(hashes)}; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def docs_router(page: bytes) -> APIRouter:
    """Return the routes of the page and of what it loads."""
    router = APIRouter(include_in_schema=False)

    @router.get(DOCS)
    async def docs() -> Response:
        return Response(page, media_type="text/html", headers=_OF_A_PAGE)

    for name in _SERVED:
        router.add_api_route(f"{DOCS}/{name}", _file(name), response_class=FileResponse)
    return router


_OF_A_PAGE = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def _file(name: str) -> Callable[[], Awaitable[FileResponse]]:
    async def give() -> FileResponse:
        return FileResponse(_FILES / name, headers={"Cache-Control": "public, max-age=86400"})

    return give
