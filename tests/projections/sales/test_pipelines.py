"""The board's columns: the stages of each pipeline, in order."""

from typing import Any
from uuid import UUID

from events.base import Event
from events.pipeline import PipelineDefined, StageAdded, StageRetired, StageRevised
from events.values import Stage
from projections.sales.pipelines import PipelineRow, pipelines
from tests.projections.facts import FIRST_STAGES, PIPELINE, at, fact, folded

DEFINED = PipelineDefined(name="Retail", stages=FIRST_STAGES)
TRIAL = Stage(code="trial", name="Trial", probability=50)
OTHER = UUID(int=0xB9)


def stages(*events: Event) -> dict[str, Any]:
    row = folded(pipelines, *(fact(event, PIPELINE, position) for position, event in enumerate(events, 1)))[PIPELINE,]
    assert isinstance(row, PipelineRow)
    return row.stages


def order(found: dict[str, Any]) -> list[str]:
    return sorted(found, key=lambda code: int(found[code]["order"]))


def test_a_defined_pipeline_shows_its_stages_and_the_neighbour_is_unchanged() -> None:
    neighbour = fact(DEFINED, OTHER, 1)

    rows = folded(pipelines, neighbour, fact(DEFINED, PIPELINE, 2), fact(StageRetired(stage="offer"), PIPELINE, 3))

    assert rows[OTHER,] == folded(pipelines, neighbour)[OTHER,]
    assert rows[PIPELINE,] == PipelineRow(
        pipeline_id=PIPELINE,
        name="Retail",
        stages={
            "offer": {"name": "Offer", "probability": 20, "is_retired": True, "order": 1},
            "contract": {"name": "Contract", "probability": 0, "is_retired": False, "order": 2},
        },
        defined_at=at(2),
        version=3,
    )


def test_a_stage_is_added_where_it_was_said() -> None:
    assert order(stages(DEFINED, StageAdded(stage=TRIAL, after="offer"))) == ["offer", "trial", "contract"]
    assert order(stages(DEFINED, StageAdded(stage=TRIAL))) == ["trial", "offer", "contract"]
    assert order(stages(DEFINED, StageAdded(stage=TRIAL, after="never-heard-of"))) == ["offer", "contract", "trial"]


def test_a_revised_stage_keeps_its_place_and_its_retirement() -> None:
    revised = StageRevised(from_stage=FIRST_STAGES[0], to_stage=Stage(code="offer", name="Bid", probability=30))

    assert stages(DEFINED, StageRetired(stage="offer"), revised)["offer"] == {
        "name": "Bid",
        "probability": 30,
        "is_retired": True,
        "order": 1,
    }


def test_retiring_a_stage_never_heard_of_changes_no_stage() -> None:
    assert stages(DEFINED, StageRetired(stage="trial")) == stages(DEFINED)
