"""The road deals take: its stages in order, which may be added, revised and retired, never removed."""

from aggregates.base import Aggregate, RuleBrokenError, applies
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


class StageIsUnknownError(RuleBrokenError):
    """The pipeline has no such stage; facts: pipeline, stage, stages (the codes a deal may enter)."""

    code = "stage-is-unknown"


class StageIsRetiredError(RuleBrokenError):
    """No deal enters this stage any more; facts: pipeline, stage, stages (the codes a deal may enter)."""

    code = "stage-is-retired"


class PipelineIsRetiredError(RuleBrokenError):
    """No deal begins on this road any more; facts: pipeline, pipeline_id."""

    code = "pipeline-is-retired"


class StageExistsError(RuleBrokenError):
    """The pipeline has such a stage already; facts: pipeline, stage."""

    code = "stage-exists"


class LastStageError(RuleBrokenError):
    """A pipeline keeps at least one stage; facts: pipeline, stage."""

    code = "last-stage"


class Pipeline(Aggregate):
    """One configured road of stages."""

    KIND = "pipeline"

    name: str
    stages: dict[str, Stage]
    retired: set[str]
    is_retired: bool

    def start(self) -> None:
        self.name = ""
        self.stages = {}
        self.retired = set()
        self.is_retired = False

    @property
    def open_stages(self) -> tuple[str, ...]:
        """The codes of the stages a deal may enter, in order."""
        return tuple(code for code in self.stages if code not in self.retired)

    @property
    def first_stage(self) -> str:
        """Where a deal begins when nobody says otherwise."""
        return self.open_stages[0]

    def check_in_use(self) -> None:
        """Raise PipelineIsRetiredError when no deal begins on this road any more."""
        if self.is_retired:
            raise PipelineIsRetiredError(pipeline=self.name, pipeline_id=self.id)

    def check_enterable(self, stage: str) -> None:
        """Raise unless the stage belongs to this pipeline and is in use."""
        self._check_known(stage)
        if stage in self.retired:
            raise StageIsRetiredError(pipeline=self.name, stage=stage, stages=self.open_stages)

    def _check_known(self, stage: str) -> None:
        if stage not in self.stages:
            raise StageIsUnknownError(pipeline=self.name, stage=stage, stages=self.open_stages)

    def define(self, *, name: str, stages: tuple[Stage, ...]) -> None:
        """Record a new road; its stages have different codes."""
        codes: set[str] = set()
        for stage in stages:
            if stage.code in codes:
                raise StageExistsError(pipeline=name, stage=stage.code)
            codes.add(stage.code)
        self.trigger_event(PipelineDefined, name=name, stages=stages)

    def add_stage(self, stage: Stage, *, after: str | None = None) -> None:
        """Record one more stage; the same stage again records nothing."""
        if self.stages.get(stage.code) == stage and stage.code not in self.retired:
            return
        if stage.code in self.stages:
            raise StageExistsError(pipeline=self.name, stage=stage.code)
        if after is not None:
            self._check_known(after)
        self.trigger_event(StageAdded, stage=stage, after=after)

    def revise_stage(self, stage: Stage) -> None:
        """Record another name or weight of a stage; nothing changed records nothing."""
        self._check_known(stage.code)
        if self.stages[stage.code] == stage:
            return
        self.trigger_event(StageRevised, from_stage=self.stages[stage.code], to_stage=stage)

    def retire_stage(self, stage: str) -> None:
        """Record that no deal enters the stage any more; a retired one records nothing."""
        self._check_known(stage)
        if stage in self.retired:
            return
        if self.open_stages == (stage,):
            raise LastStageError(pipeline=self.name, stage=stage)
        self.trigger_event(StageRetired, stage=stage)

    def restore_stage(self, stage: str) -> None:
        """Record that deals enter the stage again; one that they enter records nothing."""
        self._check_known(stage)
        if stage not in self.retired:
            return
        self.trigger_event(StageRestored, stage=stage)

    def retire(self) -> None:
        """Record that no deal begins on this road any more; a retired one records nothing."""
        if not self.is_retired:
            self.trigger_event(PipelineRetired)

    def restore(self) -> None:
        """Record that deals begin on this road again; one that is in use records nothing."""
        if self.is_retired:
            self.trigger_event(PipelineRestored)

    @applies(PipelineDefined)
    def _defined(self, event: PipelineDefined) -> None:
        self.name = event.name
        self.stages = {stage.code: stage for stage in event.stages}

    @applies(StageAdded)
    def _stage_added(self, event: StageAdded) -> None:
        stages = list(self.stages.values())
        place = 0 if event.after is None else 1 + list(self.stages).index(event.after)
        stages.insert(place, event.stage)
        self.stages = {stage.code: stage for stage in stages}

    @applies(StageRevised)
    def _stage_revised(self, event: StageRevised) -> None:
        self.stages[event.to_stage.code] = event.to_stage

    @applies(StageRetired)
    def _stage_retired(self, event: StageRetired) -> None:
        self.retired.add(event.stage)

    @applies(StageRestored)
    def _stage_restored(self, event: StageRestored) -> None:
        self.retired.discard(event.stage)

    @applies(PipelineRetired)
    def _retired_whole(self, _: PipelineRetired) -> None:
        self.is_retired = True

    @applies(PipelineRestored)
    def _restored_whole(self, _: PipelineRestored) -> None:
        self.is_retired = False
