"""A visit to an office that has heard of some facts and of nothing else: what is asked, and what is answered."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from itertools import zip_longest
from typing import Any, Self
from uuid import UUID

import httpx
import psycopg
from psycopg import sql

from events.base import Event
from infra.moments import moment_text
from infra.projector.folding import Rows
from infra.projector.row_store import RowStore
from projections.registry import PROJECTIONS
from tests.played import play_events
from tests.read_api.office import Office


class Answer:
    """What came back."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response

    def answers(self, expected: Any) -> Self:
        """Say what the answer holds; fields that are not named may say anything, lists are whole."""
        assert self.response.status_code == 200, self.response.text
        said = json.loads(json.dumps(expected, default=_written))
        assert as_asked(said, self.response.json()) == said
        return self

    def refuses(self, status: int, code: str) -> Self:
        """Say that nothing is told, and why."""
        assert (self.response.status_code, self.response.json()["code"]) == (status, code)
        return self


class Visit:
    """An office whose read models show these facts; whatever they showed before is gone."""

    def __init__(self, office: Office, facts: Sequence[Event]) -> None:
        self.office = office
        with psycopg.connect(office.database.owner_url, autocommit=True) as connection:
            for view in PROJECTIONS:
                rows: Rows = {}
                play_events(view, rows, [event for event in facts if event.TOPIC in view.topics])
                schema = f"{view.name}_g1"
                connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(schema, view.name)))
                RowStore(connection, view, schema).write(connection, rows)
        office.record(len(facts))
        office.move(len(facts))

    def asks(self, path: str, role: str = "operator", staff: UUID | str = "x", **how: Any) -> Answer:
        """Ask over HTTP, as somebody in this role."""
        return Answer(self.office.get(path, role, staff, **how))


def as_asked(expected: Any, found: Any) -> Any:
    """Return what was found, less the fields that nobody asked about."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return {name: as_asked(expected[name], value) for name, value in found.items() if name in expected}
    if isinstance(expected, list) and isinstance(found, list):
        return [as_asked(one, other) for one, other in zip_longest(expected, found)][: len(found)]
    return found


def _written(value: date | UUID) -> str:
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else str(value)
