"""Reading single cells."""

import pytest

from commands.importing.contacts import without_label
from commands.importing.marks import as_it_was, harmless
from commands.importing.names import code_of, imported_id
from commands.importing.problems import teller


def test_a_label_before_a_contact_is_left_out() -> None:
    assert without_label("phone: 8-800-172-62-56") == "8-800-172-62-56"
    assert without_label("a@b.org") == "a@b.org"


def test_names_that_differ_have_codes_that_differ() -> None:
    assert code_of("GTX Pro") == "gtx-pro"
    assert len({code_of("Попрыгунчик красный"), code_of("Попрыгунчик жёлтый"), code_of("Pro"), code_of("Pró")}) == 4


def test_the_same_name_in_two_sources_is_two_things() -> None:
    assert imported_id("a", "client", "1") == imported_id("a", "client", "1")
    assert imported_id("a", "client", "1") != imported_id("b", "client", "1")


@pytest.mark.parametrize("cell", ["=SUM(A1)", "+1", "-1", "@x", "\tx", "'=1", "plain", "'quoted'", ""])
def test_no_cell_of_the_error_file_is_a_formula_and_comes_back_as_it_was(cell: str) -> None:
    assert harmless(cell) == (cell if cell in {"plain", "'quoted'", ""} else f"'{cell}")
    assert as_it_was(harmless(cell)) == cell


def test_a_reason_is_told_in_both_languages() -> None:
    facts = {"field": "name"}
    assert "name" in teller("en")("missing", facts)
    assert "обязательно" in teller("ru")("missing", facts)
