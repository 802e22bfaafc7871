"""Reading single cells."""

import re
from decimal import Decimal

import pytest

from commands.importing.names import code_of, imported_id
from commands.importing.problems import teller
from commands.importing.report import harmless
from commands.importing.sheet import parse_amount, without_label


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1054", "1054"),
        ("1 054,50", "1054.50"),
        ("1,054.50", "1054.50"),
        ("1.054,50", "1054.50"),
        ("1,054", "1054"),
        ("10,5", "10.5"),
        ("1.054.000", "1054000"),
        ("-3.5", "-3.5"),
    ],
)
def test_an_amount_is_read_however_its_thousands_are_cut(typed: str, amount: str) -> None:
    assert parse_amount(typed) == Decimal(amount)


@pytest.mark.parametrize("typed", ["1.2 Cr", "many", "=1+1"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=re.escape(typed)):
        parse_amount(typed)


def test_a_label_before_a_contact_is_left_out() -> None:
    assert without_label("phone: 8-800-172-62-56") == "8-800-172-62-56"
    assert without_label("a@b.org") == "a@b.org"


def test_names_that_differ_have_codes_that_differ() -> None:
    assert code_of("GTX Pro") == "gtx-pro"
    assert len({code_of("Попрыгунчик красный"), code_of("Попрыгунчик жёлтый"), code_of("Pro"), code_of("Pró")}) == 4


def test_the_same_name_in_two_sources_is_two_things() -> None:
    assert imported_id("a", "client", "1") == imported_id("a", "client", "1")
    assert imported_id("a", "client", "1") != imported_id("b", "client", "1")


@pytest.mark.parametrize("cell", ["=SUM(A1)", "+1", "-1", "@x", "\tx"])
def test_no_cell_of_the_error_file_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("plain") == "plain"


def test_a_reason_is_told_in_both_languages() -> None:
    facts = {"field": "name"}
    assert "name" in teller("en")("missing", facts)
    assert "обязательно" in teller("ru")("missing", facts)
