"""A field has a row, with its labels and its options in order."""

from typing import Any

from events.custom_field import (
    CustomFieldDefined,
    CustomFieldRelabelled,
    CustomFieldRestored,
    CustomFieldRetired,
    FieldOptionAdded,
    FieldOptionRelabelled,
    FieldOptionRestored,
    FieldOptionRetired,
)
from events.examples import TEMPERATURE_FIELD
from projections.parties.custom_fields import CustomFieldRow, custom_fields
from tests.examples import fact
from tests.story import given, moment, on

DEFINED = on(TEMPERATURE_FIELD, fact(CustomFieldDefined))


def option(en: str, ru: str, order: int, *, is_retired: bool = False) -> dict[str, Any]:
    return {"labels": {"en": en, "ru": ru}, "order": order, "is_retired": is_retired}


HOT, COLD = option("Hot", "Горячий", 1), option("Cold", "Холодный", 2)
ROW = CustomFieldRow(
    TEMPERATURE_FIELD,
    "temperature",
    "choice",
    {"en": "Interest", "ru": "Интерес"},
    {"hot": HOT, "cold": COLD},
    moment(1),
    None,
    1,
)


def test_a_field_is_defined_and_relabelled() -> None:
    given(DEFINED).shows(custom_fields, ROW)
    labels = {"en": "Temperature", "ru": "Температура"}
    given(DEFINED, on(TEMPERATURE_FIELD, fact(CustomFieldRelabelled))).shows(
        custom_fields, ROW._replace(labels=labels, version=2)
    )


def test_options_come_last_keep_their_place_and_go_and_come_back() -> None:
    more = on(TEMPERATURE_FIELD, fact(FieldOptionAdded), fact(FieldOptionRelabelled), fact(FieldOptionRetired))
    options = {
        "hot": option("Very hot", "Очень горячий", 1),
        "cold": option("Cold", "Холодный", 2, is_retired=True),
        "warm": option("Warm", "Тёплый", 3),
    }
    row = ROW._replace(options=options, version=4)
    given(DEFINED, more).shows(custom_fields, row)
    given(DEFINED, more, on(TEMPERATURE_FIELD, fact(FieldOptionRestored))).shows(
        custom_fields, row._replace(options={**options, "cold": COLD}, version=5)
    )


def test_a_field_is_retired_and_restored() -> None:
    retired = on(TEMPERATURE_FIELD, fact(CustomFieldRetired))
    given(DEFINED, retired).shows(custom_fields, ROW._replace(retired_at=moment(2), version=2))
    given(DEFINED, retired, on(TEMPERATURE_FIELD, fact(CustomFieldRestored))).shows(
        custom_fields, ROW._replace(version=3)
    )
