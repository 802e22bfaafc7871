"""What an analyst's tables and reports are: facts taken out of the log, and questions asked of them."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from infra.analytics.written import written
from infra.log.encrypted import REST
from infra.log.past_log import AsOf

Upcast = Callable[[str, int, str], str]
"""(topic, stored schema version, body as JSON text) → the body as the current version has it."""

NAME = "analytics"
"""Under which name the operators of read models know the file."""

TOPIC_PATTERN = re.compile(r"^[a-z][a-z0-9_.]*$")

COMPLETED = f"CASE WHEN ends_with(body, '}}') THEN body ELSE body || '{REST}' END"
"""`infra.log.encrypted.completed` in DuckDB's SQL."""

ENVELOPE_DDL = "position BIGINT NOT NULL,\n    occurred_at TIMESTAMPTZ NOT NULL,\n    recorded_at TIMESTAMPTZ NOT NULL"


class UnknownReportError(LookupError):
    """There is no report of this name."""


class ReportParameterError(ValueError):
    """A report was asked with a parameter `name` that it does not have, or with a value that is no `type` of DuckDB."""

    def __init__(self, name: str, type_: str | None = None) -> None:
        super().__init__(f"{name} is no parameter of this report" if type_ is None else f"{name} is not a {type_}")
        self.name = name
        self.type = type_


@dataclass(frozen=True)
class Column:
    """One column of a fact table: `value` is SQL over `body` (a struct), `topic` and `position`."""

    name: str
    type: str
    value: str


@dataclass(frozen=True)
class FactTable:
    """One table of facts: one row is one event of these topics, with its position and both its times.

    `topics` gives each topic's current schema version. `body` is the structure that DuckDB reads out of the JSON
    (every leaf is VARCHAR, so that a value of the wrong type fails at its cast instead of becoming NULL).
    """

    name: str
    stream: str
    topics: Mapping[str, int]
    body: str
    columns: tuple[Column, ...]

    @property
    def ddl(self) -> str:
        """The statement that creates the table."""
        columns = "".join(f",\n    {column.name} {column.type}" for column in self.columns)
        return f"CREATE TABLE {self.name} (\n    {ENVELOPE_DDL},\n    {self.stream} UUID NOT NULL{columns}\n)"

    @property
    def insert(self) -> str:
        """The statement that fills the table from `batch`, a slice of the log."""
        return f"INSERT INTO {self.name}\n{self.select(self.columns)}"

    def select(self, columns: Iterable[Column]) -> str:
        """Return the statement that reads these columns out of `batch`; it fails where one of them is no such value."""
        topics = ", ".join(f"'{topic}'" for topic in sorted(self.topics))
        values = "".join(f",\n    CAST({column.value} AS {column.type})" for column in columns)
        return (
            f"SELECT position, occurred_at, recorded_at, stream_id{values}\n"  # noqa: S608
            f"FROM (SELECT * REPLACE (from_json({COMPLETED}, '{self.body}') AS body) FROM batch"
            f" WHERE topic IN ({topics}))"
        )


Given = Mapping[str, Any]
"""What a report is asked with: the values of its parameters, by name."""


@dataclass(frozen=True)
class Parameter:
    """What a report may be asked with; `type` is the DuckDB type its value is read as."""

    name: str
    type: str
    title: Mapping[str, str]
    default: str | None = None


@dataclass(frozen=True)
class ReportColumn:
    """One column of a report, named for people; its codes are words of `list`, if they are of one."""

    name: str
    title: Mapping[str, str]
    list: str | None = None


class Chart(NamedTuple):
    """How a report is drawn: a `mark` (bar, line, area or point) along a column, as high as each column it counts.

    With `by` there is one colour for each value of that column. Where `along` is empty, that value is the place. An
    amount has a drawing for each currency.
    """

    mark: str
    along: str
    counts: tuple[str, ...]
    by: str | None = None


@dataclass(frozen=True)
class Report:
    """A question over the facts; `sql` selects from fact tables and derived tables by their bare names."""

    name: str
    title: Mapping[str, str]
    sql: str
    columns: tuple[ReportColumn, ...]
    order: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    chart: Chart | None = None

    def given(self, parameters: Given) -> dict[str, Any]:
        """Return the values of all its parameters; raises ReportParameterError for one that it does not have."""
        known = {parameter.name: parameter.default for parameter in self.parameters}
        if unknown := set(parameters) - set(known):
            raise ReportParameterError(", ".join(sorted(unknown)))
        return {**known, **parameters}


class Named(NamedTuple):
    """Where what people call the thing of an id stands: `id` here is `key` in the table, which has its `name`.

    In SQL it is told by `dimension`, whose ids are `own`.
    """

    id: str
    table: str
    key: str
    dimension: str
    own: str


class Sight(NamedTuple):
    """What whoever asks a report may see: whose work (ids of staff; None: everybody's), and up to which day.

    That day is today where they ask; None: the last one of which anything is known.
    """

    within: list[str] | None = None
    upto: date | None = None


EVERYTHING = Sight()

Read = tuple[list[FactTable], list[tuple[str, str]]]
"""The fact tables that some SQL reads, and the derived ones on the way to them with their SQL, last ones first."""


def conditions_of(as_of: AsOf) -> tuple[list[str], dict[str, Any]]:
    """Return the SQL conditions on a fact table as of a moment, and the values they name."""
    wanted = {
        "as_of_occurred": ("occurred_at <= $as_of_occurred", as_of.occurred),
        "as_of_recorded": ("recorded_at <= $as_of_recorded", as_of.recorded),
        "as_of_position": ("position <= $as_of_position", as_of.position),
    }
    given = {name: pair for name, pair in wanted.items() if pair[1] is not None}
    return [condition for condition, _ in given.values()], {name: value for name, (_, value) in given.items()}


