"""The company's own fields of clients, for who looks at a file: a mapping may name them, and headings mean them."""

from typing import Any

import psycopg

from read_api import views
from read_api.reading.desk import RETRY_AFTER
from read_api.reading.errors import ViewBuildingError

_FIELDS = f"""
SELECT code, type, labels, options, retired_at IS NOT NULL
FROM read.{views.CUSTOM_FIELDS}
WHERE code IS NOT NULL
ORDER BY code
"""  # noqa: S608 - put together from constants


def own_fields(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Return them as JSON, as commands.importing.own_fields.OwnField takes it; raises ViewBuildingError."""
    try:
        rows = connection.execute(_FIELDS.encode()).fetchall()
    except psycopg.errors.UndefinedTable:
        raise ViewBuildingError(
            view="custom_fields", state="building", position=0, head=0, retry_after=RETRY_AFTER
        ) from None
    return [
        {"code": code, "type": kind, "labels": labels, "options": _open(options), "is_retired": is_retired}
        for code, kind, labels, options, is_retired in rows
    ]


def _open(options: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the options that may be chosen, in order."""
    told = sorted((option["order"], code, option) for code, option in options.items() if not option["is_retired"])
    return [{"code": code, "labels": option["labels"]} for _, code, option in told]
