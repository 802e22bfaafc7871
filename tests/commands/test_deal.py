"""Deals: along their own pipeline while they are open, and to an end with an amount or a reason."""

import json
from datetime import date

import pytest
from pydantic import ValidationError

from aggregates.base import NotFoundError
from aggregates.deal import AmountNeededError, Deal, DealHasClientError, DealIsClosedError
from aggregates.deal_forecast import ClosingMovedError
from aggregates.pipeline import StageIsRetiredError, StageIsUnknownError
from aggregates.product import ProductIsWithdrawnError, product_id
from aggregates.staff import StaffDoesNotSellError
from commands.base import Command
from commands.deal import (
    HandOverDeal,
    LoseDeal,
    MoveDeal,
    NameDealClient,
    OpenDeal,
    ReopenDeal,
    RetitleDeal,
    RevalueDeal,
    WinDeal,
)
from commands.deal_forecast import CategoriseDeal, ExpectClosing
from events.base import Event
from events.client import ClientClaimed, ClientRegistered, LifecycleAdvanced
from events.deal import (
    DealCategorised,
    DealClientNamed,
    DealClosingExpected,
    DealHandedOver,
    DealLost,
    DealMoved,
    DealOpened,
    DealReopened,
    DealRetitled,
    DealRevalued,
    DealWon,
    ForecastCategory,
)
from events.pipeline import PipelineDefined, StageRetired
from events.product import ProductListed, ProductWithdrawn
from events.staff import StaffHired
from events.values import Lifecycle, LossReason, StaffRole
from tests.examples import (
    ANNA,
    BORIS,
    DISCOUNTED,
    GTX,
    LUTIK,
    PRICE,
    ROAD,
    ROMASHKA,
    SALE,
    VERA,
    command,
    fact,
)
from tests.story import Story, by, given, on

COMPANY = (
    on(ANNA, fact(StaffHired)),
    on(BORIS, fact(StaffHired, name="Boris")),
    on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD)),
    on(ROAD, fact(PipelineDefined)),
    on(product_id(GTX), fact(ProductListed)),
    on(ROMASHKA, fact(ClientRegistered), fact(ClientClaimed)),
)
AS_ANNA = by("seller", ANNA)
OPENED = fact(DealOpened)
WON = fact(DealWon, from_stage="offer")
BOUGHT = on(
    ROMASHKA,
    LifecycleAdvanced(from_state=Lifecycle.PROSPECT, to_state=Lifecycle.CUSTOMER, reason="a deal was won"),
)
LOST = fact(DealLost)


def story_of(*facts: Event) -> Story:
    return given(*COMPANY, on(SALE, OPENED, *facts))


def test_a_deal_opens_at_the_first_stage_unless_another_is_named() -> None:
    given(*COMPANY).when(command(OpenDeal), AS_ANNA).then(on(SALE, OPENED))
    ask = command(OpenDeal, stage="contract")
    given(*COMPANY).when(ask, AS_ANNA).then(on(SALE, fact(DealOpened, stage="contract")))


def test_a_deal_opens_only_on_a_stage_of_its_pipeline() -> None:
    story = given(*COMPANY).when(command(OpenDeal, stage="payment"), AS_ANNA)
    story.then_refused(StageIsUnknownError, stage="payment", stages=("offer", "contract"))


def test_a_deal_opens_only_on_a_stage_in_use() -> None:
    retired = on(ROAD, fact(StageRetired))
    story = given(*COMPANY, retired).when(command(OpenDeal, stage="offer"), AS_ANNA)
    story.then_refused(StageIsRetiredError, stages=("contract",))


def test_a_deal_names_a_product_that_is_offered() -> None:
    story = given(*COMPANY).when(command(OpenDeal, product_code="no-such"), AS_ANNA)
    story.then_refused(NotFoundError, kind="product")
    withdrawn = on(product_id(GTX), ProductWithdrawn())
    given(*COMPANY, withdrawn).when(command(OpenDeal), AS_ANNA).then_refused(ProductIsWithdrawnError, code=GTX)


def test_a_deal_may_open_before_its_client_is_known() -> None:
    ask = command(OpenDeal, client_id=None)
    story = given(*COMPANY).when(ask, AS_ANNA).then(on(SALE, fact(DealOpened, client_id=None)))
    assert story.recorded[0].parties == (SALE,)


def test_an_analyst_leads_no_deal() -> None:
    analyst = on(BORIS, fact(StaffHired, role=StaffRole.ANALYST))
    others = [each for each in COMPANY if each[0] != BORIS]
    ask = command(OpenDeal, seller_id=BORIS)
    given(*others, analyst).when(ask, by("head", VERA)).then_refused(StaffDoesNotSellError, staff_id=BORIS)


