"""The no-op service: the frame, the token check and the models of ours around an endpoint that does nothing.

`python -m tests.bench.noop` listens on a free port and prints its address.
"""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel

from app.auth.tokens import authenticator
from app.serving.http import Parts
from app.settings import Settings
from commands.activity import RecordActivity
from commands.base import Actor
from commands.client import RegisterClient
from infra.log.ids import new_id
from tests.bench.serving import serve
from tests.strangers import STRANGERS


class Receipt(BaseModel):
    """What a command is answered with."""

    command_id: UUID
    stream_id: UUID
    version: int
    position: int
    events: list[dict[str, Any]]
    replayed: bool = False


class Card(BaseModel):
    """About as much as a client's card has."""

    client_id: UUID
    name: str
    kind: str
    lifecycle: str
    owner_id: UUID | None
    registered_at: datetime
    contact_points: list[dict[str, str]]
    touch_count: int


def _receipt() -> Receipt:
    return Receipt(
        command_id=new_id(),
        stream_id=new_id(),
        version=1,
        position=1,
        events=[{"topic": "client.registered", "position": 1}],
    )


def noop_router(settings: Settings) -> APIRouter:
    """Return endpoints written as FastAPI's documentation writes them."""
    router = APIRouter()
    who = authenticator(settings, STRANGERS)

    async def actor(authorization: Annotated[str | None, Header()] = None) -> Actor:
        return await who.authenticate([authorization] if authorization else [])

    @router.post("/noop/register-client")
    async def register(command: RegisterClient, actor: Annotated[Actor, Depends(actor)]) -> Receipt:
        return _receipt()

    @router.post("/noop/record-activity")
    async def record(command: RecordActivity, actor: Annotated[Actor, Depends(actor)]) -> Receipt:
        return _receipt()

    @router.get("/noop/{number}")
    async def read(number: int, actor: Annotated[Actor, Depends(actor)]) -> Card:
        points = [{"kind": "phone", "value": "+79161234567", "key": "+79161234567"}]
        return Card(
            client_id=new_id(),
            name="ООО «Ромашка»",
            kind="organisation",
            lifecycle="prospect",
            owner_id=new_id(),
            registered_at=datetime.now(UTC),
            contact_points=points,
            touch_count=number,
        )

    return router


def main() -> None:
    """Serve until told to stop, with the very flags of the real server."""
    serve(Parts(read_router=noop_router(Settings())))


if __name__ == "__main__":
    main()
