"""What is asked about pipelines: to define the road of deals and to change its stages."""

from typing import Annotated

from pydantic import Field

from aggregates.pipeline import Pipeline
from commands.base import Command, Context, Outcome, handles
from commands.roles import HEADING
from events.examples import CONTRACT, OFFER, OFFER_REVISED, PAYMENT, ROAD, example
from events.ids import PipelineId
from events.values import Code, ShortText, Stage


@example(pipeline_id=ROAD, name="Retail", stages=(OFFER, CONTRACT))
class DefinePipeline(Command):
    """Define a road of stages that deals take, in this order."""

    ROLES, EDITS = HEADING, None

    pipeline_id: PipelineId | None = None
    name: ShortText
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=50)]


@example(pipeline_id=ROAD, stage=PAYMENT, after="contract")
class AddStage(Command):
    """Add a stage to a pipeline, after another one or at the start."""

    ROLES, EDITS = HEADING, None

    pipeline_id: PipelineId
    stage: Stage
    after: Code | None = None


@example(pipeline_id=ROAD, stage=OFFER_REVISED)
class ReviseStage(Command):
    """Name or weigh a stage differently."""

    ROLES, EDITS = HEADING, None

    pipeline_id: PipelineId
    stage: Stage


@example(pipeline_id=ROAD, stage="offer")
class RetireStage(Command):
    """Let no more deals enter a stage."""

    ROLES, EDITS = HEADING, None

    pipeline_id: PipelineId
    stage: Code


@example(pipeline_id=ROAD, stage="offer")
class RestoreStage(Command):
    """Let deals enter a stage again that was retired."""

    ROLES, EDITS = HEADING, None

    pipeline_id: PipelineId
    stage: Code


@example(pipeline_id=ROAD)
class RetirePipeline(Command):
    """Let no more deals begin on a road; those on it go on, and may be reopened."""

    ROLES, EDITS = HEADING, None

    pipeline_id: PipelineId


@example(pipeline_id=ROAD)
class RestorePipeline(Command):
    """Let deals begin again on a road that was retired."""

    ROLES, EDITS = HEADING, None

    pipeline_id: PipelineId


@handles(DefinePipeline)
def define_pipeline(command: DefinePipeline, context: Context) -> Outcome:
    pipeline = context.new(Pipeline, command.pipeline_id)
    pipeline.define(name=command.name, stages=command.stages)
    return context.save(pipeline)


@handles(AddStage)
def add_stage(command: AddStage, context: Context) -> Outcome:
    pipeline = context.load(Pipeline, command.pipeline_id)
    pipeline.add_stage(command.stage, after=command.after)
    return context.save(pipeline)


@handles(ReviseStage)
def revise_stage(command: ReviseStage, context: Context) -> Outcome:
    pipeline = context.load(Pipeline, command.pipeline_id)
    pipeline.revise_stage(command.stage)
    return context.save(pipeline)


@handles(RetireStage)
def retire_stage(command: RetireStage, context: Context) -> Outcome:
    pipeline = context.load(Pipeline, command.pipeline_id)
    pipeline.retire_stage(command.stage)
    return context.save(pipeline)


@handles(RestoreStage)
def restore_stage(command: RestoreStage, context: Context) -> Outcome:
    pipeline = context.load(Pipeline, command.pipeline_id)
    pipeline.restore_stage(command.stage)
    return context.save(pipeline)


@handles(RetirePipeline)
def retire_pipeline(command: RetirePipeline, context: Context) -> Outcome:
    pipeline = context.load(Pipeline, command.pipeline_id)
    pipeline.retire()
    return context.save(pipeline)


@handles(RestorePipeline)
def restore_pipeline(command: RestorePipeline, context: Context) -> Outcome:
    pipeline = context.load(Pipeline, command.pipeline_id)
    pipeline.restore()
    return context.save(pipeline)
