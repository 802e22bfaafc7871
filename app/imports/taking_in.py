"""Taking a file in that somebody sends: all of it or nothing, and only what can be read."""

from typing import Any, NamedTuple

from fastapi import Request

from app.imports import records
from app.imports.files import Incoming
from app.imports.house import House
from app.imports.records import Upload
from app.imports.sending import mapping_from, name_of, source_of, taken
from app.imports.shown import Target, target_of
from commands.base import Actor
from infra.log.ids import new_id


class Meant(NamedTuple):
    """What the address says of a file; a field of the form goes before it."""

    name: str | None
    target: Target
    source: str | None


async def take_in(
    house: House, request: Request, actor: Actor, language: str, meant: Meant
) -> tuple[Upload, dict[str, Any]]:
    """Take in the file that a request brings, and put it on record; return it, and what is seen in it.

    Whatever is raised, and whoever hangs up, nothing of it is left.
    """
    await house.rights.require(actor, meant.target, "send_import")
    incoming = Incoming(house.files, new_id(), house.settings.import_mb << 20)
    try:
        announced = request.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit():
            incoming.require_room(int(announced[:18]))
        sent = await taken(request.stream(), request.headers.get("content-type", ""), incoming)
        meant = meant._replace(name=meant.name or sent.name)
        upload, seen = await _seen(house, incoming, sent.fields, meant, actor, language)
        # A mapping says itself what the rows are.
        await house.rights.require(actor, upload.target, "send_import")
        await house.readers.ask(lambda connection: records.add(connection, upload))
    except BaseException:
        incoming.drop()
        raise
    return upload, seen


async def _seen(
    house: House, incoming: Incoming, fields: dict[str, str], meant: Meant, actor: Actor, language: str
) -> tuple[Upload, dict[str, Any]]:
    """Return what is to be put on record of a file that is whole, and what is seen in it."""
    digest = await incoming.end()
    name = name_of(fields.get("name") or meant.name)
    seen = await house.looks.at(
        house.files.upload(incoming.import_id),
        target=target_of(fields.get("target")) or meant.target,
        source=(fields.get("source") or meant.source or source_of(name))[:200],
        mapping=mapping_from(fields["mapping"]) if fields.get("mapping") else None,
        language=language,
        own=await house.own_fields(),
    )
    upload = Upload(
        incoming.import_id,
        house.files.place,
        name,
        digest,
        incoming.size,
        seen["target"],
        seen["mapping"],
        actor.id,
        actor.role,
    )
    return upload, seen
