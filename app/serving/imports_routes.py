"""Files that people send to be imported, over HTTP: taken in, looked at, rehearsed, imported, and taken back."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import FileResponse

from app.composition.rights import RightsOfRoles
from app.imports.files import ERRORS, WARNINGS
from app.imports.hands import WAITS_HOURS
from app.imports.house import PATH, Authenticate, House, Language, house_at
from app.imports.sending import source_of
from app.imports.shown import (
    ACCEPTED,
    BODY,
    SENT,
    ImportPreview,
    MappingBody,
    Name,
    RevertBody,
    RunBody,
    SentImport,
    Target,
)
from app.imports.taking_in import Meant, take_in
from app.operations.told import told
from app.settings import Settings
from commands.base import Actor
from commands.execution.door import NOT_KEPT
from commands.roles import SENDING_FILES
from read_api.import_told import Import
from read_api.operations import Job
from read_api.reading.errors import NoSuchThingError

FILES = (("errors", ERRORS, "rows that were not taken"), ("warnings", WARNINGS, "doubts about rows that were taken"))
ROLES = f"Roles: {', '.join(sorted(SENDING_FILES))}; an operator: files of clients, and their own."


def imports_router(settings: Settings, authenticate: Authenticate, rights: RightsOfRoles, url: str) -> APIRouter:
    """Return the routes; `url` is the projector's."""
    house = house_at(settings, authenticate, rights, url)
    router = APIRouter(tags=["imports"])
    _add_sending(router, house)
    _add_looking(router, house)
    _add_doing(router, house)
    return router


def _add_sending(router: APIRouter, house: House) -> None:
    Who = Annotated[Actor, Depends(house.allowed)]  # noqa: N806 - a type

    @router.post(
        PATH,
        operation_id="send_import",
        name="send_import",
        summary="Send a file to be imported: CSV, TSV, XLSX, XLS, ODS, packed or not",
        description=(
            "Nothing is imported yet: the answer says how the file would be read and what its first rows would become. "
            "The body is the file as it is, or a form (`multipart/form-data`) with the fields `file` and, if wanted, "
            "`mapping` (TOML or JSON), `target`, `source` and `name`. Without a mapping it is guessed. What nobody "
            f"imports is removed after {WAITS_HOURS} hours. {ROLES}"
        ),
        status_code=201,
        response_model=SentImport,
        responses={201: SENT, 413: {}, 422: {}, 503: {}, 507: {}},
        openapi_extra={"requestBody": BODY, "x-most-bytes": house.settings.import_mb << 20},
    )
    async def send_import(
        request: Request,
        actor: Who,
        language: Language,
        name: Annotated[Name | None, Query(description="What the file is called; a form says it by itself.")] = None,
        target: Annotated[Target, Query(description="What its rows are.")] = "client",
        source: Annotated[Name | None, Query(description="The name of its source, else that of the file.")] = None,
    ) -> Response:
        upload, seen = await take_in(house, request, actor, language, Meant(name, target, source))
        told = await house.told(actor, upload.import_id, language)
        whole = SentImport(**told.model_dump(), preview=_preview(seen))
        return _answer(whole, 201, {"Location": f"{PATH}/{upload.import_id}"})


def _add_looking(router: APIRouter, house: House) -> None:
    Who = Annotated[Actor, Depends(house.allowed)]  # noqa: N806 - a type

    @router.get(
        f"{PATH}/{{sent}}/preview",
        operation_id="preview_import",
        name="preview_import",
        summary="What the first rows of a file would become, and what is wrong with their cells",
        description=f"By the mapping that the file has. {ROLES}",
        response_model=ImportPreview,
        responses={404: {}, 409: {}, 422: {}, 503: {}},
    )
    async def preview_import(
        sent: UUID,
        actor: Who,
        language: Language,
        rows: Annotated[int, Query(ge=0, le=100, description="How many of the first rows to show.")] = 10,
    ) -> Response:
        upload = await house.present(actor, sent)
        return _answer(_preview(await house.seen(upload, language, rows, upload.target, upload.mapping)))

    @router.post(
        f"{PATH}/{{import_id}}/mapping",
        operation_id="map_import",
        name="map_import",
        summary="Say what the columns of a file mean, and see what its first rows would become",
        description=f"A mapping that cannot be used is refused, and the one of before stays. {ROLES}",
        response_model=ImportPreview,
        responses={404: {}, 409: {}, 422: {}, 503: {}},
    )
    async def map_import(import_id: UUID, actor: Who, language: Language, wanted: MappingBody) -> Response:
        upload = await house.present(actor, import_id)
        seen = await house.seen(upload, language, wanted.rows, wanted.target, wanted.content, wanted.source)
        await house.keep_mapping(actor, upload, seen)
        return _answer(_preview(seen))

    for called, kept, what in FILES:
        router.add_api_route(
            f"{PATH}/{{sent}}/{called}",
            _giving(house, called, kept),
            methods=["GET"],
            name=f"get_import_{called}",
            operation_id=f"get_import_{called}",
            summary=f"The {what}, as a file (CSV)",
            description=f"Kept for LETOPIS_IMPORT_ERRORS_DAYS. {ROLES}",
            response_class=Response,
            responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, 404: {}},
        )


