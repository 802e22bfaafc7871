"""Questions about files: which a client has, and what is in one."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Response
from pydantic_core import from_json
from starlette.responses import StreamingResponse

from read_api import views
from read_api.notes import EXISTS
from read_api.reading.answer import Answer, Page, Sql, json_of, list_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import is_named
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion, PastQuestion
from read_api.reading.seen import TEXTS, sees_one, text
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE

router = Questions("clients")

_OF_CLIENT = is_named("f.client_id", "%(client_id)s")
THERE = "f.removed_at IS NULL AND f.added_at IS NOT NULL"
"""The condition that a file is there, and was not removed."""


class ClientFile(Answer):
    """A file of a client; `client_id` is whose it is, where others turned out to be the client.

    `digest` is the SHA-256 of the content. Who may not read what people wrote is not told the names.
    """

    file_id: UUID
    client_id: UUID
    name: Annotated[str | None, Sql(text("{column}"))]
    sent_name: Annotated[str | None, Sql(text("{column}"))]
    media_type: str
    size_bytes: int
    digest: Annotated[str | None, Sql(text("{column}"))]
    added_at: datetime
    added_by: str
    added_by_name: Annotated[str | None, Sql("s.name")]


FILES = Listing(
    name="files of a client",
    view=views.CLIENT_FILES,
    alias="f",
    item=ClientFile,
    order={"added_at": "timestamptz", "file_id": "uuid"},
    always=f"{_OF_CLIENT} AND {THERE} AND {sees_one('client', '%(client_id)s')}",
    filters={"client_id": "true", "about_id": "true"},
    steady=frozenset({"client_id", "about_id"}),
    joins=f"LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id::text = f.added_by",
    names=(views.STAFF_DIRECTORY,),
    descending=True,
)


class Kept(Answer):
    """Where the bytes of a file are, and as what they are given out."""

    client_id: UUID
    stored: str
    name: str
    media_type: str
    size_bytes: int


_ONE = f"""(
        SELECT f.*
        FROM {views.CLIENT_FILES} AS f
        WHERE {_OF_CLIENT} AND f.file_id = %(file_id)s AND {THERE}
            AND {TEXTS} AND {sees_one("client", "%(client_id)s")}
    ) AS f"""  # noqa: S608 - put together from constants

ONE = Statement(
    f"\nSELECT seen.*, {list_of(json_of(Kept, 'f'), _ONE, order='f.added_at DESC')}::text\nFROM seen",
    (views.CLIENT_FILES,),
)


@router.question(
    "/clients/{client_id}/files",
    "Files of a client, the latest first",
    answers=Page[ClientFile],
    roles=FRONT_OFFICE,
    note=" As of a moment: those that there were then.",
)
async def list_client_files(client_id: UUID, ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    about = ("client", client_id)
    return await ask.page_about(FILES, question, about, EXISTS["client"], client_id=client_id, about_id=client_id)


@router.question(
    "/clients/{client_id}/files/{file_id}",
    "What is in a file of a client",
    answers=None,
    roles=FRONT_OFFICE,
    note=" It is read to its end and compared with its digest before the first byte is told.",
    # Programs that generate a client know of no content of any kind.
    forms={form: {"schema": {"type": "string", "format": "binary"}} for form in ("application/octet-stream", "*/*")},
    responses={410: {}, 503: {}},
    response_class=Response,
)
async def download_client_file(
    client_id: UUID, file_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]
) -> Response:
    parameters = {"client_id": client_id, "file_id": file_id}
    async with ask.then(question, ONE.views, client_id, "client") as asked:
        seen, rows = await asked.fetch(ONE, parameters, question.min_position, client_id)
    found = from_json(rows[0][0])
    if not found:
        raise ask.absent("client_file", file_id, seen)
    kept: dict[str, Any] = found[0]
    content = await ask.desk.house.content_of(UUID(kept["client_id"]), file_id, kept["stored"])
    ask.looked_at(client_id)
    headers = {
        "Content-Length": str(kept["size_bytes"]),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(kept['name'], safe='')}",
        "Cache-Control": "private, no-store",
        "Letopis-Position": str(seen.position),
    }
    return StreamingResponse(content, headers=headers, media_type=kept["media_type"])
