"""What the demo company agreed: what is to be reached in this quarter, and what its products cost this year."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from commands.base import Actor, Command
from commands.plan import AcceptPlan, AgreePlan, GivenTarget
from commands.price_book import OpenPriceBook, PublishPriceBook
from commands.price_ladder import ListPrices, PriceGiven, TierGiven
from events.ids import plan_of
from events.plan import Metric
from events.price_book import TaxMode
from events.values import Money


def _rubles(amount: int) -> Money:
    return Money(amount=Decimal(amount), currency="RUB")


def plans(today: date, head: Actor, seller: Actor) -> list[tuple[Actor, Command]]:
    """Agree what a seller and the company are to reach in the quarter of this day; the seller agrees to theirs."""
    begins = date(today.year, today.month - (today.month - 1) % 3, 1)
    ends = (begins + timedelta(days=31 * 3)).replace(day=1) - timedelta(days=1)
    whose = UUID(seller.id)

    def won(deals: int, rubles: int) -> tuple[GivenTarget, GivenTarget]:
        worth = GivenTarget(metric=Metric.SUM_WON, amount=_rubles(rubles))
        return GivenTarget(metric=Metric.DEALS_WON, count=deals), worth

    of_seller = (*won(5, 1_000_000), GivenTarget(metric=Metric.MEETINGS, count=12))
    return [
        (head, AgreePlan(staff_id=whose, begins_on=begins, ends_on=ends, targets=of_seller)),
        (head, AgreePlan(begins_on=begins, ends_on=ends, targets=won(20, 4_000_000))),
        (seller, AcceptPlan(plan_id=plan_of(whose, begins, ends))),
    ]


def prices(today: date, clerk: Actor, book_id: UUID) -> list[tuple[Actor, Command]]:
    """Publish what the products cost since the beginning of the year; of ten scales each costs less."""
    new_year = date(today.year, 1, 1)

    def cost(code: str, *tiers: TierGiven) -> PriceGiven:
        return PriceGiven(product_code=code, from_day=new_year, tiers=tiers)

    scales = (TierGiven(price=_rubles(480_000)), TierGiven(from_quantity=Decimal(10), price=_rubles(450_000)))
    listed = (cost("scales", *scales), cost("service", TierGiven(price=_rubles(12_500))))
    return [
        (clerk, OpenPriceBook(book_id=book_id, name="Розница", currency="RUB", tax_mode=TaxMode.INCLUDED)),
        (clerk, ListPrices(book_id=book_id, prices=listed)),
        (clerk, PublishPriceBook(book_id=book_id, edition=1, takes_effect_on=new_year, name=str(today.year))),
    ]
