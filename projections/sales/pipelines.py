"""One row is one pipeline: its stages in order, so that a board has its columns even where no deal stands.

Read by GET /pipelines and GET /pipeline.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

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
from infra.projector.projection import Key, Projection
from projections.change import changed


class PipelineRow(NamedTuple):
    """The pipeline; `stages` is {code: {name, probability, order, is_retired}}, orders counted from 1.

    One that was retired as a whole has `retired_at`, until it is restored.
    """

    pipeline_id: UUID
    name: str | None = None
    stages: dict[str, Any] = {}  # noqa: RUF012
    defined_at: datetime | None = None
    retired_at: datetime | None = None
    version: int = 0


pipelines = Projection(
    name="pipelines",
    row=PipelineRow,
    key=("pipeline_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
    shape=2,
)

Row = PipelineRow | None


def _pipeline(row: Row, event: Any) -> PipelineRow:
    """Return the pipeline the event changes, as it was before."""
    return row or PipelineRow(event.stream_id)


def _step(stage: Stage, *, is_retired: bool = False) -> dict[str, Any]:
    return {"name": stage.name, "probability": stage.probability, "is_retired": is_retired}


def _codes(row: PipelineRow) -> list[str]:
    return sorted(row.stages, key=lambda code: int(row.stages[code]["order"]))


def _in_order(codes: list[str], steps: dict[str, Any]) -> dict[str, Any]:
    return {code: {**steps[code], "order": order} for order, code in enumerate(codes, start=1)}


@pipelines.on(PipelineDefined)
def defined(row: Row, event: PipelineDefined, _: Key) -> PipelineRow:
    stages = _in_order([stage.code for stage in event.stages], {stage.code: _step(stage) for stage in event.stages})
    return changed(
        _pipeline(row, event),
        version=event.originator_version,
        name=event.name,
        stages=stages,
        defined_at=event.occurred_at,
    )


@pipelines.on(StageAdded)
def stage_added(row: Row, event: StageAdded, _: Key) -> PipelineRow:
    """Put the stage after the one named, or first; after one never heard of it comes last."""
    pipeline = _pipeline(row, event)
    codes = [code for code in _codes(pipeline) if code != event.stage.code]
    place = 0 if event.after is None else len(codes)
    if event.after in codes:
        place = codes.index(event.after) + 1
    codes.insert(place, event.stage.code)
    return changed(
        pipeline,
        version=event.originator_version,
        stages=_in_order(codes, {**pipeline.stages, event.stage.code: _step(event.stage)}),
    )


@pipelines.on(StageRevised)
def stage_revised(row: Row, event: StageRevised, _: Key) -> PipelineRow:
    pipeline = _pipeline(row, event)
    old, new = event.from_stage.code, event.to_stage.code
    codes = [new if code == old else code for code in _codes(pipeline)]
    if new not in codes:
        codes.append(new)
    is_retired = bool(pipeline.stages.get(old, {}).get("is_retired", False))
    revised = _step(event.to_stage, is_retired=is_retired)
    return changed(
        pipeline, version=event.originator_version, stages=_in_order(codes, {**pipeline.stages, new: revised})
    )


@pipelines.on(StageRetired)
def stage_retired(row: Row, event: StageRetired, _: Key) -> PipelineRow:
    return _marked(row, event, is_retired=True)


@pipelines.on(StageRestored)
def stage_restored(row: Row, event: StageRestored, _: Key) -> PipelineRow:
    return _marked(row, event, is_retired=False)


def _marked(row: Row, event: StageRetired | StageRestored, *, is_retired: bool) -> PipelineRow:
    pipeline = _pipeline(row, event)
    if event.stage not in pipeline.stages:
        return changed(pipeline, version=event.originator_version)
    marked = {**pipeline.stages[event.stage], "is_retired": is_retired}
    return changed(pipeline, version=event.originator_version, stages={**pipeline.stages, event.stage: marked})


@pipelines.on(PipelineRetired)
def retired(row: Row, event: PipelineRetired, _: Key) -> PipelineRow:
    return changed(_pipeline(row, event), version=event.originator_version, retired_at=event.occurred_at)


@pipelines.on(PipelineRestored)
def restored(row: Row, event: PipelineRestored, _: Key) -> PipelineRow:
    return changed(_pipeline(row, event), version=event.originator_version, retired_at=None)
