"""One row is one day of the year on which a client is remembered.

Read by GET /clients/dates and GET /clients/{id}?include=dates.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client_date import ClientDateDropped, ClientDateNoted
from infra.projector.projection import Key, Projection
from infra.typed import labelled_key


class ClientDateRow(NamedTuple):
    """The day, as MM-DD, and the first year if it is known."""

    client_id: UUID
    date_key: str
    kind: str
    label: str | None
    month_day: str
    year: int | None
    source: str
    noted_at: datetime


client_dates = Projection(
    name="client_dates",
    row=ClientDateRow,
    key=("client_id", "date_key"),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)


def _of_date(event: ClientDateNoted | ClientDateDropped) -> tuple[Key, ...]:
    return ((event.client_id, labelled_key(event.kind, event.label)),)


@client_dates.on(ClientDateNoted, keys=_of_date)
def noted(_: ClientDateRow | None, event: ClientDateNoted, key: Key) -> ClientDateRow:
    client_id, compared = key
    day = event.on_day
    return ClientDateRow(
        client_id,
        compared,
        event.kind.value,
        event.label,
        f"{day.month:02}-{day.day:02}",
        day.year,
        event.source,
        event.occurred_at,
    )


@client_dates.on(ClientDateDropped, keys=_of_date)
def dropped(_row: ClientDateRow | None, _event: ClientDateDropped, _key: Key) -> None:
    return None
