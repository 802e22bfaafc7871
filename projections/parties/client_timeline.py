"""One row is one fact in one client's story: what a seller scrolls through before calling, newest first.

Read by GET /clients/{id}/timeline. A fact that concerns several clients (a contact person's call is also the
organisation's) has a row for each.
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_args
from uuid import UUID

from events.base import Event
from events.marks import ids_in
from events.registry import MODULES, declared_in
from events.values import Money
from infra.amounts import amount_text
from infra.projector.projection import Key, Projection

TOLD = tuple(
    kind
    for module in MODULES
    if any(mark.kind == "client" for noun in declared_in([module], Event) for mark in noun.IDS.values())
    for kind in declared_in([module], Event)
)
"""Every fact of every noun that may be about a client: a noun one of whose facts names a client is told whole."""


class ClientTimelineRow(NamedTuple):
    """One fact; `details` is the fact's own content, texts included, without what is a column beside it.

    An amount of money in it is written as everywhere (see infra.amounts), however the log has it.
    """

    client_id: UUID
    event_position: int
    occurred_at: datetime
    recorded_at: datetime
    topic: str
    stream_id: UUID
    actor: str
    staff_id: UUID | None
    channel: str | None
    direction: str | None
    details: dict[str, Any]


client_timeline = Projection(
    name="client_timeline",
    row=ClientTimelineRow,
    key=("client_id", "event_position"),
    ddl=Path(__file__).with_suffix(".sql"),
    # Each key is touched by one event only, so any sharing of the work is a right one.
    partition_by="stream",
    version=2,
    shape=2,
    is_append_only=True,
    needs_parties=True,
)


@cache
def _staff_fields(event_type: type[Event]) -> tuple[str, ...]:
    """Return those fields of a kind of fact that name staff."""
    return tuple(name for name, mark in event_type.IDS.items() if mark.kind == "staff")


@cache
def _money_fields(event_type: type[Event]) -> tuple[str, ...]:
    """Return those fields of a kind of fact that are money."""
    fields = event_type.model_fields.items()
    return tuple(name for name, field in fields if Money in (field.annotation, *get_args(field.annotation)))


@cache
def _acting_field(event_type: type[Event]) -> str | None:
    """Return the field of a kind of fact that says who of the staff did it."""
    return next((name for name, mark in event_type.IDS.items() if mark.acts), None)


def _clients(event: Event) -> tuple[Key, ...]:
    """Key the fact by each client it concerns: its parties, less the staff and less what is no client at all."""
    # By the numbers that the ids are: they are compared in a quarter of a UUID's time.
    others = {staff.int for name in _staff_fields(type(event)) for staff in ids_in(getattr(event, name))}
    if not event.TOPIC.startswith("client."):
        others.add(event.stream_id.int)
    parties, position = event.parties, event.position
    if len(parties) > 1:
        parties = tuple(dict.fromkeys(parties))
    return tuple([(party, position) for party in parties if party.int not in others])


@client_timeline.on(*TOLD, keys=_clients)
def told(_: ClientTimelineRow | None, event: Event, key: Key) -> ClientTimelineRow:
    details = event.model_dump(mode="json", exclude_none=True)
    details.pop("staff_id", None)
    for name in _money_fields(type(event)):
        money: Money | None = getattr(event, name)
        if money is not None:
            details[name]["amount"] = amount_text(money.amount, money.currency)
    acting = _acting_field(type(event))
    return ClientTimelineRow(
        key[0],
        event.position,
        event.occurred_at,
        event.recorded_at,
        event.TOPIC,
        event.stream_id,
        event.actor,
        getattr(event, acting) if acting else None,
        details.pop("channel", None),
        details.pop("direction", None),
        details,
    )