def test_a_deal_joins_its_clients_history() -> None:
    story = story_of().when(command(MoveDeal))
    assert story.recorded[0].parties == (ROMASHKA,)
    assert story.recorded[0].subject_id == ROMASHKA


def test_a_deal_is_with_one_client() -> None:
    story_of().when(command(NameDealClient)).then_nothing()
    other = on(LUTIK, fact(ClientRegistered))
    story = given(*COMPANY, on(SALE, OPENED), other).when(command(NameDealClient, client_id=LUTIK))
    story.then_refused(DealHasClientError, client_id=ROMASHKA)


def test_the_client_of_an_ended_deal_is_named_without_a_claim() -> None:
    nameless = fact(DealOpened, client_id=None, seller_id=BORIS)
    story = given(*COMPANY, on(SALE, nameless, WON)).when(command(NameDealClient))
    story.then(on(SALE, fact(DealClientNamed)), BOUGHT)


def test_an_open_deal_moves_once() -> None:
    story_of().when(command(MoveDeal)).then(on(SALE, fact(DealMoved)))
    story_of(fact(DealMoved)).when(command(MoveDeal)).then_nothing()


def test_a_deal_moves_only_along_its_own_pipeline() -> None:
    story_of().when(command(MoveDeal, to_stage="payment")).then_refused(StageIsUnknownError)


def test_a_deal_is_revalued_once() -> None:
    story_of().when(command(RevalueDeal)).then(on(SALE, fact(DealRevalued)))
    story_of(fact(DealRevalued)).when(command(RevalueDeal)).then_nothing()


def test_a_deal_is_called_otherwise_even_once_it_has_ended() -> None:
    for ended in ((), (WON,), (LOST,)):
        story_of(*ended).when(command(RetitleDeal)).then(on(SALE, fact(DealRetitled)))
    story_of(fact(DealRetitled)).when(command(RetitleDeal)).then_nothing()
    nameless = fact(DealRetitled, from_title="Scales for the new shop", to_title=None)
    story_of(fact(DealRetitled)).when(command(RetitleDeal, title=None)).then(on(SALE, nameless))


def test_a_day_that_was_said_moves_with_a_reason() -> None:
    march, april = date(2026, 3, 31), date(2026, 4, 30)
    said = fact(DealClosingExpected, from_day=None, to_day=march, reason=None)
    story_of().when(command(ExpectClosing, day=march, reason=None)).then(on(SALE, said))
    story_of(said).when(command(ExpectClosing)).then(on(SALE, fact(DealClosingExpected)))
    story_of(said).when(command(ExpectClosing, day=march, reason=None)).then_nothing()
    for day in (april, None):
        unsaid = story_of(said).when(command(ExpectClosing, day=day, reason=None))
        unsaid.then_refused(ClosingMovedError, deal_id=SALE, day=march)
    back = fact(DealClosingExpected, from_day=march, to_day=None)
    story_of(said).when(command(ExpectClosing, day=None)).then(on(SALE, back))
    story_of(WON).when(command(ExpectClosing)).then_refused(DealIsClosedError, status="won")


@pytest.mark.parametrize(
    "day", ["tomorrow", "20260430", 1777507200, "2026-02-30", "2026-04-30T00:00:00Z", "1899-12-31"]
)
def test_a_day_is_written_as_one(day: object) -> None:
    with pytest.raises(ValidationError):
        ExpectClosing.model_validate({"deal_id": SALE, "day": day})


def test_a_day_comes_as_text_or_not_at_all() -> None:
    asked = {"deal_id": str(SALE), "day": "2026-04-30", "reason": "their budget"}
    for said, day in (("2026-04-30", date(2026, 4, 30)), (None, None)):
        assert ExpectClosing.model_validate_json(json.dumps({**asked, "day": said})).day == day
        assert ExpectClosing.model_validate({**asked, "deal_id": SALE, "day": said}).day == day


def test_every_new_deal_is_in_the_pipeline_and_is_counted_on_once_somebody_says_so() -> None:
    story_of().when(command(CategoriseDeal)).then(on(SALE, fact(DealCategorised)))
    story_of().when(command(CategoriseDeal, category=ForecastCategory.PIPELINE)).then_nothing()
    story_of(fact(DealCategorised)).when(command(CategoriseDeal)).then_nothing()
    story_of(LOST).when(command(CategoriseDeal)).then_refused(DealIsClosedError, status="lost")


