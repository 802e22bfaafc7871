"""The usual way: the eventsourcing library as its own documentation uses it, keeping the same clients on PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import Jsonb

from events.values import Lifecycle
from infra.names.search import indexed
from infra.words import words
from projections.parties.client_card import client_card
from tests.bench.samples import CALLS, RESULT, SELLERS, TOPIC, name_of, phone_of

CONNECTIONS = 32
"""In the library's pool: one for each of 32 threads, where our executor has one in all."""


class StockClient(Aggregate):
    """A client as the library would have it; its events say what ours say, in plain text."""

    class Registered(Aggregate.Created):
        kind: str
        name: str
        contact_points: list[dict[str, str]]
        tax_id: str | None
        source: str

    class Claimed(Aggregate.Event):
        owner_id: str
        cause: str

    class Advanced(Aggregate.Event):
        from_state: str
        to_state: str

    class Corrected(Aggregate.Event):
        field: str
        value: str
        source: str

    class Touched(Aggregate.Event):
        channel: str
        direction: str
        staff_id: str
        topic: str
        result: str

    @event(Registered)
    def __init__(
        self, kind: str, name: str, contact_points: list[dict[str, str]], tax_id: str | None, source: str
    ) -> None:
        self.kind = kind
        self.name = name
        self.contact_points = contact_points
        self.tax_id = tax_id
        self.source = source
        self.owner_id: str | None = None
        self.state = "prospect"
        self.profile: dict[str, str] = {}

    @event(Claimed)
    def claim(self, owner_id: str, cause: str) -> None:  # noqa: ARG002 - kept in the event alone
        self.owner_id = owner_id

    @event(Advanced)
    def advance(self, from_state: str, to_state: str) -> None:  # noqa: ARG002
        self.state = to_state

    @event(Corrected)
    def correct(self, field: str, value: str, source: str) -> None:  # noqa: ARG002
        self.profile[field] = value

    @event(Touched)
    def touch(self, channel: str, direction: str, staff_id: str, topic: str, result: str) -> None:
        """Nothing of it is needed to decide anything."""


class StockClients(Application[UUID]):
    """The library's application; it needs nothing but its recorder."""


def new_stock_client(number: int) -> StockClient:
    """Return a client that is not saved yet."""
    phone = phone_of(number)
    points = [{"kind": "phone", "value": phone, "key": phone}]
    return StockClient(kind="organisation", name=name_of(number), contact_points=points, tax_id=None, source="bench")


def stock_day(number: int) -> Iterator[Callable[[StockClient], None]]:
    """Give what follows a registration, as samples.day_with does for ours."""
    yield lambda client: client.claim(owner_id=str(SELLERS[number % len(SELLERS)]), cause="claim")
    yield lambda client: client.advance(from_state=Lifecycle.PROSPECT.value, to_state=Lifecycle.CONTACTED.value)
    yield lambda client: client.correct(field="sector", value="торговля", source="bench")
    for call in range(CALLS):
        seller = str(SELLERS[(number + call) % len(SELLERS)])
        said = {"channel": "call", "direction": "outbound", "staff_id": seller, "topic": TOPIC, "result": RESULT}
        yield partial(_touch, said)


def _touch(said: Mapping[str, str], client: StockClient) -> None:
    client.touch(**said)


def stock_client_of_a_day(number: int) -> StockClient:
    """Return a client, not saved yet, with the events of a day: as many as our made log has for each."""
    made = new_stock_client(number)
    for step in stock_day(number):
        step(made)
    return made


def stock_environment(url: str) -> dict[str, str]:
    """Return the library's settings for a database."""
    given = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(given["dbname"]),
        "POSTGRES_HOST": str(given["host"]),
        "POSTGRES_PORT": str(given.get("port") or 5432),
        "POSTGRES_USER": str(given["user"]),
        "POSTGRES_PASSWORD": str(given.get("password") or ""),
        "POSTGRES_POOL_SIZE": str(CONNECTIONS),
        "POSTGRES_MAX_OVERFLOW": "0",
    }


@contextmanager
def stock_clients(url: str) -> Iterator[StockClients]:
    """Lend the library's application on an empty database."""
    application = StockClients(stock_environment(url))
    try:
        yield application
    finally:
        application.close()


SCHEMA = "public"

