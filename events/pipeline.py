"""What happens to a pipeline: the configured road of stages that deals take."""

from typing import ClassVar

from events.base import Event
from events.examples import CONTRACT, OFFER, OFFER_REVISED, PAYMENT, ROAD, example
from events.values import Code, OpenShortText, Stage


@example(on=ROAD, name="Retail", stages=(OFFER, CONTRACT))
class PipelineDefined(Event):
    """The company sells along a new road of stages, in this order."""

    TOPIC: ClassVar[str] = "pipeline.defined"

    name: OpenShortText
    stages: tuple[Stage, ...]


@example(on=ROAD, stage=PAYMENT, after="contract")
class StageAdded(Event):
    """A pipeline got one more stage, after another one or at the start."""

    TOPIC: ClassVar[str] = "pipeline.stage_added"

    stage: Stage
    after: Code | None = None


@example(on=ROAD, from_stage=OFFER, to_stage=OFFER_REVISED)
class StageRevised(Event):
    """A stage is named or weighed differently now."""

    TOPIC: ClassVar[str] = "pipeline.stage_revised"

    from_stage: Stage
    to_stage: Stage


@example(on=ROAD, stage="offer")
class StageRetired(Event):
    """No deal enters this stage any more; those in it may leave it."""

    TOPIC: ClassVar[str] = "pipeline.stage_retired"

    stage: Code


@example(on=ROAD, stage="offer")
class StageRestored(Event):
    """Deals enter a stage again that was retired; it is where it was in the order."""

    TOPIC: ClassVar[str] = "pipeline.stage_restored"

    stage: Code


@example(on=ROAD)
class PipelineRetired(Event):
    """No more deals begin on this road; those on it go on."""

    TOPIC: ClassVar[str] = "pipeline.retired"


@example(on=ROAD)
class PipelineRestored(Event):
    """Deals begin again on a road that was retired."""

    TOPIC: ClassVar[str] = "pipeline.restored"
