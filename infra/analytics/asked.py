"""Asks an open file of facts a report, unless the answer is known from before."""

from collections.abc import Mapping
from typing import Any

from infra.analytics.answer import check_parameters
from infra.analytics.fact_file import FactFile
from infra.analytics.fact_schema import FactSchema, Report
from infra.analytics.kept_answers import question_of
from infra.analytics.lent import Lent, lend
from infra.analytics.parked_facts import Waiting, waiting_in


def asked(
    file: FactFile, facts: FactSchema, report: Report, statement: str, values: Mapping[str, Any], lent: Lent
) -> tuple[Any, int, Waiting]:
    """Return the answer to a report as a pyarrow.Table, the position that it is true at, and what waited then.

    Raises infra.analytics.fact_schema.ReportParameterError and errors of duckdb.
    """
    question = question_of(statement, values, lent)
    # In this order: what the stamp finds is true at this position, for the stamp counts what was loaded up to it.
    position, waiting = file.checkpoint.position, file.waiting
    stamp = file.answers.stamp(facts.tables_of(report))
    if (known := file.answers.find(question, stamp)) is not None:
        return known, position, waiting
    with file.cursor() as cursor:
        lend(cursor, facts.lent, lent)
        check_parameters(cursor, report, values)
        cursor.execute("BEGIN")
        [(position,)] = cursor.execute("SELECT position FROM followed").fetchall()
        waiting = waiting_in(cursor)
        # Not `execute`: its Arrow table is in no order once a file does not keep the order of its rows.
        table = cursor.sql(statement, params=values).to_arrow_table()
    file.answers.keep(question, stamp, table)
    return table, position, waiting
