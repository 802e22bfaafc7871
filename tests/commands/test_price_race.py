"""Prices are listed while their book is published, by several processes: each is in exactly one edition."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import cast

from commands.base import Command
from commands.execution.batch import BatchRunner
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.price_book import OpenPriceBook, PublishPriceBook
from commands.price_ladder import ListPrice, TierGiven
from commands.product import ListProduct
from events.examples import RETAIL
from events.values import Money
from tests.commands.importing.imports import Desk, desk_at
from tests.database import MASTER, Database
from tests.examples import GTX, command
from tests.system.histories import ADMIN

PRICES, EDITIONS, CALLERS = 200, 20, 4


def ask(desk: Desk, commands: Iterable[Command]) -> None:
    """Ask for one after the other, as a process of its own."""
    runner = cast(BatchRunner, desk.door().runner)
    for asked in commands:
        (answer,) = runner.run([Request.of(asked, ADMIN, MASTER.keyed_hash)])
        assert isinstance(answer, Accepted), answer


def listed(amount: int) -> ListPrice:
    price = Money(amount=Decimal(amount), currency="USD")
    return ListPrice(book_id=RETAIL, product_code=GTX, from_day=date(2026, 1, 1), tiers=(TierGiven(price=price),))


def test_every_price_is_in_exactly_one_edition_however_publishing_races(database: Database) -> None:
    desk = desk_at(database)
    ask(desk, [command(OpenPriceBook), command(ListProduct)])
    work: list[list[Command]] = [[listed(1 + n) for n in range(first, PRICES, CALLERS)] for first in range(CALLERS)]
    work.append([command(PublishPriceBook, edition=edition) for edition in range(1, EDITIONS + 1)])
    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(ask, desk_at(database), commands) for commands in work]:
            done.result()
    facts = desk.rows("SELECT topic, body::jsonb FROM letopis.event WHERE topic LIKE 'price%%' ORDER BY position")
    published, editions = 0, []
    for topic, body in facts:
        if topic == "price_book.published":
            published += 1
            assert body["edition"] == published
        elif topic == "price_ladder.listed":
            editions.append(body["edition"])
            assert body["edition"] == published + 1
    assert (published, len(editions)) == (EDITIONS, PRICES)
    assert len(set(editions)) > 1, "nothing raced"
