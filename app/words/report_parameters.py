"""Which reports there are, for the description of the interface: its reads take one by its name, each with its own."""

from typing import Any

from projections.analytics import ANALYTICS

SCHEMAS = {
    "DATE": {"type": "string", "format": "date"},
    "UUID": {"type": "string", "format": "uuid"},
    "BOOLEAN": {"type": "boolean"},
}
"""The types of a report's parameters, which the analytics name as DuckDB does."""


def describe_reports(document: dict[str, Any]) -> None:
    """Say which reports there are, and what each may be asked with."""
    operation = document["paths"].get("/analytics/{report}", {}).get("get")
    if operation is None:
        return
    known = {parameter.name: parameter for report in ANALYTICS.reports for parameter in report.parameters}
    for name, parameter in known.items():
        takers = [report.name for report in ANALYTICS.reports if parameter in report.parameters]
        described = {
            "name": name,
            "in": "query",
            "description": f"{parameter.title['en']}. Reports: {', '.join(takers)}.",
            "schema": SCHEMAS[parameter.type],
        }
        operation["parameters"].append(described)
    for parameter in operation["parameters"]:
        if parameter["name"] == "report":
            parameter["schema"]["enum"] = [report.name for report in ANALYTICS.reports]
