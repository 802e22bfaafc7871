"""What analysts ask: facts taken out of the log into DuckDB, and the reports over them.

A row of a fact table is one event with its position, both its times and ids, and never personal data. A dimension table
(`dim_…`) is folded from facts, and says what ids and codes are called. Analysts read the reports, and ask questions of
their own, through the analytics node.
"""

from infra.analytics.fact_schema import FactSchema, Named
from projections.analytics.reports import DERIVED, REPORTS, WORDS
from projections.registry import FACT_TABLES

STAFF, LABELS = "given_staff", "given_label"
"""Tables that are handed in with a question: what the staff are called, and what people call the words of lists."""

ANALYTICS = FactSchema(
    tables=FACT_TABLES,
    reports=REPORTS,
    derived=DERIVED,
    words=WORDS,
    lent={STAFF: ("staff_id", "name"), LABELS: ("list", "code", "en", "ru")},
    named={
        "seller": Named("seller_id", STAFF, "staff_id"),
        "staff": Named("staff_id", STAFF, "staff_id"),
        "pipeline": Named("pipeline_id", "dim_pipeline", "pipeline_id"),
    },
)
"""Everything an analytics node needs to know of the business."""

__all__ = ["ANALYTICS"]
