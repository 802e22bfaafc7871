"""What can be asked for at all, by whom, and what of it is withdrawn: the small catalogues of the company."""

import pytest
from pydantic import TypeAdapter

from aggregates.base import AlreadyExistsError, NotFoundError
from aggregates.client import Client
from aggregates.deal import Deal
from aggregates.pipeline import LastStageError, Pipeline, StageExistsError, StageIsUnknownError
from aggregates.product import ProductIsWithdrawnError, product_id
from aggregates.staff import StaffMember
from commands.base import Command, stream_fields
from commands.deal import OpenDeal
from commands.pipeline import AddStage, DefinePipeline, RetireStage, ReviseStage
from commands.product import AddProductAlias, ListProduct, RenameProduct, WithdrawProduct
from commands.registry import COMMANDS
from events.pipeline import PipelineDefined, StageAdded, StageRetired, StageRevised
from events.product import ProductAliasAdded, ProductListed, ProductRenamed, ProductWithdrawn
from events.values import Stage
from tests.examples import CONTRACT, GTX, OFFER, PAYMENT, ROAD, command, fact
from tests.story import given, on

LISTED = on(product_id(GTX), fact(ProductListed))
DEFINED = on(ROAD, fact(PipelineDefined))
READING_ROLES = {"analyst", "auditor"}


def test_every_command_has_a_schema_for_the_documentation() -> None:
    for name, command_type in COMMANDS.items():
        schema = TypeAdapter(command_type).json_schema()
        assert schema["additionalProperties"] is False, name


def test_who_only_reads_asks_for_nothing() -> None:
    assert [name for name, each in COMMANDS.items() if each.ROLES & READING_ROLES] == []


def test_an_operator_edits_personal_data_and_a_manager_edits_events() -> None:
    assert "operator" in COMMANDS["rename-client"].ROLES
    assert "seller" not in COMMANDS["rename-client"].ROLES
    assert "seller" in COMMANDS["move-deal"].ROLES
    assert "operator" not in COMMANDS["move-deal"].ROLES


def test_a_command_says_which_streams_it_names() -> None:
    assert stream_fields(OpenDeal) == (
        ("deal_id", Deal),
        ("client_id", Client),
        ("seller_id", StaffMember),
        ("pipeline_id", Pipeline),
    )


@pytest.mark.parametrize("command_type", COMMANDS.values(), ids=COMMANDS)
def test_every_id_in_a_command_names_a_stream(command_type: type[Command]) -> None:
    ids = [name for name in command_type.model_fields if name.endswith("_id") and name not in {"tax_id", "external_id"}]
    assert [name for name, _ in stream_fields(command_type)] == ids


def test_one_code_is_one_product() -> None:
    given().when(command(ListProduct)).then(LISTED)
    given(LISTED).when(command(ListProduct, name="Another")).then_refused(AlreadyExistsError, kind="product")


def test_a_product_is_renamed_once() -> None:
    renamed = on(product_id(GTX), fact(ProductRenamed))
    given(LISTED).when(command(RenameProduct)).then(renamed)
    given(LISTED, renamed).when(command(RenameProduct)).then_nothing()
    given().when(command(RenameProduct)).then_refused(NotFoundError, kind="product")


def test_a_spelling_is_added_once() -> None:
    given(LISTED).when(command(AddProductAlias)).then(on(product_id(GTX), fact(ProductAliasAdded)))
    given(LISTED).when(command(AddProductAlias, alias="GTXPro")).then_nothing()
    given(LISTED).when(command(AddProductAlias, alias="GTX Pro")).then_nothing()


def test_a_product_is_withdrawn_once_and_stays_as_it_is() -> None:
    withdrawn = on(product_id(GTX), ProductWithdrawn())
    given(LISTED).when(command(WithdrawProduct)).then(withdrawn)
    given(LISTED, withdrawn).when(command(WithdrawProduct)).then_nothing()
    given(LISTED, withdrawn).when(command(RenameProduct)).then_refused(ProductIsWithdrawnError, code=GTX)
    given(LISTED, withdrawn).when(command(AddProductAlias)).then_refused(ProductIsWithdrawnError, code=GTX)


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
