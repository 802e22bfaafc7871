"""What stands in a field of a client is what its type takes, written in one way; whoever brought it keeps it."""

import pytest
from pydantic import ValidationError

from aggregates.base import NotFoundError
from aggregates.client_field import MOST_FIELDS, FieldIsOfAPartError, TooManyClientFieldsError
from aggregates.custom_field import (
    CustomFieldIsRetiredError,
    CustomFieldIsUnknownError,
    FieldOptionIsRetiredError,
    FieldOptionIsUnknownError,
    WrongFieldValueError,
)
from commands.base import Command
from commands.beside import Beside, FieldSaid
from commands.client import ImportClient
from commands.client_field import ClearClientField, SetClientField
from commands.client_import import ImportClientUpdate
from events.client import ClientRegistered
from events.client_field import ClientFieldCleared, ClientFieldSet
from events.client_merge import ClientMergedInto, ClientsMerged
from events.custom_field import CustomFieldDefined, CustomFieldRetired, CustomFieldType, FieldOptionRetired
from events.examples import FIELDS_OF_ROMASHKA, TEMPERATURE, TEMPERATURE_FIELD
from events.ids import custom_field_of, fields_of
from events.import_run import ImportStarted
from tests.examples import FIRST_IMPORT, LUTIK, ROMASHKA, command, fact
from tests.story import Told, by, given, on

DEFINED = on(TEMPERATURE_FIELD, fact(CustomFieldDefined))
THERE = (on(ROMASHKA, fact(ClientRegistered)), DEFINED)
SET = on(FIELDS_OF_ROMASHKA, fact(ClientFieldSet))
CLEARED = on(FIELDS_OF_ROMASHKA, fact(ClientFieldCleared))
MERGED = (
    *THERE,
    on(LUTIK, fact(ClientRegistered)),
    on(ROMASHKA, fact(ClientsMerged)),
    on(LUTIK, fact(ClientMergedInto)),
)
OF_LUTIK = on(fields_of(LUTIK), fact(ClientFieldSet, client_id=LUTIK))


def of_type(kind: str) -> Told:
    return on(custom_field_of("x"), fact(CustomFieldDefined, code="x", type=CustomFieldType(kind), options=()))


@pytest.mark.parametrize(
    ("kind", "typed", "told"),
    [
        ("number", "1200.50", "1200.5"),
        ("number", "1000000", "1000000"),
        ("number", "100", "100"),
        ("number", "007", "7"),
        ("number", "-0.00", "0"),
        ("number", "-3.250000", "-3.25"),
        ("number", "0.000001", "0.000001"),
        ("number", "999999999999.999999", "999999999999.999999"),
        ("date", "2024-02-29", "2024-02-29"),
        ("boolean", "TRUE", "true"),
        ("boolean", "false", "false"),
        ("text", "  Пётр\u00a0 I\u200b ", "Пётр I"),
        ("text", "null", "null"),
        ("text", "0", "0"),
    ],
)
def test_a_value_is_stored_in_one_way_whichever_it_was_typed_in(kind: str, typed: str, told: str) -> None:
    stored = fact(ClientFieldSet, code="x", type=CustomFieldType(kind), value=told)
    story = given(*THERE, of_type(kind)).when(command(SetClientField, code="x", value=typed))
    story.then(on(FIELDS_OF_ROMASHKA, stored))
    again = given(*THERE, of_type(kind), on(FIELDS_OF_ROMASHKA, stored))
    again.when(command(SetClientField, code="x", value=typed)).then()
    again.when(command(SetClientField, code="x", value=told)).then()


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        *(("number", each) for each in ("1e3", "1,5", "1 000", "NaN", "Infinity", "0x1F", "١٢", "1.", ".5", "+1")),
        *(("number", each) for each in ("1.1234567", "1234567890123", "ten")),
        *(("date", each) for each in ("2026-02-29", "30.11.2026", "20261130", "2026-11-30T00:00", "0000-01-01")),
        *(("boolean", each) for each in ("yes", "1", "да", "")),
        ("text", "\u200b"),
    ],
)
def test_what_is_not_of_its_type_is_refused_by_the_field(kind: str, typed: str) -> None:
    if typed:
        story = given(*THERE, of_type(kind)).when(command(SetClientField, code="x", value=typed))
        story.then_refused(WrongFieldValueError, code="x", kind=CustomFieldType(kind))
    else:
        with pytest.raises(ValidationError):
            command(SetClientField, code="x", value=typed)


