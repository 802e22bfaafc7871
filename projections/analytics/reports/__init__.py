"""The reports: each is a .sql in the folder of its context, and says in its header all that is to be known of it.

The lines that begin with `--:` are TOML: `title.en` and `title.ru`, `columns` and `order` (names, in order), and what
it may be asked with, `parameters`; `chart`, where it can be drawn: its `mark`, the column it goes `along`, those it
`counts`, and the one it is coloured `by` (infra.analytics.fact_schema.Chart). What columns and parameters are called
stands in words.toml, where several reports share it, or in the header (`column.NAME.en`); the `list` of its codes
is one of those of /labels. The comment after the header defines the figures.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.analytics.fact_schema import Chart, Parameter, Report, ReportColumn

HERE = Path(__file__).parent
HEADER = "--:"
MARKS = {mark: mark for mark in ("bar", "line", "area", "point")}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _derived(name: str) -> str:
    kind = {"dim_team": "team", "dim_branch": "branch"}.get(name)
    written = _read(HERE.parent / "derived" / f"{'dim_unit' if kind else name}.sql")
    return written.replace("{unit}", kind) if kind else written


# In the order in which they build on each other.
DERIVED: Mapping[str, str] = {
    name: _derived(name)
    for name in (
        "deal_fact",
        "deal_now",
        "ended_deal",
        "touchpoint",
        "dim_label",
        "dim_reason",
        "dim_team",
        "dim_branch",
        "dim_staff",
        "dim_client",
        "dim_product",
        "dim_pipeline",
        "dim_stage",
        "dim_calendar",
    )
}

WORDS: Mapping[str, Mapping[str, Any]] = tomllib.loads(_read(HERE / "words.toml"))


class ReportHeaderError(Exception):
    """The header of a report lacks something, or says something that nobody knows."""


def report_from(path: Path) -> Report:
    """Return the report that a .sql asks and describes; raises ReportHeaderError."""
    lines = _read(path).splitlines(keepends=True)
    header = "".join(line.removeprefix(HEADER).lstrip() for line in lines if line.startswith(HEADER))
    try:
        said = tomllib.loads(header)
        names = {**WORDS["column"], **said.get("column", {})}
        return Report(
            name=path.stem,
            title={language: said["title"][language] for language in ("en", "ru")},
            sql="".join(line for line in lines if not line.startswith(HEADER)),
            columns=tuple(_column(column, names[column]) for column in said["columns"].split()),
            order=tuple(said["order"].split()),
            parameters=tuple(_parameter(name) for name in said["parameters"].split()),
            chart=_chart(said["chart"], said["columns"].split()) if "chart" in said else None,
        )
    except (KeyError, tomllib.TOMLDecodeError) as error:
        raise ReportHeaderError(
            f"{path.name}: {error} is not said, or not known. A report begins with lines such as"
            f' `{HEADER} title.en = "…"`: title.en, title.ru, columns, order and parameters; its columns and parameters'
            f" have their names in {HERE.name}/words.toml."
        ) from error


def _column(name: str, words: Mapping[str, str]) -> ReportColumn:
    return ReportColumn(name, {"en": words["en"], "ru": words["ru"]}, words.get("list"))


def _chart(said: Mapping[str, str], columns: list[str]) -> Chart:
    chart = Chart(MARKS[said["mark"]], said["along"], tuple(said["counts"].split()), said.get("by"))
    for name in (chart.along, *chart.counts, *filter(None, [chart.by])):
        if name not in columns:
            raise KeyError(name)
    return chart


def _parameter(name: str) -> Parameter:
    words = WORDS["parameter"][name]
    return Parameter(name, words["type"], {"en": words["en"], "ru": words["ru"]}, words.get("default"))


REPORTS: tuple[Report, ...] = tuple(
    report_from(path) for path in sorted(HERE.glob("*/*.sql"), key=lambda path: path.stem)
)
