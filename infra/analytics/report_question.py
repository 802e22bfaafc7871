"""A report as a question in SQL: what whoever may ask in SQL reads, changes, and asks themselves."""

from collections.abc import Mapping
from functools import cache
from itertools import takewhile

import duckdb

from infra.analytics.answer import check_parameters
from infra.analytics.fact_schema import FactSchema, Given, Sight
from infra.analytics.written import written


def question_of(facts: FactSchema, name: str, parameters: Given, sight: Sight, settings: Mapping[str, str]) -> str:
    """Return the SELECT that asks the same as a report, of the tables that can be asked, with its values written out.

    Its definition stands before it. Raises UnknownReportError and ReportParameterError.
    """
    report = facts.report(name)
    given = report.given(parameters)
    with _nothing().cursor() as cursor:
        check_parameters(cursor, report, given)
    text = written(report.sql, {**settings, **given, **sight._asdict()})
    said = "".join(takewhile(lambda line: line.startswith("--"), text.splitlines(keepends=True)))
    inner = "".join(f"    {line}" for line in text[len(said) :].splitlines(keepends=True))
    columns = ",\n".join(
        f"    named_{one.name}.name AS {one.name}" if one.name in facts.named else f"    answer.{one.name}"
        for one in report.columns
    )
    joins = "".join(
        f"LEFT JOIN {one.dimension} AS named_{column} ON named_{column}.{one.own} = answer.{one.id}\n"
        for column, one in facts.names_of(report)
    )
    order = ", ".join(f"answer.{column} NULLS LAST" for column in report.order)
    return f"{said}WITH answer AS (\n{inner})\nSELECT\n{columns}\nFROM answer\n{joins}ORDER BY {order}\n"


@cache
def _nothing() -> duckdb.DuckDBPyConnection:
    """Return a database with nothing in it, where values are read as what a parameter is; to open one takes 15 ms."""
    return duckdb.connect(config={"threads": 1})
