"""The company gives its clients fields of its own: of a type that never changes, with labels and options that do."""

import pytest
from pydantic import ValidationError

from aggregates.base import AlreadyExistsError, NotFoundError
from aggregates.custom_field import (
    MOST_OPTIONS,
    FieldOptionExistsError,
    FieldOptionIsUnknownError,
    NoChoiceError,
    TooManyFieldOptionsError,
)
from commands.custom_field import (
    AddFieldOption,
    DefineCustomField,
    RelabelCustomField,
    RelabelFieldOption,
    RestoreCustomField,
    RestoreFieldOption,
    RetireCustomField,
    RetireFieldOption,
)
from events.custom_field import (
    CustomFieldDefined,
    CustomFieldRelabelled,
    CustomFieldRestored,
    CustomFieldRetired,
    CustomFieldType,
    FieldOptionAdded,
    FieldOptionRelabelled,
    FieldOptionRestored,
    FieldOptionRetired,
)
from events.examples import COLD, HOT, TEMPERATURE_FIELD, WARM
from events.ids import custom_field_of
from events.labels import FieldOption, GivenLabels
from tests.examples import command, fact
from tests.story import given, on

LABELS = GivenLabels(en="Budget", ru="Бюджет")
DEFINED = on(TEMPERATURE_FIELD, fact(CustomFieldDefined))
NUMBER = on(custom_field_of("budget"), fact(CustomFieldDefined, code="budget", type=CustomFieldType.NUMBER, options=()))


def test_a_field_is_defined_once_under_its_code() -> None:
    given().when(command(DefineCustomField)).then(DEFINED)
    given(DEFINED).when(command(DefineCustomField)).then_refused(
        AlreadyExistsError, kind="custom_field", id=TEMPERATURE_FIELD
    )


def test_a_field_that_was_retired_is_not_defined_anew() -> None:
    retired = on(TEMPERATURE_FIELD, fact(CustomFieldRetired))
    anew = command(DefineCustomField, type=CustomFieldType.NUMBER, options=())
    given(DEFINED, retired).when(anew).then_refused(AlreadyExistsError, kind="custom_field", id=TEMPERATURE_FIELD)


def test_a_choice_has_options_and_nothing_else_has() -> None:
    with pytest.raises(ValidationError, match="options_of_a_choice"):
        DefineCustomField(code="x", type=CustomFieldType.CHOICE, labels=LABELS)
    with pytest.raises(ValidationError, match="options_of_a_choice"):
        DefineCustomField(code="x", type=CustomFieldType.TEXT, labels=LABELS, options=(HOT,))


@pytest.mark.parametrize("labels", [{"en": "Budget"}, {"en": "Budget", "ru": " "}, {"en": "", "ru": "Бюджет"}])
def test_a_field_is_called_something_in_both_languages(labels: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        DefineCustomField.model_validate({"code": "budget", "type": "number", "labels": labels})


def test_two_options_of_one_code_are_refused() -> None:
    twice = command(DefineCustomField, options=(HOT, COLD, HOT))
    given().when(twice).then_refused(FieldOptionExistsError, code="temperature", option="hot")


def test_labels_change_and_the_same_ones_record_nothing() -> None:
    relabelled = on(TEMPERATURE_FIELD, fact(CustomFieldRelabelled))
    given(DEFINED).when(command(RelabelCustomField)).then(relabelled)
    given(DEFINED, relabelled).when(command(RelabelCustomField)).then()
    given().when(command(RelabelCustomField)).then_refused(NotFoundError, kind="custom_field", id=TEMPERATURE_FIELD)


def test_options_are_added_relabelled_retired_and_restored_each_once() -> None:
    added, relabelled, retired, restored = (
        on(TEMPERATURE_FIELD, fact(kind))
        for kind in (FieldOptionAdded, FieldOptionRelabelled, FieldOptionRetired, FieldOptionRestored)
    )
    given(DEFINED).when(command(AddFieldOption)).then(added)
    given(DEFINED, added).when(command(AddFieldOption)).then()
    given(DEFINED).when(command(RelabelFieldOption)).then(relabelled)
    given(DEFINED, relabelled).when(command(RelabelFieldOption)).then()
    given(DEFINED).when(command(RetireFieldOption)).then(retired)
    given(DEFINED, retired).when(command(RetireFieldOption)).then()
    given(DEFINED, retired).when(command(RestoreFieldOption)).then(restored)
    given(DEFINED).when(command(RestoreFieldOption)).then()


def test_an_option_that_is_there_otherwise_is_not_added_and_one_that_is_not_is_not_changed() -> None:
    other = FieldOption(code="hot", labels=GivenLabels(en="Warm", ru="Тёплый"))
    given(DEFINED).when(command(AddFieldOption, option=other)).then_refused(
        FieldOptionExistsError, code="temperature", option="hot"
    )
    for unknown in (command(RelabelFieldOption, option=WARM), command(RetireFieldOption, option="warm")):
        given(DEFINED).when(unknown).then_refused(
            FieldOptionIsUnknownError, code="temperature", options=("hot", "cold")
        )


def test_only_a_choice_has_options_and_not_more_than_so_many() -> None:
    given(NUMBER).when(command(AddFieldOption, code="budget")).then_refused(
        NoChoiceError, code="budget", type=CustomFieldType.NUMBER
    )
    options = tuple(FieldOption(code=f"o{number}", labels=LABELS) for number in range(MOST_OPTIONS))
    full = on(TEMPERATURE_FIELD, fact(CustomFieldDefined, options=options))
    given(full).when(command(AddFieldOption)).then_refused(
        TooManyFieldOptionsError, code="temperature", most=MOST_OPTIONS
    )


def test_a_field_is_retired_and_restored_each_once() -> None:
    retired, restored = (on(TEMPERATURE_FIELD, fact(kind)) for kind in (CustomFieldRetired, CustomFieldRestored))
    given(DEFINED).when(command(RetireCustomField)).then(retired)
    given(DEFINED, retired).when(command(RetireCustomField)).then()
    given(DEFINED, retired).when(command(RestoreCustomField)).then(restored)
    given(DEFINED).when(command(RestoreCustomField)).then()
