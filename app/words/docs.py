"""The page /docs, on which every request can be tried; everything it shows comes from here, so it needs no internet."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse

# The package carries the files of Swagger UI itself; of its code we need nothing.
_FILES = Path(fastapi_offline.__file__).parent / "static"
_SERVED = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")


def docs_router(title: str, openapi_url: str) -> APIRouter:
    """Return the routes of the page and of what it loads."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> Response:
        return get_swagger_ui_html(
            openapi_url=openapi_url,
            title=title,
            swagger_js_url="/docs/swagger-ui-bundle.js",
            swagger_css_url="/docs/swagger-ui.css",
            swagger_favicon_url="/docs/favicon.png",
        )

    for name in _SERVED:
        router.add_api_route(f"/docs/{name}", _file(name), response_class=FileResponse)
    return router


def _file(name: str) -> Callable[[], Awaitable[FileResponse]]:
    async def give() -> FileResponse:
        return FileResponse(_FILES / name, headers={"Cache-Control": "public, max-age=86400"})

    return give
