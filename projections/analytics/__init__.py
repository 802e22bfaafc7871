"""What analysts ask: facts taken out of the log into DuckDB, and the reports over them.

A row of a fact table is one event with its position, both its times and ids, and never personal data. A dimension table
(`dim_…`) is folded from facts, and says what ids and codes are called. Analysts read the reports, and ask questions of
their own, through the analytics node.
"""

import tomllib
from pathlib import Path
from typing import Any

from infra.analytics.fact_schema import FactSchema, FactTable, Named
from projections.analytics.reports import DERIVED, REPORTS, WORDS
from projections.registry import FACT_TABLES, MODULES

STAFF, LABELS = "given_staff", "given_label"
"""Tables that are handed in with a question: what the staff are called, and what people call the words of lists."""


def _words() -> dict[str, Any]:
    """Return what tables and columns are called: of a fact table it stands beside it."""
    told = dict(WORDS["table"])
    for module in MODULES:
        path = Path(str(module.__file__)).with_suffix(".toml")
        if path.exists() and any(isinstance(member, FactTable) for member in vars(module).values()):
            told |= tomllib.loads(path.read_text("utf-8"))
    columns = {name: {language: said[language] for language in ("en", "ru")} for name, said in WORDS["column"].items()}
    return {"table": told, "column": columns}


ANALYTICS = FactSchema(
    tables=FACT_TABLES,
    reports=REPORTS,
    derived=DERIVED,
    words=_words(),
    lent={STAFF: ("staff_id", "name"), LABELS: ("list", "code", "en", "ru")},
    named={
        "seller": Named("seller_id", STAFF, "staff_id", "dim_staff", "staff_id"),
        "staff": Named("staff_id", STAFF, "staff_id", "dim_staff", "staff_id"),
        "pipeline": Named("pipeline_id", "dim_pipeline", "pipeline_id", "dim_pipeline", "pipeline_id"),
    },
)
"""Everything an analytics node needs to know of the business."""

__all__ = ["ANALYTICS"]