def _add_doing(router: APIRouter, house: House) -> None:
    Who = Annotated[Actor, Depends(house.allowed)]  # noqa: N806 - a type

    @router.post(
        f"{PATH}/{{import_id}}/run",
        operation_id="run_import",
        name="run_import",
        summary="Import a file that was sent, or rehearse it",
        description=(
            "It goes on whether or not anybody waits, also after the service was stopped or killed: GET /imports/{id} "
            f"watches it. {ROLES}"
        ),
        status_code=202,
        response_model=Import,
        responses={202: ACCEPTED, 404: {}, 409: {}, 422: {}},
    )
    async def run_import(import_id: UUID, actor: Who, language: Language, wanted: RunBody) -> Response:
        upload = await house.present(actor, import_id)
        await house.begin(actor, upload, language, is_dry=wanted.is_dry, is_strict=wanted.is_strict)
        return _answer(await house.told(actor, import_id, language), 202, {"Location": f"{PATH}/{import_id}"})

    @router.post(
        f"{PATH}/{{import_id}}/cancel",
        operation_id="cancel_import",
        name="cancel_import",
        summary="End an import under way, or discard a file that was sent and not imported",
        description=f"What was taken in by then stays. {ROLES}",
        response_model=Import,
        responses={404: {}, 409: {}},
    )
    async def cancel_import(import_id: UUID, actor: Who, language: Language) -> Response:
        await house.cancel(await house.present(actor, import_id))
        return _answer(await house.told(actor, import_id, language))

    @router.post(
        f"{PATH}/{{import_id}}/revert",
        operation_id="take_back_import",
        name="take_back_import",
        summary="Take back what an import made, or see what that would be",
        description=(
            "What it entered is gone, what it updated is as it was; what somebody worked on since stays, and the "
            "outcome of the job says which and why (`facts.stays`). GET /imports/{id} watches it. It runs alone: "
            "imports of this place wait, and while one typed at a terminal runs, it is refused. "
            f"Asked for again it goes on, or does nothing. {ROLES}"
        ),
        status_code=202,
        response_model=Job,
        responses={202: ACCEPTED, 404: {}, 409: {}, 422: {}},
    )
    async def take_back_import(import_id: UUID, actor: Who, language: Language, wanted: RevertBody) -> Response:
        asked = await house.revert(actor, import_id, reason=wanted.reason, is_dry=wanted.is_dry)
        return _answer(told(asked, language), 202, {"Location": f"{PATH}/{import_id}"})


def _giving(house: House, called: str, kept: str) -> Callable[..., Awaitable[Response]]:
    async def give(sent: UUID, actor: Annotated[Actor, Depends(house.allowed)]) -> Response:
        upload = await house.own(actor, sent)
        path = house.files.folder(sent) / kept
        has_it = upload.has_errors if kept == ERRORS else upload.has_warnings
        if not has_it or not path.exists():
            raise NoSuchThingError(kind="import_file", id=sent)
        name = f"{source_of(upload.name)}-{called}.csv"
        return FileResponse(path, headers=dict(NOT_KEPT), media_type="text/csv", filename=name)

    return give


def _preview(seen: dict[str, Any]) -> ImportPreview:
    told = {**seen["preview"], **{name: seen[name] for name in ("target", "fields", "mapping", "toml")}}
    return ImportPreview.model_validate(told)


def _answer(told: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    more = {"Vary": "Accept-Language", **NOT_KEPT, **(headers or {})}
    return Response(to_json(told), status, more, "application/json")
