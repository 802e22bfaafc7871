"""What analysts ask: facts taken out of the log into DuckDB, and the reports over them.

A row of a fact table is one event with its position, both its times and ids, and never personal data. Analysts read
the reports, through the analytics node.
"""

from infra.analytics.fact_schema import FactSchema
from projections.analytics.reports import DERIVED, REPORTS
from projections.registry import FACT_TABLES

ANALYTICS = FactSchema(tables=FACT_TABLES, reports=REPORTS, derived=DERIVED)
"""Everything an analytics node needs to know of the business."""

__all__ = ["ANALYTICS"]
