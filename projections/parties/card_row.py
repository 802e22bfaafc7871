"""What a row of `client_card` says."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

MOST_DATA_NOTICES = 50
"""So many a card has; the client's story tells all of them."""


class ClientCardRow(NamedTuple):
    """The card. `contact_points` is {"kind:key": {kind, value, key, label, source, confidence, doubt, order}},
    `profile` is {field: {value, source, confidence}}, `told` {name, tax_id, kpp, ogrn: {source, confidence}, of tax_id
    with its country, of kpp and ogrn with the value}; `doubts` are what is to be looked at: name (letters of two
    alphabets), phone, email, tax_id; `data_notices` are [{text_version, channel, given_at, actor, staff_id}], the
    latest first, MOST_DATA_NOTICES at most; `version` is the client stream's.
    `survivor_id` answers for the client, if it turned out to be another one; of those who turned out to be this one
    `joined` says what they brought (joined_card.py).
    """

    client_id: UUID
    kind: str | None = None
    name: str | None = None
    name_sort: str | None = None
    name_terms: str = ""
    identity_keys: list[str] = []  # noqa: RUF012
    contact_points: dict[str, Any] = {}  # noqa: RUF012
    tax_id: str | None = None
    told: dict[str, Any] = {}  # noqa: RUF012
    doubts: list[str] = []  # noqa: RUF012
    profile: dict[str, Any] = {}  # noqa: RUF012
    parent_id: UUID | None = None
    owner_id: UUID | None = None
    owned_since: datetime | None = None
    lifecycle: str | None = None
    archived_at: datetime | None = None
    registered_at: datetime | None = None
    date_unknown: bool = False
    source: str | None = None
    external_id: str | None = None
    data_notices: list[dict[str, Any]] = []  # noqa: RUF012
    version: int = 0
    survivor_id: UUID | None = None
    joined: dict[str, Any] | None = None
