"""What happens to a pipeline: the configured road of stages that deals take."""

from typing import ClassVar

from events.base import Event
from events.values import Code, ShortText, Stage


class PipelineDefined(Event):
    """The company sells along a new road of stages, in this order."""

    TOPIC: ClassVar[str] = "pipeline.defined"

    name: ShortText
    stages: tuple[Stage, ...]


class StageAdded(Event):
    """A pipeline got one more stage, after another one or at the start."""

    TOPIC: ClassVar[str] = "pipeline.stage_added"

    stage: Stage
    after: Code | None = None


class StageRevised(Event):
    """A stage is named or weighed differently now."""

    TOPIC: ClassVar[str] = "pipeline.stage_revised"

    from_stage: Stage
    to_stage: Stage


class StageRetired(Event):
    """No deal enters this stage any more; those in it may leave it."""

    TOPIC: ClassVar[str] = "pipeline.stage_retired"

    stage: Code
