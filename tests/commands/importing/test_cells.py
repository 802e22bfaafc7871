"""Cells as people type them: of each class a table of forms, with the value or the error."""

from datetime import UTC
from decimal import Decimal

import pytest

from app.words.messages import LABELS
from commands.importing import amounts, dates
from commands.importing.amounts import AmbiguousAmountError, AmountReader, Sign
from commands.importing.choices import YES_OR_NO, code_of_word
from commands.importing.dates import AmbiguousDateError, DateReader, Order, WrongDateError
from commands.importing.regions import region_of
from infra.tables.workbook import Number


def read_day(typed: str, *others: str, order: Order | None = None, patterns: tuple[str, ...] = ()) -> str:
    """The moment of a date in a file with these others, in Moscow's own time."""
    shown = [each for each in map(dates.evidence_of, (typed, *others)) if each is not None]
    moment = DateReader("Europe/Moscow", patterns, order, shown).moment(typed)
    assert moment.tzinfo is UTC
    return (moment.astimezone(DateReader("Europe/Moscow", (), None).zone)).replace(tzinfo=None).isoformat(" ")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2016-03-01", "2016-03-01 00:00:00"),
        ("2016-03-01T10:00:00Z", "2016-03-01 13:00:00"),
        ("2016-03-01 10:00", "2016-03-01 10:00:00"),
        ("20160301", "2016-03-01 00:00:00"),
        ("01.03.2016", "2016-03-01 00:00:00"),
        ("1.3.16", "2016-03-01 00:00:00"),
        ("01.03.2016 г.", "2016-03-01 00:00:00"),
        ("01.03.2016 10:05", "2016-03-01 10:05:00"),
        ("01.03.2016 10:05:07", "2016-03-01 10:05:07"),
        ("25/03/2016", "2016-03-25 00:00:00"),
        ("03/25/2016", "2016-03-25 00:00:00"),
        ("03/25/2016 1:05 PM", "2016-03-25 13:05:00"),
        ("03/25/2016 12:05 am", "2016-03-25 00:05:00"),
        ("03/03/2016", "2016-03-03 00:00:00"),
        ("2016/03/01", "2016-03-01 00:00:00"),
        ("25-03-2016", "2016-03-25 00:00:00"),
        ("15-Jan-2024", "2024-01-15 00:00:00"),
        ("5 Mar 69", "1969-03-05 00:00:00"),
        ("Mar 20 2024", "2024-03-20 00:00:00"),
        ("March 20, 2024 09:30", "2024-03-20 09:30:00"),
        ("5 марта 2016 г.", "2016-03-05 00:00:00"),
        ("5 мая 2016 года 10:00", "2016-05-05 10:00:00"),
        ("25.03.2016 10:00:00+05:00", "2016-03-25 08:00:00"),
    ],
)  # fmt: skip
def test_a_date_is_read_in_every_form_people_type(typed: str, said: str) -> None:
    assert read_day(typed) == said


@pytest.mark.parametrize(
    "typed",
    ["32.13.2016", "30.02.2016", "2016", "3", "today", "01.03", "01.03.216", "5 Smarch 2016", "25.03.2016 25:00",
     "03/25/2016 13:05 PM", "42430", "0000-00-00", "12.345.2016", "89123456789"],
)  # fmt: skip
def test_what_names_no_day_is_no_date(typed: str) -> None:
    with pytest.raises(WrongDateError):
        read_day(typed)


@pytest.mark.parametrize(
    ("typed", "others", "order", "said"),
    [
        ("03/04/2016", ["25/03/2016"], None, "2016-04-03"),
        ("03/04/2016", ["03/25/2016"], None, "2016-03-04"),
        ("03/04/2016", ["25.03.2016"], None, None),  # points say nothing of slashes
        ("03/04/2016", ["25/03/2016", "03/25/2016"], None, None),
        ("03/04/2016", [], None, None),
        ("03/04/2016", [], "dmy", "2016-04-03"),
        ("03/04/2016", ["25/03/2016"], "mdy", "2016-03-04"),
        ("03.04.2016", [], None, "2016-04-03"),
        ("03.04.2016", ["03.25.2016"], None, "2016-03-04"),
    ],
)
def test_which_number_is_the_day_is_decided_by_the_whole_file(
    typed: str, others: list[str], order: Order | None, said: str | None
) -> None:
    if said is None:
        with pytest.raises(AmbiguousDateError):
            read_day(typed, *others, order=order)
    else:
        assert read_day(typed, *others, order=order).startswith(said)


