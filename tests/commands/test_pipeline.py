"""Pipelines: stages are added in their place, revised, and retired but for the last."""

from aggregates.base import AlreadyExistsError
from aggregates.pipeline import LastStageError, Pipeline, PipelineIsRetiredError, StageExistsError, StageIsUnknownError
from commands.deal import MoveDeal, OpenDeal, ReopenDeal
from commands.pipeline import (
    AddStage,
    DefinePipeline,
    RestorePipeline,
    RestoreStage,
    RetirePipeline,
    RetireStage,
    ReviseStage,
)
from events.client import ClientRegistered
from events.deal import DealLost, DealOpened
from events.pipeline import (
    PipelineDefined,
    PipelineRestored,
    PipelineRetired,
    StageAdded,
    StageRestored,
    StageRetired,
    StageRevised,
)
from events.staff import StaffHired
from events.values import Stage
from tests.examples import ANNA, CONTRACT, OFFER, PAYMENT, ROAD, ROMASHKA, SALE, command, fact
from tests.story import given, on

DEFINED = on(ROAD, fact(PipelineDefined))


def test_a_pipeline_is_defined_with_different_stages() -> None:
    given().when(command(DefinePipeline)).then(DEFINED)
    given(DEFINED).when(command(DefinePipeline)).then_refused(AlreadyExistsError, kind="pipeline")
    given().when(command(DefinePipeline, stages=(OFFER, OFFER))).then_refused(StageExistsError, stage="offer")


def test_a_stage_is_added_in_its_place_once() -> None:
    added = on(ROAD, fact(StageAdded))
    given(DEFINED).when(command(AddStage)).then(added)
    given(DEFINED, added).when(command(AddStage)).then_nothing()
    last = given(DEFINED).when(command(AddStage)).stream(Pipeline, ROAD)
    assert last.open_stages == ("offer", "contract", "payment")
    first = given(DEFINED).when(command(AddStage, after=None)).stream(Pipeline, ROAD)
    assert first.open_stages == ("payment", "offer", "contract")
    middle = given(DEFINED).when(command(AddStage, after="offer")).stream(Pipeline, ROAD)
    assert middle.open_stages == ("offer", "payment", "contract")


def test_a_stage_is_not_added_under_a_taken_code_or_after_an_unknown_one() -> None:
    other = Stage(code="contract", name="Another")
    given(DEFINED).when(command(AddStage, stage=other)).then_refused(StageExistsError, stage="contract")
    given(DEFINED).when(command(AddStage, after="payment")).then_refused(StageIsUnknownError, stage="payment")


def test_a_stage_is_revised_once() -> None:
    revised = on(ROAD, fact(StageRevised))
    given(DEFINED).when(command(ReviseStage)).then(revised)
    given(DEFINED, revised).when(command(ReviseStage)).then_nothing()
    given(DEFINED).when(command(ReviseStage, stage=PAYMENT)).then_refused(StageIsUnknownError)


def test_a_stage_is_retired_once_but_never_the_last() -> None:
    retired = on(ROAD, fact(StageRetired))
    given(DEFINED).when(command(RetireStage)).then(retired)
    given(DEFINED, retired).when(command(RetireStage)).then_nothing()
    story = given(DEFINED, retired).when(command(RetireStage, stage=CONTRACT.code))
    story.then_refused(LastStageError, stage="contract")


def test_a_stage_retired_by_mistake_comes_back() -> None:
    retired, restored = on(ROAD, fact(StageRetired)), on(ROAD, fact(StageRestored))
    given(DEFINED, retired).when(command(RestoreStage)).then(restored)
    given(DEFINED).when(command(RestoreStage)).then_nothing()
    given(DEFINED, retired, restored).when(command(RetireStage)).then(retired)
    given(DEFINED).when(command(RestoreStage, stage="trial")).then_refused(StageIsUnknownError, stage="trial")


def test_no_deal_begins_on_a_retired_pipeline_until_it_comes_back() -> None:
    company = (DEFINED, on(ANNA, fact(StaffHired)), on(ROMASHKA, fact(ClientRegistered)))
    retired, restored = on(ROAD, PipelineRetired()), on(ROAD, PipelineRestored())
    given(DEFINED).when(command(RetirePipeline)).then(retired)
    given(DEFINED, retired).when(command(RetirePipeline)).then_nothing()
    given(DEFINED, retired).when(command(RestorePipeline)).then(restored)
    given(DEFINED).when(command(RestorePipeline)).then_nothing()
    begin = command(OpenDeal, product_code=None, seller_id=ANNA)
    given(*company, retired).when(begin).then_refused(PipelineIsRetiredError, pipeline="Retail", pipeline_id=ROAD)
    assert given(*company, retired, restored).when(begin).refusal is None


def test_deals_on_a_retired_pipeline_go_on() -> None:
    company = (DEFINED, on(ANNA, fact(StaffHired)), on(ROMASHKA, fact(ClientRegistered)))
    retired = on(ROAD, PipelineRetired())
    assert given(*company, on(SALE, fact(DealOpened)), retired).when(command(MoveDeal)).refusal is None
    lost = on(SALE, fact(DealOpened), fact(DealLost))
    assert given(*company, lost, retired).when(command(ReopenDeal)).refusal is None
