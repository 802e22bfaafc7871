"""The deal's own rules: what is said of it is recorded as it was said."""

from aggregates.deal import Deal
from aggregates.pipeline import Pipeline
from events.deal import DealMoved, DealOpened
from events.pipeline import PipelineDefined
from tests.examples import ANNA, ROAD, SALE, fact
from tests.story import given, on

ROAD_NOW = given(on(ROAD, fact(PipelineDefined))).stream(Pipeline, ROAD)


def test_a_deal_is_opened_with_its_title() -> None:
    opened = DealOpened(seller_id=ANNA, pipeline_id=ROAD, stage="offer", title="Scales")

    given().when_asked(Deal, SALE, lambda deal: deal.open(seller_id=ANNA, pipeline=ROAD_NOW, title="Scales")).then(
        on(SALE, opened)
    )


def test_a_deal_is_moved_for_a_reason() -> None:
    given(on(SALE, fact(DealOpened))).when_asked(
        Deal, SALE, lambda deal: deal.move_to("contract", ROAD_NOW, reason="they signed")
    ).then(on(SALE, fact(DealMoved, reason="they signed")))