def test_a_mapping_says_formats_of_its_own() -> None:
    assert read_day("42430.5", patterns=("serial",)) == "2016-03-01 12:00:00"
    assert read_day("16|03|01", patterns=("%y|%m|%d",)) == "2016-03-01 00:00:00"
    with pytest.raises(WrongDateError):
        read_day("01.03.2016", order="mdy", patterns=("serial",))


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1054", "1054"), ("1 054,50", "1054.50"), ("1,054.50", "1054.50"), ("1.054,50", "1054.50"), ("10,5", "10.5"),
        ("1.054.000", "1054000"), ("1,054,000", "1054000"), ("-3.5", "-3.5"), ("+3.5", "3.5"), ("−3,5", "-3.5"),
        ("(1,200.00)", "-1200.00"), ("1\xa0054,5", "1054.5"), ("1\u202f054,5", "1054.5"), ("1'054.50", "1054.50"),
        ("1’054", "1054"), ("0,125", "0.125"), ("0.005", "0.005"), ("12345,678", "12345.678"), ("100-", "-100"),
        ("1 919.00 ₽", "1919.00"), ("1768 руб.", "1768"), ("1972 рублей", "1972"), ("$1,200.50", "1200.50"),
        ("€ 12", "12"), ("5,-", "5"),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_every_form_people_type(typed: str, amount: str) -> None:
    assert AmountReader(None, filter(None, [amounts.evidence_of(typed)])).amount(typed).value == Decimal(amount)


@pytest.mark.parametrize(
    "typed",
    ["1.2 Cr", "many", "=1+1", "1e5", "\u0661\u0662", "12 34", "1,23,456", "1.2.3", "1,05.4,3", "(5", "--5", "5 km",
     "$5 руб", "", "."],
)  # fmt: skip
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        AmountReader(None).amount(typed)


@pytest.mark.parametrize(
    ("typed", "others", "decimal", "amount"),
    [
        ("1,054", ["10.50"], None, "1054"),
        ("1,054", ["10,50"], None, "1.054"),
        ("1.054", ["10,50"], None, "1054"),
        ("1.054", ["1,054,000"], None, "1.054"),
        ("1,054", [], None, None),
        ("1.234", [], None, None),
        ("1,054", ["10,50", "10.50"], None, None),
        ("1,054", [], ",", "1.054"),
        ("1,054", ["10,50"], ".", "1054"),
        ("3", [], None, "3"),
    ],
)
def test_which_sign_begins_the_decimals_is_decided_by_the_whole_file(
    typed: str, others: list[str], decimal: Sign | None, amount: str | None
) -> None:
    reader = AmountReader(decimal, filter(None, map(amounts.evidence_of, [typed, *others])))
    if amount is None:
        with pytest.raises(AmbiguousAmountError):
            reader.amount(typed)
    else:
        assert reader.amount(typed).value == Decimal(amount)


def test_a_number_of_a_workbook_is_never_in_doubt() -> None:
    assert AmountReader(",").amount(Number("1.054")).value == Decimal("1.054")
    assert amounts.evidence_of(Number("10.5")) is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [(yes, "yes") for yes in ("yes", "YES", "y", "true", "TRUE", "1", "on", "x", "+", "✓", "да", "Да.", "ИСТИНА")]
    + [(no, "no") for no in ("no", "N", "false", "0", "off", "нет", "Ложь")]
    + [(neither, None) for neither in ("maybe", "2", "да нет", "-1", "?")],
)
def test_yes_and_no_are_known_in_both_languages(typed: str, said: str | None) -> None:
    assert code_of_word(YES_OR_NO, typed, ("yes", "no")) == said


LISTS = {
    "kind": "client_kind", "affiliation_role": "affiliation_role", "role": "staff_role", "channel": "channel",
    "lost_reason_code": "loss_reason", "direction": "direction", "call_status": "call_status",
}  # fmt: skip


@pytest.mark.parametrize(("field", "name"), LISTS.items())
def test_what_people_call_the_words_of_a_list_is_read_as_them(field: str, name: str) -> None:
    codes = list(LABELS[name])
    for code, words in LABELS[name].items():
        for word in (code, code.upper(), *words.values()):
            assert code_of_word(field, str(word), codes) == code, word


@pytest.mark.parametrize(
    ("typed", "region"),
    [("RU", "RU"), ("ru", "RU"), ("Россия", "RU"), ("Germany", "DE"), ("Великобритания", "GB"), ("+55", "BR"),
     ("7", "RU"), ("UAE", "AE"), ("Нарния", None), ("+999", None)],
)  # fmt: skip
def test_a_country_is_known_by_its_name_code_or_calling_code(typed: str, region: str | None) -> None:
    assert region_of(typed) == region