_UPSERT = f"""
INSERT INTO {SCHEMA}.client_card (
    client_id, kind, name, name_sort, name_terms, identity_keys, contact_points, tax_id, profile, lifecycle,
    registered_at, date_unknown, source, data_notices, version, position)
VALUES (
    %(client_id)s, %(kind)s, %(name)s, %(name_sort)s, %(name_terms)s, %(identity_keys)s, %(contact_points)s, %(tax_id)s,
    '{{}}', 'prospect', %(registered_at)s, false, %(source)s, '[]', 1, %(position)s)
ON CONFLICT (client_id) DO NOTHING
"""
_CLAIM = f"""
UPDATE {SCHEMA}.client_card
SET owner_id = %(owner_id)s, owned_since = %(at)s, version = %(version)s, position = %(position)s
WHERE client_id = %(client_id)s
"""
_ADVANCE = f"""
UPDATE {SCHEMA}.client_card
SET lifecycle = %(state)s, version = %(version)s, position = %(position)s
WHERE client_id = %(client_id)s
"""
_CORRECT = f"""
UPDATE {SCHEMA}.client_card
SET profile = profile || %(fact)s, version = %(version)s, position = %(position)s
WHERE client_id = %(client_id)s
"""


class CardView(PostgresTrackingRecorder):
    """The same table as our client card, with the same indexes, kept by the library's tracking recorder."""

    def __init__(self, datastore: PostgresDatastore, **options: Any) -> None:
        super().__init__(datastore, **options)
        made = client_card.ddl.read_text(encoding="utf-8").replace("{schema}", SCHEMA)
        self._made = made.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS").replace(
            "CREATE INDEX", "CREATE INDEX IF NOT EXISTS"
        )

    def create_table(self) -> None:
        """Make the view's table beside the library's own."""
        super().create_table()
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(self._made.encode())

    def change(self, statement: str, values: Mapping[str, Any], tracking: Tracking) -> None:
        """Change one row and move the position, in one transaction: what the library calls exactly once."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(statement.encode(), {**values, "position": tracking.notification_id}, prepare=True)
            self._insert_tracking(cursor, tracking)

    def pass_by(self, tracking: Tracking) -> None:
        """Remember that an event was seen which changes nothing."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)


def forget_view(url: str) -> None:
    """Empty the view and forget how far it had come, if it was ever made."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('client_card')").fetchone() != (None,):
            connection.execute("TRUNCATE client_card")
            connection.execute("DELETE FROM cardprojection_tracking WHERE application_name = 'StockClients'")


class CardProjection(Projection[CardView]):
    """Keeps the card: one transaction an event, as `ProjectionRunner` has it."""

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Leave alone what is no client's."""

    @process_event.register
    def registered(self, domain_event: StockClient.Registered, tracking: Tracking) -> None:
        keys = [f"{point['kind']}:{point['key']}" for point in domain_event.contact_points]
        points = {
            key: {**point, "source": domain_event.source, "order": order}
            for order, (key, point) in enumerate(zip(keys, domain_event.contact_points, strict=True), start=1)
        }
        values = {
            **_whose(domain_event),
            "kind": domain_event.kind,
            "name": domain_event.name,
            "name_sort": " ".join(words(domain_event.name)),
            "name_terms": indexed(words(domain_event.name)),
            "identity_keys": sorted(keys),
            "contact_points": Jsonb(points),
            "tax_id": domain_event.tax_id,
            "registered_at": domain_event.timestamp,
            "source": domain_event.source,
        }
        self.view.change(_UPSERT, values, tracking)

    @process_event.register
    def claimed(self, domain_event: StockClient.Claimed, tracking: Tracking) -> None:
        self.view.change(_CLAIM, {**_whose(domain_event), "owner_id": UUID(domain_event.owner_id)}, tracking)

    @process_event.register
    def advanced(self, domain_event: StockClient.Advanced, tracking: Tracking) -> None:
        self.view.change(_ADVANCE, {**_whose(domain_event), "state": domain_event.to_state}, tracking)

    @process_event.register
    def corrected(self, domain_event: StockClient.Corrected, tracking: Tracking) -> None:
        fact = {"value": domain_event.value, "source": domain_event.source, "confidence": "stated"}
        self.view.change(_CORRECT, {**_whose(domain_event), "fact": Jsonb({domain_event.field: fact})}, tracking)

    @process_event.register
    def touched(self, _: StockClient.Touched, tracking: Tracking) -> None:
        """Leave the card as it is, and remember how far it has come."""
        self.view.pass_by(tracking)


def _whose(domain_event: Any) -> dict[str, Any]:
    at: datetime = domain_event.timestamp
    return {"client_id": domain_event.originator_id, "version": domain_event.originator_version, "at": at}
