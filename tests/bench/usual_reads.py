"""The reads as most teams write them: FastAPI, SQLAlchemy's ORM on an async engine, pydantic response models.

`python -m tests.bench.usual_reads` listens on a free port and prints its address. The views, their indexes, the role,
the size of the pool, the token check, the rights, the frame and the server's flags are those of ours; so is what is
answered, but for the ETag and the position of the log, which it does not know. It loads the columns it shows and no
others, names by joins, and the lists of a card by one SELECT each (`selectinload`), as SQLAlchemy's documentation
advises.
"""

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Row, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import InstrumentedAttribute, joinedload, load_only, selectinload

from app.auth.tokens import authenticator
from app.database import master_key, urls_of
from app.serving.http import Parts
from app.settings import Settings
from read_api import client_card as answers
from read_api import client_recognised as recognised
from read_api import client_relations as relations
from read_api.client_story import TimelineEntry
from read_api.reading.answer import Page, Sum
from read_api.roles import FRONT_OFFICE
from tests.bench.serving import serve
from tests.bench.usual_models import Client, ContactPerson, Deal, Entry, StaffMember
from tests.strangers import STRANGERS

_OWNER = joinedload(Client.owner)

CARD = select(Client).options(
    _OWNER.load_only(StaffMember.name),
    joinedload(Client.parent).load_only(Client.name),
    selectinload(Client.subsidiaries).load_only(Client.name, Client.parent_id),
    selectinload(Client.persons).joinedload(ContactPerson.person).load_only(Client.name),
    selectinload(Client.organisations).joinedload(ContactPerson.organisation).load_only(Client.name),
)

OPEN_DEALS = (
    select(Deal.currency, func.count().label("deals"), func.sum(Deal.amount).label("amount"))
    .where(Deal.status == "open")
    .group_by(Deal.currency)
    .order_by(Deal.currency)
)

LISTED = [name for name in answers.Client.model_fields if name != "marks"]
"""What the table has of what is told of a client in a list."""

PAGE = (
    select(Client)
    .options(
        load_only(*(getattr(Client, name) for name in LISTED if name != "owner_name"), Client.name_sort),
        _OWNER.load_only(StaffMember.name),
    )
    .where(Client.registered_at.is_not(None), Client.name_sort.is_not(None))
    .order_by(Client.name_sort, Client.client_id)
)

TIMELINE = (
    select(Entry)
    .options(joinedload(Entry.staff).load_only(StaffMember.name))
    .order_by(Entry.occurred_at.desc(), Entry.event_position.desc())
)


def to_cursor(*keys: Any) -> str:
    """Return the opaque text that names the place after a row."""
    return base64.urlsafe_b64encode(json.dumps(keys, default=str).encode()).decode()


Keys = Mapping[InstrumentedAttribute[Any], Callable[[Any], Any]]
"""Sorting columns, and what reads their values in a cursor."""


def paged(
    statement: Select[Any],
    keys: Keys,
    cursor: str | None,
    limit: int,
    *,
    is_descending: bool = False,
) -> Select[Any]:
    """Return the statement of one page and one row more."""
    if cursor is not None:
        try:
            given = json.loads(base64.urlsafe_b64decode(cursor))
            place = tuple(read(key) for read, key in zip(keys.values(), given, strict=True))
        except (ValueError, TypeError):
            raise HTTPException(422, "wrong cursor") from None
        columns = tuple_(*keys)
        statement = statement.where(columns < place if is_descending else columns > place)
    return statement.limit(limit + 1)


def _contacts(people: Sequence[ContactPerson], side: str) -> list[relations.Contact]:
    return [
        relations.Contact(
            client_id=getattr(one, f"{side}_id"),
            name=named.name if (named := getattr(one, side)) else None,
            role=one.role,  # type: ignore[arg-type]  # a text in the table
            is_active=one.is_active,
            since=one.since,
            ended_at=one.ended_at,
        )
        for one in people
    ]


