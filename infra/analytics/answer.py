"""What a report is asked with, and what its answer looks like to others."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import duckdb
import pyarrow as pa

from infra.amounts import amount_text
from infra.analytics.fact_schema import Report, ReportParameterError
from infra.moments import moment_text

POSITION_KEY, PARKED_KEY, STALE_KEY = b"letopis_position", b"letopis_parked", b"letopis_stale"


def check_parameters(cursor: Any, report: Report, values: Mapping[str, Any]) -> None:
    """Raise ReportParameterError for a value that DuckDB cannot read as what the parameter is."""
    for parameter in report.parameters:
        try:
            cursor.execute(f"SELECT CAST($value AS {parameter.type})", {"value": values.get(parameter.name)})
            cursor.fetchall()
        except duckdb.Error as wrong:
            raise ReportParameterError(parameter.name, parameter.type) from wrong


def with_seen(table: Any, position: int, parked: int | None, stale: str | None) -> Any:
    """Return an answer that says how true it is: see `position_of`, `parked_of` and `stale_of`."""
    told = {POSITION_KEY: position, PARKED_KEY: parked, STALE_KEY: stale}
    return table.replace_schema_metadata({key: str(value).encode() for key, value in told.items() if value is not None})


def position_of(table: Any) -> int:
    """Return the position of the log up to which an answer counts."""
    return int(table.schema.metadata[POSITION_KEY])


def parked_of(table: Any) -> int | None:
    """Return the first position whose event an answer should count and does not, because it could not be loaded."""
    parked = table.schema.metadata.get(PARKED_KEY)
    return None if parked is None else int(parked)


def stale_of(table: Any) -> str | None:
    """Return why an answer is older than it should be (see infra.analytics.standing.Stale); None when it is not."""
    stale = table.schema.metadata.get(STALE_KEY)
    return None if stale is None else stale.decode()


def with_amounts_written(table: Any) -> Any:
    """Return an answer whose `amount` is the text that it is everywhere, by the `currency` beside it."""
    if not {"amount", "currency"} <= set(table.column_names):
        return table
    amounts, currencies = table["amount"], table["currency"]
    if not (pa.types.is_decimal(amounts.type) and pa.types.is_string(currencies.type)):
        return table
    pairs = zip(amounts.to_pylist(), currencies.to_pylist(), strict=True)
    texts = [None if amount is None else amount_text(amount, currency) for amount, currency in pairs]
    return table.set_column(table.column_names.index("amount"), "amount", pa.array(texts, pa.string()))


def rows(table: Any) -> list[dict[str, Any]]:
    """Return an answer's rows ready for JSON: numbers as decimal strings, moments as everywhere, days in ISO 8601."""
    return [{name: plain(value) for name, value in row.items()} for row in with_amounts_written(table).to_pylist()]


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime | date | time):
        return moment_text(value) if isinstance(value, datetime) and value.tzinfo else value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return str(value)