def test_an_option_is_chosen_by_its_code_and_one_that_is_not_there_is_refused() -> None:
    given(*THERE).when(command(SetClientField)).then(SET)
    given(*THERE).when(command(SetClientField, value="Hot")).then_refused(
        FieldOptionIsUnknownError, code="temperature", options=("hot", "cold")
    )


def test_an_option_that_was_retired_is_kept_by_who_has_it_and_chosen_by_nobody() -> None:
    retired = on(TEMPERATURE_FIELD, fact(FieldOptionRetired, option="hot"))
    given(*THERE, SET, retired).when(command(SetClientField)).then()
    given(*THERE, retired).when(command(SetClientField)).then_refused(
        FieldOptionIsRetiredError, code="temperature", option="hot", options=("cold",)
    )


def test_a_field_that_was_retired_is_cleared_and_not_filled_in() -> None:
    retired = on(TEMPERATURE_FIELD, fact(CustomFieldRetired))
    given(*THERE, SET, retired).when(command(SetClientField)).then()
    given(*THERE, SET, retired).when(command(SetClientField, value="cold")).then_refused(
        CustomFieldIsRetiredError, code="temperature"
    )
    given(*THERE, SET, retired).when(command(ClearClientField)).then(CLEARED)


def test_of_what_is_not_there_nothing_is_recorded() -> None:
    for each in (command(SetClientField, code="height"), command(ClearClientField, code="height")):
        given(*THERE).when(each).then_refused(CustomFieldIsUnknownError, code="height")
    given(DEFINED).when(command(SetClientField)).then_refused(NotFoundError, kind="client", id=ROMASHKA)
    given(*THERE).when(command(ClearClientField)).then()
    given(*THERE, SET, CLEARED).when(command(ClearClientField)).then()
    given(*THERE, SET, CLEARED).when(command(SetClientField)).then(SET)


def test_beyond_so_many_no_field_is_filled_in_and_those_that_are_may_change() -> None:
    full = (
        fact(ClientFieldSet, code=f"f{number}", type=CustomFieldType.TEXT, value="x") for number in range(MOST_FIELDS)
    )
    there = (*THERE, on(FIELDS_OF_ROMASHKA, *full))
    given(*there).when(command(SetClientField)).then_refused(
        TooManyClientFieldsError, client_id=ROMASHKA, most=MOST_FIELDS
    )
    known = on(custom_field_of("f1"), fact(CustomFieldDefined, code="f1", type=CustomFieldType.TEXT, options=()))
    changed = fact(ClientFieldSet, code="f1", type=CustomFieldType.TEXT, value="y")
    given(*there, known).when(command(SetClientField, code="f1", value="y")).then(on(FIELDS_OF_ROMASHKA, changed))


def test_a_value_that_came_with_another_client_is_that_one_s_to_lose() -> None:
    given(*MERGED, OF_LUTIK).when(command(ClearClientField)).then_refused(
        FieldIsOfAPartError, client_id=ROMASHKA, part_id=LUTIK
    )
    lost = on(fields_of(LUTIK), fact(ClientFieldCleared, client_id=LUTIK))
    given(*MERGED, OF_LUTIK).when(command(ClearClientField, client_id=LUTIK)).then(lost)
    given(*MERGED, OF_LUTIK).when(command(SetClientField, value="cold")).then(
        on(FIELDS_OF_ROMASHKA, fact(ClientFieldSet, value="cold"))
    )


def test_it_is_sealed_with_the_client_s_key_and_stands_in_their_history() -> None:
    [event] = given(*THERE).when(command(SetClientField)).recorded
    assert (event.subject_id, event.parties, event.PERSONAL_FIELDS) == (ROMASHKA, (ROMASHKA,), frozenset({"value"}))


@pytest.mark.parametrize("kind", [ImportClient, ImportClientUpdate])
def test_a_row_is_refused_for_what_it_says_beside_the_card_before_anything_is_recorded(kind: type[Command]) -> None:
    unknown = Beside(fields=(FieldSaid(code=TEMPERATURE, value="hot"), FieldSaid(code=TEMPERATURE, value="boiling")))
    there = (on(FIRST_IMPORT, fact(ImportStarted)), on(TEMPERATURE_FIELD, fact(CustomFieldDefined)))
    known = () if kind is ImportClient else (on(ROMASHKA, fact(ClientRegistered)),)
    story = given(*there, *known).when(command(kind, beside=unknown, name="Romashka Three"), by("import", FIRST_IMPORT))
    story.then_refused(FieldOptionIsUnknownError)
