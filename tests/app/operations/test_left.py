"""What is said of a job whose process is gone is what is so: in the database, at that moment."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.composition.decoding import decoder_factory
from app.database import Urls
from app.operations.for_views import ForViews
from app.operations.site import KNOWN, Site
from app.settings import Settings
from infra.projector.generations import begin, connect
from infra.projector.projector import build
from replay.rebuilding.rebuild import rebuild
from replay.repair.jobs import Ended, Job
from tests.database import MASTER, Database

PRODUCTS = KNOWN["products"]


def hands(database: Database) -> ForViews:
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    return ForViews(Site(Settings(), MASTER, urls))


def begun(operation: str, at: datetime) -> Job:
    given: dict[str, Any] = {"progress": None, "outcome": None, "ended_at": None, "reason": "x"}
    return Job(
        job_id=uuid4(),
        operation=operation,
        about="products",
        lane="products",
        parameters={},
        asked_by="vera",
        asked_as="ops",
        state="running",
        attempts=1,
        asked_at=at,
        started_at=at,
        **given,
    )


@pytest.fixture
def built(database: Database) -> Database:
    """The products in their first generation, and a second one swapped in by a rebuild."""
    decoder = decoder_factory(database.projector_url, MASTER)
    build(PRODUCTS, decoder(), database.projector_url)
    rebuild(PRODUCTS, database.projector_url, decoder)
    return database


def test_a_rebuild_that_had_swapped_is_done_though_its_process_is_gone(built: Database) -> None:
    job = begun("rebuild", datetime.now(UTC) - timedelta(minutes=5))
    assert hands(built).left(job) == Ended("done", "rebuild-went-through", {"about": "products", "generation": 2})


def test_a_rebuild_that_had_not_is_abandoned_and_what_is_half_made_is_dropped(built: Database) -> None:
    job = begun("rebuild", datetime.now(UTC) + timedelta(minutes=5))
    with connect(built.projector_url) as connection:
        assert begin(connection, PRODUCTS).number == 3
    assert hands(built).left(job) == Ended("abandoned", "rebuild-left", {"about": "products", "generation": 2})
    with psycopg.connect(built.owner_url) as owner:
        found = owner.execute("SELECT generation, state FROM letopis.projection ORDER BY generation").fetchall()
    assert found == [(1, "retired"), (2, "live")]


@pytest.mark.parametrize("operation", ["verify", "drop", "pause", "resume", "throttle", "retry"])
def test_what_is_the_same_done_twice_may_be_begun_again(built: Database, operation: str) -> None:
    assert hands(built).left(begun(operation, datetime.now(UTC))) is None


@pytest.mark.parametrize("operation", ["rollback", "skip", "cancel", "backup"])
def test_what_is_not_ends_with_a_word(built: Database, operation: str) -> None:
    ended = hands(built).left(begun(operation, datetime.now(UTC)))
    assert ended is not None
    assert ended.state == "abandoned"
