"""One row is one tag that a client has now.

Read by GET /clients/{id}?include=tags, GET /clients?tag=, GET /clients/tags and GET /clients/file.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client_tag import ClientTagged, ClientUntagged
from infra.projector.projection import Key, Projection
from infra.typed import tag_key


class TagRow(NamedTuple):
    """The tag as it was typed, under what it is compared by."""

    client_id: UUID
    tag_key: str
    tag: str
    since: datetime


client_tags = Projection(
    name="client_tags",
    row=TagRow,
    key=("client_id", "tag_key"),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)


def _of_tag(event: ClientTagged | ClientUntagged) -> tuple[Key, ...]:
    return ((event.client_id, tag_key(event.tag)),)


@client_tags.on(ClientTagged, keys=_of_tag)
def given(row: TagRow | None, event: ClientTagged, key: Key) -> TagRow:
    client_id, compared = key
    return row or TagRow(client_id, compared, event.tag, event.occurred_at)


@client_tags.on(ClientUntagged, keys=_of_tag)
def taken(_row: TagRow | None, _event: ClientUntagged, _key: Key) -> None:
    return None
