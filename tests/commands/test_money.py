"""Money at the door: one way to write an amount, only currencies that there are, and no finer than they are."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from commands.deal import OpenDeal, RevalueDeal, WinDeal
from commands.money import GivenMoney
from commands.registry import COMMANDS
from events.deal import DealOpened, DealRevalued, DealWon
from events.examples import ROAD, SALE
from events.values import Money
from infra.amounts import AMOUNT, DECIMALS, amount_text
from tests.commands.test_deal import COMPANY
from tests.examples import ANNA, command, fact
from tests.story import by, on
from tests.story import given as story

SELLER = by("seller", ANNA)
GIVEN: TypeAdapter[Money] = TypeAdapter(GivenMoney)


def opening(money: Any) -> Money | None:
    """Return the money of a command that a caller sends."""
    body = json.dumps({"pipeline_id": str(ROAD), "amount": money})
    return OpenDeal.model_validate_json(body, strict=True).amount


@pytest.mark.parametrize(
    "amount",
    ["0e999999999", "1e5", "1_000", "-0", "-1", "+1", "\u0663", "\uff11\uff12", " 1", "1 ", "1\n", "01", ".5", "5.",
     "1,5", "", "NaN", "Infinity", 5, 5.5, True, None, [], {}],
)  # fmt: skip
def test_an_amount_in_any_other_form_is_refused(amount: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        opening({"amount": amount, "currency": "RUB"})
    (error,) = refused.value.errors()
    assert (error["loc"], error["type"]) == (("amount", "amount"), "not_an_amount")


@pytest.mark.parametrize("amount", ["123456789012345", "0.00001", "9" * 10_000])
def test_an_amount_of_too_many_digits_is_refused(amount: str) -> None:
    with pytest.raises(ValidationError) as refused:
        opening({"amount": amount, "currency": "RUB"})
    assert [(each["loc"], each["type"]) for each in refused.value.errors()] == [
        (("amount", "amount"), "too_many_digits")
    ]


@pytest.mark.parametrize("currency", ["rub", "RUR", "XXX", "XAU", "QQQ", "RU", "РУБ", ""])
def test_what_is_no_currency_is_refused(currency: str) -> None:
    with pytest.raises(ValidationError) as refused:
        opening({"amount": "1", "currency": currency})
    assert [(each["loc"], each["type"]) for each in refused.value.errors()] == [
        (("amount", "currency"), "not_a_currency")
    ]


@pytest.mark.parametrize(("amount", "currency"), [("100.5", "JPY"), ("1.2345", "KWD"), ("0.001", "RUB")])
def test_an_amount_finer_than_its_currency_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(ValidationError) as refused:
        opening({"amount": amount, "currency": currency})
    (error,) = refused.value.errors()
    known = {"currency": currency, "decimals": DECIMALS[currency]}
    assert (error["loc"], error["type"], error["ctx"]) == (("amount", "amount"), "too_many_decimals", known)


@pytest.mark.parametrize(("amount", "currency"), [("100.00", "JPY"), ("1.234", "KWD"), ("0.0001", "CLF"), ("0", "RUB")])
def test_zeros_say_nothing_and_a_currency_may_be_finer_than_cents(amount: str, currency: str) -> None:
    assert opening({"amount": amount, "currency": currency}) == Money(amount=Decimal(amount), currency=currency)


@given(st.from_regex(AMOUNT, fullmatch=True), st.sampled_from(sorted(DECIMALS)))
def test_what_is_taken_is_what_was_meant(amount: str, currency: str) -> None:
    try:
        money = opening({"amount": amount, "currency": currency})
    except ValidationError:
        return
    assert money is not None
    assert money.amount == Decimal(amount)
    assert Decimal(amount_text(money.amount, currency)) == Decimal(amount)


def test_no_command_takes_money_past_this_door() -> None:
    for name, kind in COMMANDS.items():
        schema = kind.model_json_schema()
        assert "Money" not in schema.get("$defs", {}), name
        assert "decimal" not in json.dumps(schema.get("properties")).lower(), name


def rub(amount: str) -> Money:
    return GIVEN.validate_python({"amount": amount, "currency": "RUB"})


def said(event: Any, name: str) -> str:
    """Return the text of an amount in the stored body of a fact."""
    return str(json.loads(event.clear_json())[name]["amount"])


def test_a_fact_holds_the_amount_in_one_form() -> None:
    told = story(*COMPANY).when(command(OpenDeal, amount=rub("1200.5")), SELLER)
    assert [said(event, "amount") for event in told.recorded if isinstance(event, DealOpened)] == ["1200.50"]
    yen = Money(amount=Decimal("700.00"), currency="JPY")
    told = story(*COMPANY).when(command(OpenDeal, amount=yen), SELLER)
    assert [said(event, "amount") for event in told.recorded if isinstance(event, DealOpened)] == ["700"]
    opened = on(SALE, fact(DealOpened, amount=rub("7")))
    told = story(*COMPANY, opened).when(command(RevalueDeal, amount=rub("1000")), SELLER)
    (revalued,) = (event for event in told.recorded if isinstance(event, DealRevalued))
    assert (said(revalued, "from_amount"), said(revalued, "to_amount")) == ("7.00", "1000.00")


def test_what_an_old_log_holds_is_won_and_written_in_the_one_form() -> None:
    old = Money(amount=Decimal("0E+999999999"), currency="QQQ")
    told = story(*COMPANY, on(SALE, fact(DealOpened, amount=old))).when(command(WinDeal, amount=None), SELLER)
    assert [said(event, "amount") for event in told.recorded if isinstance(event, DealWon)] == ["0.00"]


@pytest.mark.parametrize("typed", ["250000", "4821.00", "7.5"])
def test_a_command_is_remembered_as_it_was_typed(typed: str) -> None:
    # What a command is recognised by when it comes again: also one that was stored before facts had one form.
    body = json.dumps({"deal_id": str(SALE), "amount": {"amount": typed, "currency": "RUB"}})
    command = RevalueDeal.model_validate_json(body, strict=True)
    assert json.loads(command.model_dump_json(exclude_defaults=True))["amount"] == {"amount": typed, "currency": "RUB"}


def test_one_amount_typed_in_two_ways_is_one_amount() -> None:
    opened = on(SALE, fact(DealOpened, amount=rub("1000")))
    story(*COMPANY, opened).when(command(RevalueDeal, amount=rub("1000.00")), SELLER).then_nothing()
