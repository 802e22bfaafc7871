"""A service for the tests that send what should not be sent, and a database with people who sign in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from app.composition.decoding import decoder_at
from app.composition.wiring import batch_runner
from app.demo.company import ensure_admin, load_demo_company
from infra.postgres.connection import OwnConnection
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.projector import build
from projections.registry import PROJECTIONS
from tests.database import MASTER, Database, administer, copy_of, keep_as_template, urls_of
from tests.system.bad_door import Door
from tests.system.service import Service, service, sound_service, wait_ready

BUILT = "letopis_built"


@pytest.fixture(scope="session")
def template(cluster: EmbeddedPostgres, template: str) -> str:
    """The name of a database whose read models are there already, over an empty log: to build them takes a second."""
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    administer(cluster, copy.format(sql.Identifier(BUILT), sql.Identifier(template)))
    url = urls_of(cluster, BUILT).projector_url
    for one in PROJECTIONS:
        build(one, decoder_at(url, MASTER), url)
    keep_as_template(cluster, BUILT)
    return BUILT


@pytest.fixture(scope="module")
def opened(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with copy_of(cluster, template) as database:
        folder = tmp_path_factory.mktemp("bad-input")
        with service(folder, "service", database_url=database.owner_url) as running:
            wait_ready(running)
            yield Door(running, database)


@pytest.fixture
def door(opened: Door) -> Iterator[Door]:
    """The service; whatever the test sent, nothing was stored and nothing was a bug."""
    before = opened.stored()
    yield opened
    assert opened.stored() == before
    log = opened.service.log.read_text()
    assert '"bug"' not in log
    assert "Traceback" not in log


@pytest.fixture(scope="module")
def founded(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Database]]:
    """A service of the demo company, and its database."""
    with (
        company_of(cluster, template) as database,
        sound_service(tmp_path_factory.mktemp("founded"), database.owner_url) as running,
    ):
        yield running, database


@pytest.fixture
def company(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """A database with the demo company, and an administrator."""
    with company_of(cluster, template) as database:
        yield database


@pytest.fixture(scope="module")
def shared_company(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """The same for all tests of a file."""
    with company_of(cluster, template) as database:
        yield database


@contextmanager
def company_of(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """Lend a database with the demo company, and an administrator."""
    with copy_of(cluster, template) as database:
        borrow = OwnConnection(database.writer_url)
        runner = batch_runner(MASTER, borrow)
        ensure_admin(runner.run, MASTER.keyed_hash)
        load_demo_company(runner.run, MASTER.keyed_hash, datetime.now(UTC))
        borrow.close()
        yield database


def recorded_since(database: Database, first: datetime, step: timedelta) -> None:
    """Let the log have been written since a day, a fact after the other, and each have happened by then at the latest.

    Whoever folds it has to begin after this.
    """
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
        owner.execute(
            "UPDATE letopis.event SET recorded_at = %(first)s + position * %(step)s,"
            " occurred_at = least(occurred_at, %(first)s + position * %(step)s)",
            {"first": first, "step": step},
        )
        owner.execute("ALTER TABLE letopis.event ENABLE TRIGGER event_is_immutable")
