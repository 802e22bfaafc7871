"""What is done with files that were sent, for who is let in to them: looked at, imported, cancelled."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import psycopg
from fastapi import Depends, Request
from pydantic_core import from_json

from app.composition.readers import Readers
from app.composition.rights import RightsOfRoles
from app.imports import outcomes, records
from app.imports.files import ImportFiles
from app.imports.hands import lane_of
from app.imports.looking import Looks
from app.imports.own_fields import own_fields
from app.imports.records import Upload
from app.imports.rights import ImportRights
from app.imports.sending import source_of
from app.settings import Settings
from app.words.messages import language_of, words_for
from commands.base import Actor
from commands.errors import NotAllowedError
from commands.importing.refused import ImportNotBegunError, ImportOverError
from commands.roles import SENDING_FILES
from read_api.import_told import Import, import_told
from read_api.imports import ONE_SENT, whose_of
from read_api.reading.errors import NoSuchThingError
from replay.repair.jobs import IMPORT, REVERT_IMPORT, Asked, Job, ask
from replay.repair.lanes import end_waiting

PATH = "/imports"

SESSIONS = 2
"""Sessions of the database for what is on record of files."""

Authenticate = Callable[[Sequence[str]], Awaitable[Actor]]


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language"))


Language = Annotated[str, Depends(_language)]


@dataclass(frozen=True)
class House:
    """What the routes of imports need."""

    settings: Settings
    authenticate: Authenticate
    rights: ImportRights
    files: ImportFiles
    looks: Looks
    readers: Readers

    async def allowed(self, request: Request) -> Actor:
        """Return who asks, if they may import anything; raises NotAllowedError."""
        actor = await self.authenticate(request.headers.getlist("authorization"))
        if actor.role not in SENDING_FILES:
            raise NotAllowedError(role=actor.role, needed=sorted(SENDING_FILES), action=request.scope["route"].name)
        return actor

    async def own(self, actor: Actor, import_id: UUID) -> Upload:
        """Return a file that was sent and that an actor may know of; raises NoSuchThingError."""
        upload = await self.readers.ask(partial(records.find, import_id=import_id))
        if upload is None or whose_of(actor) not in {None, upload.asked_by}:
            raise NoSuchThingError(kind="import", id=import_id)
        return upload

    async def present(self, actor: Actor, import_id: UUID) -> Upload:
        """Return one whose bytes are here; raises ImportOverError too."""
        upload = await self.own(actor, import_id)
        if upload.bytes_gone_at is not None or not self.files.upload(import_id).exists():
            raise ImportOverError(id=import_id)
        return upload

    async def told(self, actor: Actor, import_id: UUID, language: str) -> Import:
        """Return it as GET does, without a look at the facts."""
        values = {"import_id": import_id, "whose": whose_of(actor)}
        [(text,)] = await self.readers.ask(lambda connection: connection.execute(ONE_SENT.encode(), values).fetchall())
        return import_told(from_json(text), lambda code, facts: words_for(code, language, facts))

    async def own_fields(self) -> list[dict[str, Any]]:
        """Return the company's own fields of clients, of which a mapping may name any that is not retired.

        Raises ViewBuildingError.
        """
        return await self.readers.ask(own_fields)

    async def seen(
        self,
        upload: Upload,
        language: str,
        rows: int,
        target: str,
        mapping: Mapping[str, Any] | None,
        source: str | None = None,
    ) -> dict[str, Any]:
        """Return what is seen in a file, by a mapping or by one that is guessed; raises as `Looks.at`."""
        return await self.looks.at(
            self.files.upload(upload.import_id),
            target=target,
            source=source or source_of(upload.name),
            mapping=mapping,
            language=language,
            own=await self.own_fields(),
            rows=rows,
        )

    async def keep_mapping(self, actor: Actor, upload: Upload, seen: Mapping[str, Any]) -> None:
        """Keep the mapping by which a file was seen; raises NotAllowedError and ImportOverError."""
        await self.rights.require(actor, seen["target"], "map_import")
        kept = partial(records.say_mapping, import_id=upload.import_id, target=seen["target"], mapping=seen["mapping"])
        if not await self.readers.ask(kept):
            raise ImportOverError(id=upload.import_id)

    async def begin(self, actor: Actor, upload: Upload, language: str, *, is_dry: bool, is_strict: bool) -> None:
        """Let a file be imported, or rehearsed; raises NotAllowedError and UnderWayError."""
        await self.rights.require(actor, upload.target, "run_import")
        parameters = {
            "is_dry": is_dry,
            "is_strict": is_strict,
            "language": language,
            "names_rivals": await self.rights.names_rivals(actor),
        }
        asked = Asked(
            operation=IMPORT,
            about=str(upload.import_id),
            parameters=parameters,
            asked_by=actor.id,
            asked_as=actor.role,
            reason=None,
            waits_in=lane_of(upload.place, is_dry=is_dry),
        )
        await self.readers.ask(partial(ask, asked=asked))

    async def revert(self, actor: Actor, import_id: UUID, *, reason: str, is_dry: bool) -> Job:
        """Let an import be taken back, or rehearse that; raises NoSuchThingError, ImportNotBegunError, UnderWayError.

        An operator: one that they sent themselves. What was typed at a terminal is the others'.
        """
        has_begun = await self.readers.ask(partial(records.has_begun, import_id=import_id))
        try:
            upload = await self.own(actor, import_id)
        except NoSuchThingError:
            if whose_of(actor) is not None or not has_begun:
                raise
        else:
            await self.rights.require(actor, upload.target, "take_back_import")
        if not has_begun:
            raise ImportNotBegunError(id=import_id)
        asked = Asked(
            operation=REVERT_IMPORT,
            about=str(import_id),
            parameters={"is_dry": is_dry},
            asked_by=actor.id,
            asked_as=actor.role,
            reason=reason,
            waits_in=lane_of(self.files.place, is_dry=is_dry),
        )
        return await self.readers.ask(partial(ask, asked=asked))

    async def cancel(self, upload: Upload) -> None:
        """End what is done with a file, or is to be; with which nothing is, it is discarded."""

        def cancelled(connection: psycopg.Connection[Any]) -> bool:
            about = str(upload.import_id)
            if end_waiting(connection, IMPORT, about, outcomes.WITHDRAWN):
                return False
            if records.wish_to_cancel(connection, upload.import_id):
                return False
            records.note_gone(connection, upload.import_id, is_discarded=True)
            return True

        if await self.readers.ask(cancelled):
            self.files.remove(upload.import_id)


def house_at(settings: Settings, authenticate: Authenticate, rights: RightsOfRoles, url: str) -> House:
    """Return it; `url` is the projector's."""
    return House(
        settings,
        authenticate,
        ImportRights(rights),
        ImportFiles(settings.var),
        Looks(settings.zone),
        Readers(url, SESSIONS, settings.read_seconds),
    )
