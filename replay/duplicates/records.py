"""Clients as records that are compared: what of a card tells who it is."""

from collections.abc import Iterator, Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from infra.linkage.columns import Column, Kind, Value
from projections.parties.client_card import client_card

VIEW = f"{client_card.name}_v{client_card.shape}"

COLUMNS = (
    Column("name", Kind.NAME),
    Column("kind", Kind.CATEGORY),
    Column("phone", Kind.SET),
    Column("email", Kind.SET),
    Column("tax_id", Kind.NUMBER),
    Column("kpp", Kind.NUMBER),
    Column("ogrn", Kind.NUMBER),
    Column("birthday", Kind.DATE),
    Column("address", Kind.TEXT),
    Column("location", Kind.TEXT),
)
"""What is compared, in the order of a Record's values."""

CHUNK = 20_000

SELECT = f"""
SELECT
    c.client_id,
    c.name,
    c.kind,
    c.identity_keys,
    c.told #>> '{{kpp,value}}',
    c.told #>> '{{ogrn,value}}',
    c.profile #>> '{{birthday,value}}',
    coalesce(
        c.profile #>> '{{legal_address,value}}',
        jsonb_path_query_first(c.contact_points, '$.* ? (@.kind == "address").value') #>> '{{}}'),
    c.profile #>> '{{location,value}}'
FROM read.{VIEW} AS c
WHERE c.registered_at IS NOT NULL
    AND c.archived_at IS NULL
    AND c.survivor_id IS NULL
    AND c.name IS NOT NULL
"""  # noqa: S608 - constants
"""Clients in use; who was put away, or turned out to be another one, is not suggested."""

# A card that another log made would be of other clients.
_POSITION: LiteralString = """
SELECT min(s.position) FROM read.shown AS s WHERE s.view = %s AND NOT s.is_of_another_log
"""


class Record(NamedTuple):
    """A client as a record: a value for each of COLUMNS."""

    client_id: UUID
    values: tuple[Value, ...]


def record_of(row: Sequence[Any]) -> Record:
    """Return the record of a row of SELECT."""
    client_id, name, kind, keys, *rest = row
    known: dict[str, list[str]] = {}
    for key in keys:
        what, _, value = key.partition(":")
        # Of an extension it is the number that rings.
        known.setdefault(what, []).append(value.partition(";")[0] if what == "phone" else value)
    tax_id = known.get("tax_id", [None])[0]
    return Record(client_id, (name, kind, known.get("phone"), known.get("email"), tax_id, *rest))


def position_of(connection: psycopg.Connection[Any]) -> int | None:
    """Return how far the cards are; None while they are being built."""
    row = connection.execute(_POSITION, [VIEW]).fetchone()
    return None if row is None else row[0]


def chunks(connection: psycopg.Connection[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield all records, chunk by chunk: the id as a text, and the values; inside of a transaction."""
    with connection.cursor(name="clients") as cursor:
        cursor.itersize = CHUNK
        cursor.execute(SELECT.encode())
        while rows := cursor.fetchmany(CHUNK):
            yield [(str(row[0]), *record_of(row).values) for row in rows]
