"""One row is one fact in one client's story: what a seller scrolls through before calling, newest first.

Read by GET /clients/{id}/timeline. A fact that concerns several clients (a contact person's call is also the
organisation's) has a row for each; one that concerns none yet has a row under its own stream. Whose it is once that is
known, say the rows of `activities` and `pipeline_board`: nothing here is ever moved.
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_args
from uuid import UUID

from events import client_merge
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
    """One fact, in the story of one party: a client, or its own stream.

    `details` is the fact's own content, texts included, without what is a column beside it. An amount of money in it is
    written as everywhere (see infra.amounts), however the log has it.
    """

    event_position: int
    party_id: UUID
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
    # By position first: rows are added where the newest are, and a fact is found for whoever it came to concern later.
    key=("event_position", "party_id"),
    ddl=Path(__file__).with_suffix(".sql"),
    # Each key is touched by one event only, so any sharing of the work is a right one.
    partition_by="stream",
    version=4,
    shape=3,
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


OF_ONE_STORY = frozenset(kind.TOPIC for kind in declared_in([client_merge], Event))
"""Facts that two clients have one each of, the one who answers and the one who joined: each tells its own."""


@cache
def _acting_field(event_type: type[Event]) -> str | None:
    """Return the field of a kind of fact that says who of the staff did it."""
    return next((name for name, mark in event_type.IDS.items() if mark.acts), None)


def _parties(event: Event) -> tuple[Key, ...]:
    """Key the fact by each client it concerns, its parties less the staff; by its own stream while there is none."""
    # By the numbers that the ids are: they are compared in a quarter of a UUID's time.
    staff = {one.int for name in _staff_fields(type(event)) for one in ids_in(getattr(event, name))}
    parties, position = event.parties, event.position
    if event.TOPIC in OF_ONE_STORY:
        return ((position, event.stream_id),)
    if len(parties) > 1:
        parties = tuple(dict.fromkeys(parties))
    return tuple([(position, party) for party in parties if party.int not in staff])


@client_timeline.on(*TOLD, keys=_parties)
def told(_: ClientTimelineRow | None, event: Event, key: Key) -> ClientTimelineRow:
    details = event.model_dump(mode="json", exclude_none=True)
    details.pop("staff_id", None)
    for name in _money_fields(type(event)):
        money: Money | None = getattr(event, name)
        if money is not None:
            details[name]["amount"] = amount_text(money.amount, money.currency)
    acting = _acting_field(type(event))
    return ClientTimelineRow(
        event.position,
        key[1],
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
