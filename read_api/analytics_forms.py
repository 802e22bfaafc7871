"""The forms in which a table for analysts is wanted: JSON, CSV, Arrow, Parquet, and a workbook for Excel."""

import io
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Literal, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import xlsxwriter
from pydantic import BaseModel, ConfigDict, Field

from infra.analytics.answer import plain, with_amounts_written
from read_api.reading.errors import UnacceptableFormatError
from read_api.reading.question import AsOfText

Kind = Literal["json", "csv", "arrow", "parquet", "xlsx"]

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMS: Mapping[str, Any] = {
    media_type.partition(";")[0]: {"schema": {"type": "string"} | ({} if kind == "csv" else {"format": "binary"})}
    for kind, media_type in MEDIA_TYPES.items()
    if kind != "json"
}
"""What answers come in besides JSON, as OpenAPI describes it."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""By which Excel knows that a CSV is in UTF-8."""

XLSX_ROWS, XLSX_TEXT, XLSX_DIGITS = 1_048_575, 32_767, 15
"""A sheet has no more rows than these and one of headings, a cell no longer text, a number no more digits."""

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?|\+\d[\d ().-]*")
"""What is no formula, though it begins as one: a number, and a phone's, of which nothing can be called."""


class MomentQuestion(BaseModel):
    """Of when an answer is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_position: Annotated[int | None, Field(ge=0, lt=2**63)] = None
    as_of: AsOfText = None


class FormQuestion(MomentQuestion):
    """In which form an answer is wanted, and of when."""

    format: Kind | None = None
    headings: Annotated[
        Literal["names", "words"] | None,
        Field(description="Of CSV and XLSX: the columns' names, or what people call them, in the caller's language."),
    ] = None
    excel: Annotated[
        bool | None,
        Field(
            description="Of CSV: as Excel opens it, with semicolons, a byte order mark, and decimals of the language."
        ),
    ] = None


class Form(NamedTuple):
    """How a table is written: `titles` are the headings, by the names of columns; none: the names themselves."""

    kind: str
    language: str
    zone: ZoneInfo
    titles: Mapping[str, str] | None = None
    is_for_excel: bool = False

    @property
    def media_type(self) -> str:
        """The media type of what is written."""
        return MEDIA_TYPES[self.kind]

    @property
    def has_comma(self) -> bool:
        """Whether decimals stand behind a comma: Excel reads them as its language has them."""
        return self.is_for_excel and self.language == "ru"

    def heading(self, column: str) -> str:
        """Return what stands above a column."""
        return (self.titles or {}).get(column, column)


class Wanted(Protocol):
    """In which form an answer is wanted, as a question says."""

    @property
    def format(self) -> str | None: ...
    @property
    def headings(self) -> str | None: ...
    @property
    def excel(self) -> bool | None: ...


def kind_of(question: Wanted, accept: str | None) -> str:
    """Return the form asked for, or else the first of the Accept header; raises UnacceptableFormatError."""
    if question.format is not None:
        return question.format
    wanted = [part.partition(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    for media_type in wanted:
        if media_type in {"*/*", "application/*"}:
            return "json"
        if media_type == "text/*":
            return "csv"
        for kind, ours in MEDIA_TYPES.items():
            if media_type == ours.partition(";")[0]:
                return kind
    raise _unacceptable()


def written(table: Any, form: Form, beside: tuple[str, Any] | None = None) -> bytes:
    """Return a table in any form but JSON; a workbook has on a second sheet what is `beside` it: a name and a table.

    Raises UnacceptableFormatError for one that a sheet cannot hold.
    """
    if form.kind == "csv":
        return _csv(table, form)
    if form.kind == "xlsx":
        return _xlsx(table, form, beside)
    sink = io.BytesIO()
    if form.kind == "parquet":
        pa_parquet.write_table(table, sink)
    else:
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    return sink.getvalue()


def _unacceptable() -> UnacceptableFormatError:
    return UnacceptableFormatError(needed=[ours.partition(";")[0] for ours in MEDIA_TYPES.values()])


def _csv(table: Any, form: Form) -> bytes:
    shown = with_amounts_written(table)
    columns = [_of_csv(column, form) for column in shown.columns]
    if shown is not table and form.has_comma:
        at = shown.column_names.index("amount")
        columns[at] = pa.array([one and one.replace(".", ",") for one in columns[at].to_pylist()], pa.string())
    headings = [_defused(form.heading(name)) for name in shown.column_names]
    sink = io.BytesIO(BYTE_ORDER_MARK if form.is_for_excel else b"")
    sink.seek(0, io.SEEK_END)
    options = pa_csv.WriteOptions(delimiter=";" if form.is_for_excel else ",")
    pa_csv.write_csv(pa.table(columns, headings), sink, options)
    return sink.getvalue()


def _of_csv(column: Any, form: Form) -> Any:
    """Return a column as CSV has it: what is no plain value is written as JSON has it, and no text is a formula."""
    kind = column.type
    has_point = pa.types.is_decimal(kind) or pa.types.is_floating(kind)
    if has_point and form.has_comma:
        return pa.array(
            [None if one is None else str(one).replace(".", ",") for one in column.to_pylist()], pa.string()
        )
    is_moment = pa.types.is_timestamp(kind) and kind.tz is not None
    is_plain = pa.types.is_primitive(kind) and not (is_moment or pa.types.is_time(kind) or pa.types.is_interval(kind))
    if is_plain or has_point:
        return column
    return pa.array([None if one is None else _defused(_text(one)) for one in column.to_pylist()], pa.string())


def _text(value: Any) -> str:
    shown = plain(value)
    return shown if isinstance(shown, str) else str(shown)


def _defused(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula; what is a number, or a phone's, stays one."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _xlsx(table: Any, form: Form, beside: tuple[str, Any] | None) -> bytes:
    if len(table) > XLSX_ROWS:
        raise _unacceptable()
    sink = io.BytesIO()
    # A text is written as one, whatever it begins with. The day it was made would make each answer another one.
    book = xlsxwriter.Workbook(sink, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"})
    book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - the library takes no zone
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    bold = book.add_format({"bold": True})
    _fill(book.add_worksheet(), table, form, bold, day)
    if beside is not None:
        _fill(book.add_worksheet(beside[0]), beside[1], form, bold, day)
    book.close()
    return sink.getvalue()


def _fill(sheet: Any, table: Any, form: Form, bold: Any, day: Any) -> None:
    sheet.freeze_panes(1, 0)
    for at, name in enumerate(table.column_names):
        sheet.write_string(0, at, form.heading(name)[:XLSX_TEXT], bold)
    for number, row in enumerate(table.to_pylist(), 1):
        for at, value in enumerate(row.values()):
            _write(sheet, (number, at), value, form.zone, day)


def _write(sheet: Any, place: tuple[int, int], value: Any, zone: ZoneInfo, day: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, datetime) and value.year >= 1900:
        sheet.write_datetime(*place, value.astimezone(zone).replace(tzinfo=None) if value.tzinfo else value)
    elif isinstance(value, date) and not isinstance(value, datetime) and value.year >= 1900:
        sheet.write_datetime(*place, datetime.combine(value, time.min), day)
    elif isinstance(value, int | Decimal | float) and _is_exact(value):
        sheet.write_number(*place, float(value))
    else:
        sheet.write_string(*place, _text(value)[:XLSX_TEXT])


def _is_exact(value: int | Decimal | float) -> bool:
    """Tell whether a sheet has exactly this number."""
    if isinstance(value, float):
        return isfinite(value)
    return len(Decimal(value).normalize().as_tuple().digits) <= XLSX_DIGITS
