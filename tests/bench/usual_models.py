"""The read models as SQLAlchemy sees them: ORM classes on the very views that ours selects from."""

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Numeric, ScalarSelect, Text, and_, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import (
    DeclarativeBase,
    InstrumentedAttribute,
    Mapped,
    column_property,
    foreign,
    mapped_column,
    relationship,
    remote,
)

from read_api import views

T = TypeVar("T")


class Base(DeclarativeBase):
    """All of them are in the schema `read`; a relation that a query did not ask for is an error, not one more query."""

    __table_args__ = {"schema": "read"}  # noqa: RUF012 - SQLAlchemy declares it without ClassVar
    type_annotation_map = {dict[str, Any]: JSONB, list[dict[str, Any]]: JSONB, datetime: DateTime(timezone=True)}  # noqa: RUF012 - the same


class StaffMember(Base):
    """Somebody who sells."""

    __tablename__ = views.STAFF_DIRECTORY

    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]

    @property
    def id(self) -> UUID:
        return self.staff_id


class Deal(Base):
    """A deal, as far as a card needs it."""

    __tablename__ = views.PIPELINE_BOARD

    deal_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID | None]
    status: Mapped[str]
    amount: Mapped[Any] = mapped_column(Numeric)
    currency: Mapped[str | None]


class ContactPerson(Base):
    """A person acting for an organisation."""

    __tablename__ = views.CONTACT_PERSONS

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str | None]
    is_active: Mapped[bool]
    since: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    person: Mapped["Client | None"] = relationship(
        primaryjoin=lambda: remote(Client.client_id) == foreign(ContactPerson.person_id), viewonly=True, lazy="raise"
    )
    organisation: Mapped["Client | None"] = relationship(
        primaryjoin=lambda: remote(Client.client_id) == foreign(ContactPerson.organisation_id),
        viewonly=True,
        lazy="raise",
    )


class Activity(Base):
    """A touchpoint, as far as it touched somebody."""

    __tablename__ = views.ACTIVITIES

    activity_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    state: Mapped[str | None]
    channel: Mapped[str | None]
    direction: Mapped[str | None]
    call_status: Mapped[str | None]
    takes_place_at: Mapped[datetime | None]


def _touches(client_id: Mapped[UUID]) -> ColumnElement[bool]:
    """Return the condition that an activity was a contact with a client, or with them as a contact person."""
    return and_(
        or_(Activity.client_id == client_id, Activity.contact_id == client_id),
        Activity.state == "held",
        Activity.channel != "task",
        Activity.call_status.is_distinct_from("misdial"),
    )


def _last_touch(client_id: Mapped[UUID], column: InstrumentedAttribute[T]) -> ScalarSelect[T]:
    """Return what the last of them says in a column."""
    latest = (Activity.takes_place_at.desc(), Activity.activity_id.desc())
    asked = select(column).where(_touches(client_id)).order_by(*latest).limit(1)
    return asked.correlate_except(Activity).scalar_subquery()


class Client(Base):
    """A client's card; `parent` and `subsidiaries` are other cards."""

    __tablename__ = views.CLIENT_CARD

    client_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str | None]
    name: Mapped[str | None]
    name_sort: Mapped[str | None]
    contact_points: Mapped[dict[str, Any]]
    tax_id: Mapped[str | None]
    told: Mapped[dict[str, Any]]
    doubts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    profile: Mapped[dict[str, Any]]
    parent_id: Mapped[UUID | None]
    owner_id: Mapped[UUID | None]
    owned_since: Mapped[datetime | None]
    lifecycle: Mapped[str | None]
    archived_at: Mapped[datetime | None]
    registered_at: Mapped[datetime | None]
    date_unknown: Mapped[bool]
    source: Mapped[str]
    external_id: Mapped[str | None]
    data_notices: Mapped[list[dict[str, Any]]]
    version: Mapped[int]
    position: Mapped[int]

    touch_count: Mapped[int] = column_property(
        select(func.count()).where(_touches(client_id)).correlate_except(Activity).scalar_subquery()
    )
    last_touch_at: Mapped[datetime | None] = column_property(_last_touch(client_id, Activity.takes_place_at))
    last_touch_channel: Mapped[str | None] = column_property(_last_touch(client_id, Activity.channel))
    last_touch_direction: Mapped[str | None] = column_property(_last_touch(client_id, Activity.direction))

    owner: Mapped[StaffMember | None] = relationship(
        primaryjoin=lambda: remote(StaffMember.staff_id) == foreign(Client.owner_id), viewonly=True, lazy="raise"
    )
    parent: Mapped["Client | None"] = relationship(
        primaryjoin=lambda: remote(Client.client_id) == foreign(Client.parent_id), viewonly=True, lazy="raise"
    )
    subsidiaries: Mapped[list["Client"]] = relationship(
        primaryjoin=lambda: Client.client_id == remote(foreign(Client.parent_id)),
        order_by=lambda: (Client.name_sort, Client.client_id),
        viewonly=True,
        lazy="raise",
    )
    persons: Mapped[list[ContactPerson]] = relationship(
        primaryjoin=lambda: Client.client_id == foreign(ContactPerson.organisation_id),
        order_by=lambda: (ContactPerson.since, ContactPerson.person_id),
        viewonly=True,
        lazy="raise",
    )
    organisations: Mapped[list[ContactPerson]] = relationship(
        primaryjoin=lambda: Client.client_id == foreign(ContactPerson.person_id),
        order_by=lambda: (ContactPerson.since, ContactPerson.organisation_id),
        viewonly=True,
        lazy="raise",
    )

    @property
    def owner_name(self) -> str | None:
        return self.owner.name if self.owner else None


class Entry(Base):
    """A fact in a client's story."""

    __tablename__ = views.CLIENT_TIMELINE

    event_position: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    topic: Mapped[str]
    stream_id: Mapped[UUID]
    actor: Mapped[str]
    staff_id: Mapped[UUID | None]
    channel: Mapped[str | None]
    direction: Mapped[str | None]
    details: Mapped[dict[str, Any]]

    staff: Mapped[StaffMember | None] = relationship(
        primaryjoin=lambda: remote(StaffMember.staff_id) == foreign(Entry.staff_id), viewonly=True, lazy="raise"
    )

    @property
    def staff_name(self) -> str | None:
        return self.staff.name if self.staff else None
