"""What a question in SQL may be: one SELECT over the tables there are, as DuckDB's own parser reads it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
REFERENCES = frozenset({"BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SUBQUERY", "TABLE_FUNCTION"})
MODIFIERS = frozenset({"DISTINCT_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER"})
ORDERS = frozenset({"ASCENDING", "DESCENDING", "ORDER_DEFAULT"})
FORMS = NODES | REFERENCES | MODIFIERS | ORDERS
"""What a SELECT is made of, beside its expressions; an INSERT can stand in a WITH, and has another node."""

TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "unnest"})
"""The functions that may stand in a FROM; the others read files, settings and what else the process has."""

FORBIDDEN = frozenset(
    {
        "current_connection_id",
        "current_query",
        "current_query_id",
        "current_setting",
        "current_transaction_id",
        "currval",
        "getenv",
        "getvariable",
        "nextval",
        "setseed",
        "setval",
        "sleep_ms",
        "stats",
        "txid_current",
        "vector_type",
        "write_log",
    }
)
"""What tells of the process, changes something in it or lets it wait, and nothing of the facts."""


class NotOneSelectError(Exception):
    """The text is no question that is answered; `code` says why, `facts` are what its message names."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def tables_of(connection: Any, sql: str, known: frozenset[str]) -> frozenset[str]:
    """Return which of the tables that are known a SELECT names; raises NotOneSelectError for anything else."""
    [(text,)] = connection.execute("SELECT json_serialize_sql($sql)", {"sql": sql}).fetchall()
    tree = json.loads(text)
    if tree["error"]:
        if tree["error_type"] == "parser":
            raise NotOneSelectError("sql-not-read", reason=_with_its_line(connection, sql) or tree["error_message"])
        raise NotOneSelectError("sql-not-a-select")
    if len(tree["statements"]) != 1:
        raise NotOneSelectError("sql-not-one-statement")
    return frozenset(_tables(tree["statements"], known, frozenset()))


def _with_its_line(connection: Any, sql: str) -> str:
    """Return what is wrong with a text that is not SQL, and where, as DuckDB says it when it reads and does no more."""
    try:
        connection.extract_statements(sql)
    except duckdb.Error as error:
        return str(error)
    return ""


def _tables(part: Any, known: frozenset[str], local: frozenset[str]) -> Iterator[str]:
    """Give the tables that a part of a question names; `local` are those that it makes itself, by WITH."""
    if isinstance(part, list):
        for each in part:
            yield from _tables(each, known, local)
    if not isinstance(part, dict):
        return
    if "class" not in part and isinstance(part.get("type"), str) and part["type"] not in FORMS:
        raise NotOneSelectError("sql-not-a-select")
    if "cte_map" in part:
        local |= {each["key"].lower() for each in part["cte_map"]["map"]}
    if part.get("type") == "BASE_TABLE":
        yield from _table(part, known, local)
    elif part.get("type") == "TABLE_FUNCTION":
        _require(part["function"], lambda name: name in TABLE_FUNCTIONS)
    if part.get("class") in {"FUNCTION", "WINDOW"}:
        _require(part, lambda name: name not in FORBIDDEN)
    for each in part.values():
        yield from _tables(each, known, local)


def _table(part: Mapping[str, Any], known: frozenset[str], local: frozenset[str]) -> Iterator[str]:
    name = part["table_name"].lower()
    is_bare = not part["catalog_name"] and not part["schema_name"]
    if is_bare and name in local:
        return
    if not is_bare or name not in known:
        whole = ".".join(filter(None, (part["catalog_name"], part["schema_name"], part["table_name"])))
        raise NotOneSelectError("sql-unknown-table", table=whole)
    yield name


def _require(function: Mapping[str, Any], is_allowed: Any) -> None:
    name = str(function.get("function_name", "")).lower()
    if not is_allowed(name):
        raise NotOneSelectError("sql-forbidden-function", function=name)
