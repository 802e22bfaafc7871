"""The tables of a build as its .sql makes them, and the view by which readers see them."""

import re
from typing import Any

import psycopg
from psycopg import errors, sql

from infra.projector.projection import Projection


class ShapeChangedError(Exception):
    """The columns that readers see changed, and the shape's number did not."""

    def __init__(self, projection: Projection[Any]) -> None:
        super().__init__(
            f"{projection.name}: its readers' view has other columns than read.{projection.name}_v{projection.shape}."
            " Raise `shape` in the projection, so that no reader meets changed columns."
        )


def view_of(projection: Projection[Any]) -> str:
    """Return the name, in the schema `read`, of the view that readers select from."""
    return f"{projection.name}_v{projection.shape}"


def statements_of(projection: Projection[Any], schema: str) -> tuple[list[str], list[str]]:
    """Return the statements that make the tables, and those that make the indexes and what the planner should count."""
    text = re.sub(r"--[^\n]*", "", projection.ddl.read_text(encoding="utf-8")).replace("{schema}", schema)
    every = [one.strip() for one in re.split(r";\s*(?:\n|$)", text) if one.strip()]
    indexes = [one for one in every if re.match(r"CREATE\s+((UNIQUE\s+)?INDEX|STATISTICS)\b", one, re.IGNORECASE)]
    return [one for one in every if one not in indexes], indexes


def shown_of(connection: psycopg.Connection[Any], projection: Projection[Any], schema: str) -> str:
    """Return what readers see of the tables of a schema: <name>_view where the .sql makes one."""
    found = connection.execute(
        "SELECT to_regclass(format('%%I.%%I', %s::text, %s::text))", (schema, f"{projection.name}_view")
    ).fetchone()
    return f"{projection.name}_view" if found and found[0] else projection.name


def show(connection: psycopg.Connection[Any], projection: Projection[Any], schema: str) -> None:
    """Point the readers' view at the tables of a schema."""
    shown = shown_of(connection, projection, schema)
    try:
        connection.execute(
            sql.SQL("CREATE OR REPLACE VIEW {} AS SELECT * FROM {}").format(
                sql.Identifier("read", view_of(projection)), sql.Identifier(schema, shown)
            )
        )
    except errors.InvalidTableDefinition as error:
        raise ShapeChangedError(projection) from error
    connection.execute("SELECT letopis.publish_view(%s)", (view_of(projection),))
