"""The board's columns: the stages of each pipeline, in order."""

from typing import Any

from events.base import Event
from events.pipeline import (
    PipelineDefined,
    PipelineRestored,
    PipelineRetired,
    StageAdded,
    StageRestored,
    StageRetired,
    StageRevised,
)
from events.values import Stage
from projections.sales.pipelines import PipelineRow, pipelines
from tests.examples import CONTRACT, OFFER, ROAD, fact
from tests.story import given, moment, on

DEFINED = fact(PipelineDefined)
RETIRED = fact(StageRetired)
OFFER_ROW = {"name": "Offer", "probability": 20, "is_retired": False, "order": 1}
CONTRACT_ROW = {"name": "Contract", "probability": 70, "is_retired": False, "order": 2}
PAYMENT_ROW = {"name": "Payment", "probability": 90, "is_retired": False}


def stages(*events: Event) -> dict[str, Any]:
    story = given(on(ROAD, *events))
    story.shows_row(pipelines, ROAD, version=len(events))
    found: dict[str, Any] = story.rows(pipelines)[ROAD,].stages
    return found


def order(found: dict[str, Any]) -> list[str]:
    return sorted(found, key=lambda code: int(found[code]["order"]))


def test_a_defined_pipeline_shows_its_stages() -> None:
    given(on(ROAD, DEFINED, RETIRED)).shows(
        pipelines,
        PipelineRow(
            pipeline_id=ROAD,
            name="Retail",
            stages={"offer": {**OFFER_ROW, "is_retired": True}, "contract": CONTRACT_ROW},
            defined_at=moment(1),
            version=2,
        ),
    )


def test_a_stage_is_added_where_it_was_said() -> None:
    added = fact(StageAdded, after="offer")

    assert order(stages(DEFINED, added)) == ["offer", "payment", "contract"]
    assert order(stages(DEFINED, fact(StageAdded, after=None))) == ["payment", "offer", "contract"]
    assert order(stages(DEFINED, fact(StageAdded, after="never-heard-of"))) == ["offer", "contract", "payment"]
    assert stages(DEFINED, added)["payment"] == {**PAYMENT_ROW, "order": 2}


def test_a_stage_added_again_moves_to_its_new_place() -> None:
    again = fact(StageAdded, stage=OFFER, after="contract")

    assert stages(DEFINED, again) == {"contract": {**CONTRACT_ROW, "order": 1}, "offer": {**OFFER_ROW, "order": 2}}


def test_a_revised_stage_keeps_its_place_and_its_retirement() -> None:
    revised = fact(StageRevised, to_stage=Stage(code="offer", name="Bid", probability=30))
    bid = {"name": "Bid", "probability": 30, "is_retired": True, "order": 1}

    assert stages(DEFINED, RETIRED, revised) == {"offer": bid, "contract": CONTRACT_ROW}
    assert stages(DEFINED, revised)["offer"] == {**bid, "is_retired": False}


def test_a_stage_revised_under_another_code_takes_the_place_of_the_old_one() -> None:
    renamed = fact(StageRevised, to_stage=Stage(code="bid", name="Bid", probability=30))
    bid = {"name": "Bid", "probability": 30, "is_retired": False, "order": 1}

    assert stages(DEFINED, renamed) == {"bid": bid, "contract": CONTRACT_ROW}


def test_whatever_is_heard_first_of_a_pipeline_is_kept() -> None:
    assert stages(fact(StageAdded)) == {"payment": {**PAYMENT_ROW, "order": 1}}
    assert stages(fact(StageRevised, from_stage=CONTRACT, to_stage=OFFER)) == {"offer": OFFER_ROW}
    assert stages(RETIRED) == {}
    assert stages(DEFINED, fact(StageRetired, stage="trial")) == stages(DEFINED)


def test_a_restored_stage_is_where_it_was() -> None:
    restored = fact(StageRestored)
    assert stages(DEFINED, RETIRED, restored) == stages(DEFINED)
    assert stages(DEFINED, fact(StageRestored, stage="trial")) == stages(DEFINED)


def test_a_retired_pipeline_says_since_when_until_it_comes_back() -> None:
    retired, restored = PipelineRetired(), PipelineRestored()
    defined = given(on(ROAD, DEFINED)).rows(pipelines)[ROAD,]
    given(on(ROAD, DEFINED, retired)).shows(pipelines, defined._replace(retired_at=moment(2), version=2))
    given(on(ROAD, DEFINED, retired, restored)).shows(pipelines, defined._replace(version=3))
