"""A read model that is missing gets built, though the database goes away in the middle of it."""

from typing import Any

import psycopg
import pytest

from infra.projector.generations import connect
from infra.projector.projection import Projection
from infra.projector.projector import ProjectorService, build
from replay.repair.status import wait_until
from tests.database import Database
from tests.toy.boxes import boxes, days, decode, opening, record


def test_a_build_that_lost_its_database_is_begun_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.projector.builder.RECONNECT_SECONDS", 0.01)
    url = database.projector_url
    record(database.owner_url, [opening("a")])
    begun: list[str] = []

    def build_after_a_loss(projection: Projection[Any]) -> None:
        begun.append(projection.name)
        if len(begun) == 1:
            with connect(url) as connection:
                connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        build(projection, decode, url)

    service = ProjectorService([boxes, days], decode, url, build=build_after_a_loss, poll_seconds=0.05)
    service.start()
    try:
        assert wait_until(url, ["boxes", "days"], 1, 10)
    finally:
        service.stop()
    assert begun == ["boxes", "boxes", "days"]


def test_a_build_that_fails_by_itself_does_not_keep_the_others_from_theirs(database: Database) -> None:
    url = database.projector_url
    begun: list[str] = []

    def build_all_but_boxes(projection: Projection[Any]) -> None:
        begun.append(projection.name)
        if projection is boxes:
            raise psycopg.ProgrammingError
        build(projection, decode, url)

    service = ProjectorService([boxes, days], decode, url, build=build_all_but_boxes, poll_seconds=0.05)
    service.start()
    try:
        assert wait_until(url, ["days"], 0, 10)
    finally:
        service.stop()
    assert begun == ["boxes", "days"]
