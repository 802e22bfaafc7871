"""A company lived through command by command, with every read model following it, and the naive truth of its log."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from app.composition.decoding import decoder_at
from app.composition.wiring import ANALYTICS_FILE, batch_runner
from commands.execution.batch import BatchRunner
from infra.analytics.duck import AnalyticsNode
from infra.postgres.connection import OwnConnection
from infra.projector.advance import Leased, advance, lease, reader_for
from infra.projector.generations import connect, in_use
from infra.projector.projection import Projection
from infra.projector.projector import build
from infra.projector.tables import view_of
from projections.analytics import ANALYTICS
from projections.registry import PROJECTIONS
from read_api import views
from tests.database import MASTER, Database

Tally = dict[tuple[Any, ...], Decimal]
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Company:
    """One database with its write side, its read models and its analytics, all driven by hand."""

    database: Database
    runner: BatchRunner
    analytics: AnalyticsNode
    projector: psycopg.Connection[Any]
    held: Sequence[Leased]
    decode: Callable[[Any], Any]

    def follow(self, limit: int) -> int:
        """Let every read model and the analytics see at most so many more facts; return how many there were."""
        examined = advance(self.projector, self.held, reader_for(self.held), self.decode, limit)
        return max(examined, self.analytics.follow_once(limit))

    def catch_up(self) -> None:
        """Let them see every fact there is."""
        while self.follow(5_000):
            pass

    def rows(self) -> Rows:
        """Return every row that readers see, view by view and table by table, in an order of its own."""
        views = {one.name: f"read.{view_of(one)}" for one in PROJECTIONS}
        found: Rows = {}
        with psycopg.connect(self.database.reader_url) as reader:
            for name, view in views.items():
                found[name] = sorted(reader.execute(f"SELECT * FROM {view}".encode()).fetchall(), key=repr)
        with self.analytics._reading() as file, file.cursor() as cursor:
            for table in ANALYTICS.tables:
                rows = cursor.execute(f"SELECT * FROM {table.name}").fetchall()
                found[f"analytics {table.name}"] = sorted(rows, key=repr)
        return found

    def reports(self) -> dict[str, list[dict[str, Any]]]:
        """Return the answers of every report that needs no parameter."""
        return {one.name: self.analytics.query(one.name).to_pylist() for one in self.analytics.reports}


@contextmanager
def company(database: Database, folder: Path) -> Iterator[Company]:
    """Lend a company whose read models have been built over an empty log."""
    decode = decoder_at(database.projector_url, MASTER)
    for one in PROJECTIONS:
        build(one, decode, database.projector_url)
    borrow = OwnConnection(database.writer_url)
    analytics = AnalyticsNode(folder / ANALYTICS_FILE, database.projector_url, ANALYTICS)
    try:
        with connect(database.projector_url) as projector:
            held = [
                lease(projector, one, generation) for one in PROJECTIONS if (generation := in_use(projector, one.name))
            ]
            assert len(held) == len(PROJECTIONS)
            yield Company(database, batch_runner(MASTER, borrow), analytics, projector, held, decode)
    finally:
        analytics.stop()
        borrow.close()


def _held(projector: psycopg.Connection[Any], projection: Projection[Any]) -> Leased:
    generation = in_use(projector, projection.name)
    assert generation is not None
    return lease(projector, projection, generation)


def raw(database: Database, pattern: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (stream, topic, body as stored) of the facts whose topic is like this, in order; no fold, no decoder."""
    with psycopg.connect(database.projector_url) as connection:
        return connection.execute(
            "SELECT stream_id::text, topic, body FROM letopis.event WHERE topic LIKE %s ORDER BY position", [pattern]
        ).fetchall()


def _note_deal(deal: dict[str, Any], topic: str, body: dict[str, Any]) -> None:
    """Write a fact down on the clerk's card of a deal."""
    if topic == "deal.opened":
        deal |= {"road": body["pipeline_id"], "stage": body["stage"], "status": "open", "worth": body.get("amount")}
    elif topic == "deal.moved":
        deal["stage"] = body["to_stage"]
    elif topic == "deal.reopened":
        deal |= {"stage": body["to_stage"], "status": "open", "won": None}
    elif topic == "deal.revalued":
        deal["worth"] = body.get("to_amount")
    elif topic == "deal.won":
        deal |= {"status": "won", "won": body["amount"], "worth": body["amount"]}
    elif topic == "deal.lost":
        deal["status"] = "lost"


def board_by_hand(database: Database) -> Tally:
    """Return counts and sums of deals by pipeline, stage, status and currency, as a clerk would tally the log."""
    deals: dict[str, dict[str, Any]] = {}
    for stream, topic, body in raw(database, "deal.%"):
        if topic == "deal.entry_reverted":
            del deals[stream]
        else:
            _note_deal(deals.setdefault(stream, {}), topic, body)
    tally: Tally = defaultdict(Decimal)
    for deal in deals.values():
        place = (deal["road"], deal["stage"], deal["status"])
        tally[*place, "deals"] += 1
        for name in ("worth", "won"):
            money = deal.get(name)
            if money is not None:
                tally[*place, name, money["currency"]] += Decimal(money["amount"])
    return tally


def board_of_readers(database: Database) -> Tally:
    """Return the same counts and sums as readers of the board see them."""
    tally: Tally = defaultdict(Decimal)
    with psycopg.connect(database.reader_url) as reader:
        for road, stage, status, worth, currency, won, won_currency in reader.execute(
            f"SELECT pipeline_id::text, stage, status, amount, currency, won_amount, won_currency"
            f" FROM read.{views.PIPELINE_BOARD}".encode()
        ):
            tally[road, stage, status, "deals"] += 1
            if worth is not None:
                tally[road, stage, status, "worth", currency] += worth
            if won is not None:
                tally[road, stage, status, "won", won_currency] += won
    return tally


def owners_by_hand(database: Database) -> tuple[dict[str, str | None], int]:
    """Return every client's owner, and how many changes of owner there were, as a clerk would note them."""
    owners: dict[str, str | None] = {}
    changes = 0
    for stream, topic, body in raw(database, "client.%"):
        if topic == "client.registered":
            owners.setdefault(stream, None)
        elif topic == "client.entry_reverted":
            del owners[stream]
        elif topic in {"client.claimed", "client.transferred", "client.released"}:
            assert topic == "client.claimed" or owners[stream] == body["from_owner_id"]
            assert topic != "client.claimed" or owners[stream] is None
            owners[stream] = body.get("to_owner_id") or body.get("owner_id")
            changes += 1
        elif topic in {"client.merged", "client.unmerged"} and body.get("from_owner_id") != body.get("to_owner_id"):
            assert owners[stream] == body.get("from_owner_id")
            owners[stream] = body.get("to_owner_id")
            changes += 1
    return owners, changes


def owners_of_readers(database: Database) -> tuple[dict[str, str | None], int]:
    """Return the same as readers of the cards and of the ownership history see it."""
    with psycopg.connect(database.reader_url) as reader:
        cards = f"SELECT client_id::text, owner_id::text FROM read.{views.CLIENT_CARD}"
        owners = reader.execute(cards.encode()).fetchall()
        owned = f"SELECT client_id::text, to_owner_id::text FROM read.{views.OWNERSHIP_HISTORY} WHERE until IS NULL"
        last = reader.execute(owned.encode()).fetchall()
        changes = reader.execute(f"SELECT count(*) FROM read.{views.OWNERSHIP_HISTORY}".encode()).fetchone()
    assert dict(owners) | dict(last) == dict(owners), "the card and the history name different owners"
    assert changes is not None
    return dict(owners), changes[0]
