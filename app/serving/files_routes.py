"""Files of clients over HTTP: how one is sent. How they are listed and read stands with the other reads."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from app.files.taking_in import FilesDoor
from app.imports.sending import body_described
from commands.base import Actor
from commands.client_file import AddClientFile
from commands.execution.door import NOT_KEPT

PATH = "/clients/{client_id}/files"
LONGEST = 1_000


class RecordedFile(BaseModel):
    """The fact that was recorded."""

    topic: str
    position: int


class AddedFile(BaseModel):
    """A file that was taken in, and the receipt; `events` is empty where the client had it already under this name."""

    file_id: UUID
    client_id: UUID
    name: str
    media_type: str
    size_bytes: int
    digest: str = Field(description="SHA-256 of the content.")
    command_id: UUID
    stream_id: UUID
    version: int
    position: int
    events: list[RecordedFile]


def files_router(door: FilesDoor) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["clients"])

    @router.post(
        PATH,
        operation_id="add_client_file",
        name="add_client_file",
        summary="Give a client a file",
        description=(
            "The body is the file as it is, with its kind as `Content-Type`, or a form (`multipart/form-data`) with "
            "the field `file`. The same content under the same name is one file: sent again, it changes nothing, so no "
            "`Idempotency-Key` is needed. The bytes are kept encrypted with the client's key. An API key names this "
            f"`add-client-file`. Roles: {', '.join(sorted(AddClientFile.ROLES))}. Granted to others, or withdrawn, as "
            "`notes`."
        ),
        status_code=201,
        response_model=AddedFile,
        responses={404: {}, 409: {}, 413: {}, 422: {}, 429: {}, 503: {}, 507: {}},
        openapi_extra={"requestBody": body_described(name={}), "x-most-bytes": door.settings.file_mb << 20},
    )
    async def add_client_file(
        client_id: UUID,
        actor: Annotated[Actor, Depends(door.allowed)],
        request: Request,
        name: Annotated[
            str | None,
            Query(min_length=1, max_length=LONGEST, description="What the file is called; a form may say it itself."),
        ] = None,
    ) -> Response:
        file, receipt = await door.take_in(request, actor, client_id, name)
        told = AddedFile(
            file_id=file.file_id,
            client_id=file.client_id,
            name=file.name,
            media_type=file.media_type,
            size_bytes=file.size_bytes,
            digest=file.digest,
            command_id=receipt.command_id,
            stream_id=receipt.stream_id,
            version=receipt.version,
            position=receipt.position,
            events=[RecordedFile.model_validate(each) for each in receipt.events],
        )
        headers = {"Letopis-Position": str(receipt.position), "Location": f"{request.url.path}/{file.file_id}"}
        return Response(to_json(told), 201, {**headers, **NOT_KEPT}, "application/json")

    return router