def _card(client: Client, deals: Sequence[Row[str | None, int, Decimal | None]]) -> answers.ClientCard:
    """Return the answer made of a client and of the open deals by currency."""
    points = sorted(client.contact_points.items(), key=lambda item: (int(item[1].get("order") or 0), item[0]))
    owner = client.owner
    return answers.ClientCard(
        **{name: getattr(client, name) for name in LISTED},
        owner=answers.Person(id=owner.staff_id, name=owner.name, branch=None, branch_id=None) if owner else None,
        contact_points=[recognised.ContactPoint(**point) for _, point in points],
        tax_id=client.tax_id,
        told={name: recognised.Registration(**fact) for name, fact in client.told.items()},
        doubts=client.doubts,  # type: ignore[arg-type]
        profile={name: recognised.ProfileTrait(**trait) for name, trait in client.profile.items()},
        parent_id=client.parent_id,
        parent_name=client.parent.name if client.parent else None,
        date_unknown=client.date_unknown,
        source=client.source,
        external_id=client.external_id,
        data_notices=[answers.DataNotice(**{**notice, "staff_name": None}) for notice in client.data_notices],
        last_touch_direction=client.last_touch_direction,  # type: ignore[arg-type]
        open_deals=answers.OpenDeals(
            count=sum(number for _, number, _ in deals),
            sums=[Sum(currency=currency, amount=str(amount)) for currency, _, amount in deals if currency],
        ),
        contact_persons=_contacts(client.persons, "person"),
        organisations=_contacts(client.organisations, "organisation"),
        subsidiaries=[relations.Subsidiary(client_id=one.client_id, name=one.name) for one in client.subsidiaries],
        merged=[],
    )


async def _require_client(session: AsyncSession, client_id: UUID) -> None:
    if await session.get(Client, client_id) is None:
        raise HTTPException(404)


def _page(found: Sequence[Any], limit: int, keys: Sequence[str]) -> dict[str, Any]:
    """Return one page of what was found, which is one row more if another page follows."""
    items = found[:limit]
    after = to_cursor(*(getattr(items[-1], key) for key in keys)) if len(found) > limit else None
    return {"items": items, "next": after}


def reads_router(settings: Settings, sessions: async_sessionmaker[AsyncSession]) -> APIRouter:
    """Return the three reads, written as the documentation of FastAPI and of SQLAlchemy writes them."""
    router = APIRouter()
    who = authenticator(settings, STRANGERS)

    async def allowed(authorization: Annotated[str | None, Header()] = None) -> None:
        caller = await who.authenticate([authorization] if authorization else [])
        if caller.role not in FRONT_OFFICE:
            raise HTTPException(403)

    async def opened() -> AsyncIterator[AsyncSession]:
        async with sessions() as session:
            yield session

    Session = Annotated[AsyncSession, Depends(opened)]  # noqa: N806 - a type
    Limit = Annotated[int, Query(ge=1, le=200)]  # noqa: N806 - a type

    @router.get("/clients/{client_id}", dependencies=[Depends(allowed)])
    async def get_client(client_id: UUID, session: Session) -> answers.ClientCard:
        client = await session.scalar(CARD.where(Client.client_id == client_id, Client.registered_at.is_not(None)))
        if client is None:
            raise HTTPException(404)
        deals = (await session.execute(OPEN_DEALS.where(Deal.client_id == client_id))).all()
        return _card(client, deals)

    @router.get("/clients", dependencies=[Depends(allowed)], response_model=Page[answers.Client])
    async def list_clients(session: Session, limit: Limit = 50, cursor: str | None = None) -> Any:
        statement = paged(PAGE, {Client.name_sort: str, Client.client_id: UUID}, cursor, limit)
        return _page((await session.scalars(statement)).all(), limit, ("name_sort", "client_id"))

    @router.get(
        "/clients/{client_id}/timeline",
        dependencies=[Depends(allowed)],
        response_model=Page[TimelineEntry],
    )
    async def get_timeline(client_id: UUID, session: Session, limit: Limit = 50, cursor: str | None = None) -> Any:
        keys: Keys = {Entry.occurred_at: datetime.fromisoformat, Entry.event_position: int}
        statement = paged(TIMELINE.where(Entry.party_id == client_id), keys, cursor, limit, is_descending=True)
        found = (await session.scalars(statement)).all()
        if not found and cursor is None:
            await _require_client(session, client_id)
        return _page(found, limit, ("occurred_at", "event_position"))

    return router


def main() -> None:
    """Serve until told to stop, with the very flags and as many connections as the real server."""
    settings = Settings()
    assert settings.database_url is not None
    urls = urls_of(settings.database_url.get_secret_value(), settings, master_key(settings))
    engine = create_async_engine(
        "postgresql+psycopg://",
        connect_args=conninfo_to_dict(urls.reader),
        pool_size=settings.read_connections,
        max_overflow=0,
        # Nothing is written: without a transaction the two round trips that begin and end one are saved.
        isolation_level="AUTOCOMMIT",
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    sessions = async_sessionmaker(engine, expire_on_commit=False)
    serve(Parts(read_router=reads_router(settings, sessions), lifespan=lifespan))


if __name__ == "__main__":
    main()
