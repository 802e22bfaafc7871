"""Pipelines and the board as they are asked for over HTTP."""

from events.deal import DealMoved, DealOpened, DealWon
from events.pipeline import PipelineDefined, PipelineRetired, StageAdded, StageRetired
from read_api.deals import Board
from read_api.pipelines import Pipeline
from read_api.reading.answer import Items
from tests.examples import OTHER_ROAD, OTHER_SALE, ROAD, SALE, fact
from tests.read_api.office import Office
from tests.story import given, moment, on

DEFINED = on(ROAD, fact(PipelineDefined), fact(StageAdded, after="offer"), fact(StageRetired, stage="contract"))
STAGES = [
    {"code": "offer", "name": "Offer", "probability": 20, "is_retired": False},
    {"code": "payment", "name": "Payment", "probability": 90, "is_retired": False},
    {"code": "contract", "name": "Contract", "probability": 70, "is_retired": True},
]


def test_a_pipeline_shows_its_stages_in_order_the_retired_one_too(desk: Office) -> None:
    told = given(DEFINED).at(desk).asks("/pipelines", "admin")

    told.answers(
        {
            "items": [
                {
                    "pipeline_id": ROAD,
                    "name": "Retail",
                    "stages": STAGES,
                    "defined_at": moment(1),
                    "version": 3,
                    "position": 3,
                }
            ]
        }
    )
    Items[Pipeline].model_validate(told.response.json())


def test_the_board_counts_what_stands_where_and_what_was_won(desk: Office) -> None:
    standing = on(SALE, fact(DealOpened), fact(DealMoved, to_stage="payment"))
    won = on(OTHER_SALE, fact(DealOpened), fact(DealWon))
    visit = given(DEFINED, standing, won).at(desk)

    told = visit.asks("/pipeline", "admin")

    told.answers(
        {
            "stages": [
                {"code": "offer", "count": 0, "sums": []},
                {"code": "payment", "count": 1, "sums": [{"currency": "USD", "amount": "4821.00"}]},
                {"code": "contract", "count": 0},
            ],
            "won": {"count": 1, "sums": [{"currency": "USD", "amount": "4500.00"}]},
            "lost": {"count": 0, "sums": []},
            "items": [{"deal_id": SALE}],
        }
    )
    Board.model_validate(told.response.json())
    visit.asks(f"/pipeline?pipeline={OTHER_ROAD}", "admin").refuses(404, "not-found")


def test_the_board_is_of_a_pipeline_in_use_unless_another_is_named(desk: Office) -> None:
    visit = given(on(ROAD, fact(PipelineDefined), PipelineRetired()), on(OTHER_ROAD, fact(PipelineDefined))).at(desk)
    visit.asks("/pipeline", "admin").answers({"pipeline_id": OTHER_ROAD})
    visit.asks(f"/pipeline?pipeline={ROAD}", "admin").answers({"pipeline_id": ROAD})
    given(on(ROAD, fact(PipelineDefined), PipelineRetired())).at(desk).asks("/pipeline", "admin").answers(
        {"pipeline_id": ROAD}
    )


def test_pipelines_are_not_for_partners(desk: Office) -> None:
    given(DEFINED).at(desk).asks("/pipelines", "partner").refuses(403, "not-allowed")
