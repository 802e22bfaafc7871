"""What the cells of a row say beside a client's card: in the company's own fields, and by tags."""

from collections.abc import Callable, Iterator, Mapping

from commands.beside import Beside, FieldSaid
from commands.client_tag import LONGEST_TAG
from commands.importing.amounts import AmbiguousAmountError
from commands.importing.choices import YES_OR_NO, allowed, code_of_word
from commands.importing.dates import AmbiguousDateError, WrongDateError
from commands.importing.own_fields import OwnField
from commands.importing.row import Row
from events.custom_field import CustomFieldType
from infra.typed import cleaned, number_text

TAGS = "tags"
"""The field of a client whose cells are tags."""

LONGEST = 200
"""Characters of a text that stands in a field."""


def beside_of(row: Row) -> Beside | None:
    """Return what a row says beside the card; None: nothing."""
    sheet = row.sheet
    if not sheet.own and not sheet.is_mapped(TAGS):
        return None
    fields, tags = tuple(_fields(row)), tuple(_tags(row))
    return Beside(fields=fields, tags=tags) if fields or tags else None


def _tags(row: Row) -> Iterator[str]:
    for cell in row.cells(TAGS):
        tag = cleaned(cell.value)
        if len(tag) > LONGEST_TAG:
            row.wrong("too-long", cell.column, cell.value, max_length=LONGEST_TAG)
        elif tag:
            yield tag


def _fields(row: Row) -> Iterator[FieldSaid]:
    """Give what stands in the fields; those that the mapping clears and whose cells are blank are cleared."""
    mapping = row.sheet.mapping
    for name, field in row.sheet.own.items():
        typed = row.text(name)
        if typed is not None and row.sheet.is_blank(typed) and field.option_called(typed) is None:
            typed = None
        if typed is not None:
            value = _READ[field.type](row, name, field, typed)
            if value is not None:
                yield FieldSaid(code=field.code, value=value)
        elif name in mapping.clear:
            yield FieldSaid(code=field.code)


def _text(row: Row, name: str, _: OwnField, typed: str) -> str | None:
    text = cleaned(typed)
    if len(text) > LONGEST:
        row.wrong("too-long", row.sheet.column_of(name), typed, max_length=LONGEST)
        return None
    return text or None


def _number(row: Row, name: str, _: OwnField, typed: str) -> str | None:
    column = row.sheet.column_of(name)
    try:
        amount = row.survey.amounts.amount(typed)
    except AmbiguousAmountError:
        row.wrong("ambiguous-amount", column, typed)
        return None
    except ValueError:
        row.wrong("wrong-number", column, typed)
        return None
    number = None if amount.currency is not None else number_text(f"{amount.value:f}")
    if number is None:
        row.wrong("wrong-number", column, typed)
    return number


def _day(row: Row, name: str, _: OwnField, typed: str) -> str | None:
    column = row.sheet.column_of(name)
    try:
        return row.survey.day(typed).isoformat()
    except AmbiguousDateError:
        row.wrong("ambiguous-date", column, typed)
    except WrongDateError:
        row.wrong("wrong-date", column, typed, formats=", ".join((*row.sheet.mapping.dates, "ISO 8601")))
    return None


def _truth(row: Row, name: str, _: OwnField, typed: str) -> str | None:
    said = code_of_word(YES_OR_NO, typed, ("yes", "no"))
    if said is None:
        choices = allowed(YES_OR_NO, ("yes", "no"))
        row.wrong("wrong-choice", row.sheet.column_of(name), typed, field=f'"{name}"', choices=choices)
        return None
    return "true" if said == "yes" else "false"


def _choice(row: Row, name: str, field: OwnField, typed: str) -> str | None:
    code = field.option_called(typed)
    if code is None:
        shown = ", ".join(f"{each.code} ({each.labels.en}, {each.labels.ru})" for each in field.options)
        row.wrong("wrong-choice", row.sheet.column_of(name), typed, field=f'"{name}"', choices=shown)
    return code


_READ: Mapping[CustomFieldType, Callable[[Row, str, OwnField, str], str | None]] = {
    CustomFieldType.TEXT: _text,
    CustomFieldType.NUMBER: _number,
    CustomFieldType.DATE: _day,
    CustomFieldType.BOOLEAN: _truth,
    CustomFieldType.CHOICE: _choice,
}