@dataclass(frozen=True, eq=False)
class FactSchema:
    """All fact tables and all reports; `derived` are tables that reports share, each selecting from those before.

    `lent` are the tables that are handed in with a question, each with its columns, which are texts. A report that has
    a column of `named` says there what people call the id in another of its columns. `words` are what `table` and
    `column` are called, by their names and by language (infra.analytics.described).
    """

    tables: tuple[FactTable, ...]
    reports: tuple[Report, ...] = ()
    derived: Mapping[str, str] = field(default_factory=dict)
    lent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named: Mapping[str, Named] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _read: dict[str, Read] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for topic in self.topics:
            if not TOPIC_PATTERN.match(topic):
                raise ValueError(f"{topic!r} is not a topic")

    @property
    def topics(self) -> dict[str, int]:
        """Every topic that some table wants, with its current schema version."""
        return {topic: version for table in self.tables for topic, version in table.topics.items()}

    @property
    def fingerprint(self) -> str:
        """Names a build of the tables: another fingerprint means that they must be filled anew."""
        parts = [f"{table.ddl}\n{table.insert}\n{sorted(table.topics.items())}" for table in self.tables]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def report(self, name: str) -> Report:
        """Return the report of this name; raises UnknownReportError."""
        for report in self.reports:
            if report.name == name:
                return report
        raise UnknownReportError(name)

    def topics_of(self, report: Report) -> frozenset[str]:
        """Return the topics whose events a report counts."""
        return frozenset[str]().union(*(table.topics for table in self._read_once(report.sql)[0]))

    def topics_read_by(self, sql: str) -> frozenset[str]:
        """Return the topics whose events stand in the tables that the SQL reads, or that those are made from."""
        return frozenset[str]().union(*(table.topics for table in self._read_by(sql)[0]))

    def tables_of(self, report: Report) -> list[str]:
        """Return the names of the tables that a report is made from, and what it calls the ids in it."""
        return [table.name for table in self._read_once(f"{report.sql} {self._joins(report)}")[0]]

    def _read_once(self, sql: str) -> Read:
        """Return what a report's SQL reads; it is looked for once, for that takes milliseconds."""
        if sql not in self._read:
            self._read[sql] = self._read_by(sql)
        return self._read[sql]

    def _joins(self, report: Report) -> str:
        return " ".join(
            f"LEFT JOIN {one.table} AS named_{name} ON named_{name}.{one.key} = CAST(answer.{one.id} AS VARCHAR)"
            for name, one in self.names_of(report)
        )

    def statement(
        self, name: str, parameters: Given, as_of: AsOf | None, settings: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """Return the SQL of a report as of a moment, and its values; raises ReportParameterError."""
        report = self.report(name)
        conditions, values = conditions_of(as_of or AsOf())
        wanted = [column.name for column in report.columns]
        joins = self._joins(report)
        sources = self._sources(f"{report.sql} {joins}", " AND ".join(conditions) or "true")
        sources.append(f"answer AS ({report.sql})")
        columns = ", ".join(
            f"named_{name}.name AS {name}" if name in self.named else f"answer.{name}" for name in wanted
        )
        order = ", ".join(f"answer.{name} NULLS LAST" for name in report.order)
        body = f"WITH {', '.join(sources)}\nSELECT {columns} FROM answer {joins} ORDER BY {order}"
        available = {**settings, **report.given(parameters), **values}
        return body, {key: value for key, value in available.items() if re.search(rf"\${key}\b", body)}

    def names_of(self, report: Report) -> list[tuple[str, Named]]:
        """Return the columns of a report that say what the ids in others are called."""
        wanted = {column.name for column in report.columns}
        return [(name, one) for name, one in self.named.items() if name in wanted]

    def views(self, catalog: str | None, as_of: AsOf | None, settings: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return every table that can be asked, by name, with the SQL that makes it as of a moment.

        Facts stand in the database `catalog`; without one they are tables there already. The SQL names no parameter. A
        table selects from those before it.
        """
        conditions, values = conditions_of(as_of or AsOf())
        cut = written(" AND ".join(conditions) or "true", values)
        facts = [
            (table.name, f"SELECT * FROM {catalog}.main.{table.name} WHERE {cut}")  # noqa: S608 - constants
            for table in (self.tables if catalog else ())
        ]
        return facts + [(name, written(select, settings)) for name, select in self.derived.items()]

    def _read_by(self, sql: str) -> Read:
        text, derived = sql, []
        for name, select in reversed(list(self.derived.items())):
            if re.search(rf"\b{name}\b", text):
                derived.append((name, select))
                text += select
        return [table for table in self.tables if re.search(rf"\b{table.name}\b", text)], derived

    def _sources(self, sql: str, condition: str) -> list[str]:
        """Return the common table expressions that the SQL needs, each fact table cut at the moment asked for."""
        tables, derived = self._read_once(sql)
        # Read anew wherever it is named: DuckDB would copy a table that is named twice before it reads the copy.
        cuts = [
            f"{table.name} AS NOT MATERIALIZED (SELECT * FROM main.{table.name} WHERE {condition})"  # noqa: S608
            for table in tables
        ]
        return cuts + [f"{name} AS ({select})" for name, select in reversed(derived)]
