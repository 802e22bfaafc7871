"""Readers outside get every fact once, in order, whatever is written meanwhile and whatever they leave out."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infra.log.append import append
from infra.log.envelope import RecordedEvent
from infra.log.mapper import Told
from replay.past import feed
from replay.past.feed import FedPage, feed_page
from tests.database import Database
from tests.infra.log.decided import decided

WRITERS, BATCHES = 4, 40


def as_stored(fact: RecordedEvent, with_personal: bool) -> Told:
    return Told(fact.body, fact.envelope.schema_version, "open" if with_personal else None)


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.projector_url, autocommit=True) as opened:
        yield opened


def page(connection: psycopg.Connection[Any], after: int, limit: int = 3, topics: list[str] | None = None) -> FedPage:
    return feed_page(connection, as_stored, after=after, limit=limit, topics=topics)


def write(url: str, count: int) -> None:
    with psycopg.connect(url, autocommit=True) as writer:
        for _ in range(count):
            append(writer, [decided(uuid4(), count=3), decided(uuid4(), count=2)])


def rename(database: Database, position: int, topic: str) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
        owner.execute("UPDATE letopis.event SET topic = %s WHERE position = %s", [topic, position])


def test_pages_go_on_where_the_one_before_ended(database: Database, connection: psycopg.Connection[Any]) -> None:
    assert page(connection, 0) == FedPage([], 0, 0)
    write(database.writer_url, 1)
    first = page(connection, 0)
    assert ([fact.position for fact in first.facts], first.examined, first.head) == ([1, 2, 3], 3, 5)
    last = page(connection, first.examined)
    assert ([fact.position for fact in last.facts], last.examined, last.head) == ([4, 5], 5, 5)
    assert page(connection, 5) == FedPage([], 5, 5)


def test_whoever_wants_one_topic_learns_how_far_was_examined(
    database: Database, connection: psycopg.Connection[Any]
) -> None:
    write(database.writer_url, 2)
    rename(database, 4, "thing.lost")
    found = page(connection, 0, topics=["thing.lost"])
    assert ([fact.position for fact in found.facts], found.examined, found.head) == ([4], 10, 10)
    assert page(connection, 4, topics=["thing.lost"]) == FedPage([], 10, 10)


def test_a_rare_topic_is_searched_for_a_bounded_way_at_a_time(
    database: Database, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "SPAN", 4)
    write(database.writer_url, 2)
    rename(database, 9, "thing.lost")
    ends, after = [], 0
    while after < 10:
        found = page(connection, after, topics=["thing.lost"])
        after = found.examined
        ends.append((after, [fact.position for fact in found.facts]))
    assert ends == [(4, []), (8, []), (10, [9])]


def test_a_reader_sees_every_fact_once_and_in_order_while_several_write(
    database: Database, connection: psycopg.Connection[Any]
) -> None:
    seen: list[int] = []
    overtaken = 0
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, database.writer_url, BATCHES) for _ in range(WRITERS)]
        while True:
            is_over = all(writer.done() for writer in writers)
            found = page(connection, seen[-1] if seen else 0, limit=7)
            seen.extend(fact.position for fact in found.facts)
            overtaken += not is_over and found.examined == found.head
            if is_over and found.examined == found.head:
                break
    assert seen == list(range(1, WRITERS * BATCHES * 5 + 1))
    assert overtaken, "the reader never came to the end while others wrote: nothing was raced"