def test_a_deal_is_handed_over_once() -> None:
    free = tuple(each for each in COMPANY if each[0] != ROMASHKA)
    nameless = on(SALE, fact(DealOpened, client_id=None))
    given(*free, nameless).when(command(HandOverDeal)).then(on(SALE, fact(DealHandedOver)))
    given(*free, nameless, on(SALE, fact(DealHandedOver))).when(command(HandOverDeal)).then_nothing()


def test_a_deal_is_won_for_the_amount_named_or_its_own() -> None:
    story_of().when(command(WinDeal)).then(on(SALE, WON), BOUGHT)
    own = fact(DealWon, from_stage="offer", amount=PRICE)
    story_of().when(command(WinDeal, amount=None)).then(on(SALE, own), BOUGHT)


def test_winning_again_records_nothing_but_another_amount_is_refused() -> None:
    story_of(WON).when(command(WinDeal)).then_nothing()
    story_of(WON).when(command(WinDeal, amount=None)).then_nothing()
    story_of(WON).when(command(WinDeal, amount=PRICE)).then_refused(DealIsClosedError, status="won")


def test_a_deal_nobody_has_valued_is_not_won() -> None:
    story = given(*COMPANY, on(SALE, fact(DealOpened, amount=None))).when(command(WinDeal, amount=None))
    story.then_refused(AmountNeededError, deal_id=SALE)


def test_who_won_is_who_leads_the_deal_now() -> None:
    story = story_of(fact(DealHandedOver)).when(command(WinDeal))
    story.then(on(SALE, fact(DealWon, from_stage="offer", seller_id=BORIS)), BOUGHT)


def test_a_deal_is_lost_once() -> None:
    story_of().when(command(LoseDeal)).then(on(SALE, LOST))
    story_of(LOST).when(command(LoseDeal)).then_nothing()
    story_of(WON).when(command(LoseDeal)).then_refused(DealIsClosedError, status="won")
    story_of(LOST).when(command(WinDeal)).then_refused(DealIsClosedError, status="lost")


@pytest.mark.parametrize(("reason", "code"), [(None, LossReason.TERMS), ("too dear", None), ("?", LossReason.OTHER)])
def test_a_deal_is_lost_by_a_code_in_words_or_both(reason: str | None, code: LossReason | None) -> None:
    lost = fact(DealLost, reason=reason, reason_code=code)
    ask = LoseDeal(deal_id=SALE, reason=reason, reason_code=code)
    story_of().when(ask).then(on(SALE, lost))
    story_of(lost).when(ask).then_nothing()
    story_of(LOST).when(ask).then_refused(DealIsClosedError, status="lost")


@pytest.mark.parametrize("code", [None, LossReason.OTHER])
def test_a_loss_that_nothing_says_is_refused(code: LossReason | None) -> None:
    with pytest.raises(ValidationError, match="reason"):
        LoseDeal(deal_id=SALE, reason_code=code)


@pytest.mark.parametrize("end", [WON, LOST], ids=["won", "lost"])
@pytest.mark.parametrize(
    "ask",
    [command(MoveDeal), command(RevalueDeal, amount=None), command(HandOverDeal)],
    ids=lambda ask: ask.command_name(),
)
def test_an_ended_deal_goes_on_only_when_it_is_reopened(ask: Command, end: Event) -> None:
    story_of(end).when(ask).then_refused(DealIsClosedError, deal_id=SALE)
    story = story_of(end, fact(DealReopened)).when(ask, by("head", VERA))
    assert not isinstance(story.refusal, DealIsClosedError)


def test_an_ended_deal_is_reopened_where_it_ended_or_elsewhere() -> None:
    story = story_of(LOST).when(command(ReopenDeal)).then(on(SALE, fact(DealReopened)))
    assert story.stream(Deal, SALE).status == "open"
    story_of(WON).when(command(ReopenDeal, stage="contract")).then(on(SALE, fact(DealReopened, to_stage="contract")))
    story_of(LOST).when(command(ReopenDeal, stage="payment")).then_refused(StageIsUnknownError)
    story_of().when(command(ReopenDeal)).then_nothing()


def test_a_reopened_deal_is_won_for_another_amount() -> None:
    story = story_of(WON, fact(DealReopened)).when(command(WinDeal, amount=PRICE))
    story.then(on(SALE, fact(DealWon, from_stage="offer", amount=PRICE)), BOUGHT)
    assert story.stream(Deal, SALE).amount != DISCOUNTED
