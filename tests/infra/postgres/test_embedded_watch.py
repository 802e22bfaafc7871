"""A database server that dies under a running service comes back by itself, with what was written."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.embedded_watch import Watch
from infra.postgres.postmaster import find_postmaster
from tests.infra.projector.looking import eventually


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="letopis-tests-"))
    folder.chmod(0o711)
    with EmbeddedPostgres(folder / "postgres", settings={"shared_buffers": "16MB"}) as server:
        yield server
    shutil.rmtree(folder)


def answers(url: str) -> bool:
    """Whether what was written can be read again."""
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    except psycopg.OperationalError:
        return False


def test_a_killed_server_is_back_at_its_old_address(server: EmbeddedPostgres) -> None:
    url, first = server.owner_url, server.pid
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with Watch(server):
        os.kill(first, signal.SIGKILL)
        eventually(lambda: answers(url), seconds=60)
        assert server.pid != first


def test_a_server_stopped_after_the_watch_stays_stopped(server: EmbeddedPostgres) -> None:
    with Watch(server):
        running = find_postmaster(server._data)
    assert running is not None
    server.stop()
    assert not running.is_alive
