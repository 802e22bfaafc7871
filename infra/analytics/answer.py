"""What a report is asked with, and what its answer looks like to others."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from infra.amounts import amount_text
from infra.analytics.fact_schema import Report, ReportParameterError

POSITION_KEY = b"letopis_position"


def check_parameters(cursor: Any, report: Report, values: Mapping[str, Any]) -> None:
    """Raise ReportParameterError for a value that DuckDB cannot read as what the parameter is."""
    for parameter in report.parameters:
        try:
            cursor.execute(f"SELECT CAST($value AS {parameter.type})", {"value": values.get(parameter.name)})
            cursor.fetchall()
        except duckdb.Error as wrong:
            raise ReportParameterError(parameter.name, parameter.type) from wrong


def with_position(table: Any, position: int) -> Any:
    """Return an answer that says up to which position of the log it counts."""
    return table.replace_schema_metadata({POSITION_KEY: str(position).encode()})


def position_of(table: Any) -> int:
    """Return the position of the log up to which an answer counts."""
    return int(table.schema.metadata[POSITION_KEY])


def with_amounts_written(table: Any) -> Any:
    """Return an answer whose `amount` is the text that it is everywhere, by the `currency` beside it."""
    if not {"amount", "currency"} <= set(table.column_names):
        return table
    pairs = zip(table["amount"].to_pylist(), table["currency"].to_pylist(), strict=True)
    texts = [None if amount is None else amount_text(amount, currency) for amount, currency in pairs]
    return table.set_column(table.column_names.index("amount"), "amount", pa.array(texts, pa.string()))


def rows(table: Any) -> list[dict[str, Any]]:
    """Return an answer's rows ready for JSON: numbers as decimal strings, days and moments in ISO 8601."""
    plain = with_amounts_written(table).to_pylist()
    return [{name: _plain(value) for name, value in row.items()} for row in plain]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
